/** The page as it is shipped, on the site that `kernelc web` wrote, with its real engine on Chromium's own WebGPU. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { ask, drawnText, expectAccessible, expectGood, load, watch } from "./page_helpers.js";

/** SwiftShader compiles the kernels in seconds on an idle machine, and in a minute on a busy one. */
const PATIENCE_MS = 150_000;
/** One of the two models of the site. Its answers never end by themselves. */
const MODEL = "tiny";
const SETTINGS = { maxTokens: 24 };

describe.skipIf(!hasChromium)("the site", { timeout: 2 * PATIENCE_MS }, () => {
  let browser: Browser;
  let server: TestServer;
  let context: BrowserContext;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer()]);
    context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
    await context.addInitScript((settings) => {
      localStorage.setItem("kernelc.settings", localStorage.getItem("kernelc.settings") ?? JSON.stringify(settings));
    }, SETTINGS);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await watch(page);
    await page.goto(`${server.origin}/site/`);
    await page.waitForSelector(".start-details:visible, .composer-field:visible");
    return page;
  }

  const shards = (): number => server.requests("/weights/").length;

  test("downloads nothing before it is asked to, then loads, chats and keeps both", async () => {
    const page = await open();
    await page.click(".start-details");
    await page.check(`.model-card:has-text('${MODEL}') input[type=radio]`);
    await page.waitForSelector(".plan .button.primary:enabled");
    expect(await page.innerText(".plan .button.primary")).toMatch(/^Download \d+(\.\d)? [kM]B and start$/);
    expect(shards()).toBe(0);
    await load(page);
    expect(shards()).toBeGreaterThan(0);
    expect(await ask(page, "My name is Ada.")).toMatch(/\w+ \w+/);
    expect(await page.innerText(".stats")).toMatch(/^\d+(\.\d)? tokens\/s · first token after/);
    await expectAccessible(page, "a real answer");
    expectGood(page);
    await page.close();
  });

  test("opened again, it starts without being asked and without downloading, and the chat is there", async () => {
    const manifests = (): number => server.requests(`/${MODEL}/manifest.json`).length;
    const before = [shards(), manifests()];
    const page = await open();
    await page.waitForSelector(".composer-field:visible");
    expect([shards(), manifests()]).toEqual([before[0], (before[1] ?? 0) + 1]); // asked for a newer build, once
    await page.click(".chat-open");
    expect(await drawnText(page, ".question-text")).toBe("My name is Ada.");
    expect(await ask(page, "What is my name?")).toMatch(/\w+ \w+/);
    expectGood(page);
    await page.close();
  });

  test("settings reach the model: a seed gives the same answer twice", async () => {
    const page = await open();
    await page.waitForSelector(".composer-field:visible");
    await page.click("text=Settings");
    await page.click("text=Advanced");
    await page.getByLabel("Seed").fill("5");
    await page.getByLabel("Longest answer").first().fill("16");
    await page.click("text=Done");
    const first = await ask(page, "Tell me a story.");
    expect(await drawnText(page, ".answer:last-child .stats")).toContain("cut off");
    await page.click("text=Continue");
    await page.waitForSelector(".send:not(.stopping)");
    await expect.poll(() => page.innerText(".answer:last-child .stats")).toContain("32 tokens");
    const longer = await drawnText(page, ".answer:last-child .markdown");
    expect(longer.startsWith(first)).toBe(true);
    expect(longer.length).toBeGreaterThan(first.length);
    await page.click("text=New chat");
    expect(await ask(page, "Tell me a story.")).toBe(first);
    expectGood(page);
    await page.close();
  });

  test("the stored files of a model are deleted while it runs", async () => {
    const page = await open();
    await page.waitForSelector(".composer-field:visible");
    await page.click(".model-button");
    await page.click(`[aria-label='Delete the stored files of ${MODEL}']`);
    await page.click("dialog.small .danger");
    await expect.poll(() => page.isVisible(`.model-card:has-text('${MODEL}') .stored`)).toBe(false);
    expect(await page.innerText(`.model-card:has-text('${MODEL}')`)).toContain("running");
    expectGood(page);
    await page.close();
  });
});
