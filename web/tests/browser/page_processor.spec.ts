/** The page in a browser without a graphics adapter: the processor runs the model, and the page says so. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { ask, expectAccessible, expectGood, load, watch } from "./page_helpers.js";

const site = inject("prepared").computed;

describe.skipIf(!hasChromium || site === "")("the site on the processor (needs the extra cpu)", () => {
  let browser: Browser;
  let server: TestServer;
  let context: BrowserContext;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser([], false), startServer({ "/computed/": site })]);
    context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
    await context.addInitScript(() => localStorage.setItem("kernelc.settings", JSON.stringify({ maxTokens: 24 })));
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(): Promise<Page> {
    const page = await context.newPage();
    await watch(page);
    await page.goto(`${server.origin}/computed/`);
    await page.waitForSelector(".start-details:visible, .composer-field:visible");
    return page;
  }

  test("says so before the download, isolates itself for threads, and chats", async () => {
    const page = await open();
    // The server sends no headers: the service worker does, and the page loads itself again.
    await page.waitForFunction(() => crossOriginIsolated);
    await page.click(".start-details");
    await page.waitForSelector(".plan .button.primary:enabled");
    expect(await page.innerText(".verdict")).toMatch(/^This device can run it on its processor\. .* no graphics adapter/);
    expect(await page.isVisible(".failure")).toBe(false);
    await load(page);
    const answer = await ask(page, "My name is Ada.");
    expect(answer).toMatch(/\w+ \w+/);
    await page.reload(); // shows the chat that it showed
    await expect.poll(() => page.innerText(".answer:last-child .markdown")).toBe(answer);
    await page.waitForSelector(".composer-field:visible");
    await page.click(".model-button");
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    const threads = cores > 1 ? `${cores} threads` : "1 thread";
    expect(await page.innerText(".notes")).toContain(`The model runs on the processor (WebAssembly, ${threads}) instead.`);
    await expectAccessible(page, "the processor");
    expectGood(page);
    await page.close();
  });

  test("opened again without a network, it chats on", async () => {
    server.offline = true;
    const page = await open();
    await page.waitForSelector(".composer-field:visible");
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await ask(page, "What is my name?")).toMatch(/\w+ \w+/);
    expectGood(page);
    server.offline = false;
    await page.close();
  });

  test("where WebGPU alone is asked for, it says what is missing", async () => {
    const page = await open();
    await page.waitForSelector(".composer-field:visible");
    await page.click("text=Settings");
    await page.getByLabel("Models run on").selectOption("webgpu");
    await page.click("text=Done");
    await page.click(".model-button");
    await page.waitForSelector(".failure");
    expect(await page.innerText(".failure")).toContain("No graphics device was found");
    await page.close();
  });
});
