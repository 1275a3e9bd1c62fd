/** The explorer of SmolLM2, with all its kernels: lines of WGSL light up Python, and a broken kernel says by how much. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { expectAccessible, expectGood, expectNoSideways, watch } from "./page_helpers.js";

const PATIENCE_MS = 120_000; // for a busy machine's software driver

describe.skipIf(!hasChromium)("the explorer of SmolLM2", { timeout: 2 * PATIENCE_MS }, () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    const folder = inject("prepared").explored_whole;
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/explore/": folder })]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(address = "", width = 1280): Promise<Page> {
    server.reset();
    const page = await (await browser.newContext({ bypassCSP: true, viewport: { width, height: 844 } })).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await watch(page);
    await page.goto(`${server.origin}/explore/${address}`);
    await page.waitForSelector("main h1");
    return page;
  }

  test("every kernel is loaded when it is opened, and each of its lines that has Python lights it up", async () => {
    const page = await open();
    const links = await page.locator('nav a[href^="#/kernel/"]').evaluateAll((all) =>
      all.map((each) => each.getAttribute("href") ?? ""),
    );
    expect(links.length).toBeGreaterThan(15);
    for (const [number, link] of links.entries()) {
      expect(server.requests("/kernels/")).toHaveLength(number);
      await page.goto(`${server.origin}/explore/${link}`);
      await page.waitForSelector(`nav a[aria-current][href="${link}"]`);
      await page.waitForSelector('[data-pane="wgsl"] .code-line.linked');
      expect(server.requests("/kernels/").at(-1)?.path).toMatch(new RegExp(`${link.split("/").at(-1)}\\.json$`));
      const lines = page.locator('[data-pane="wgsl"] .code-line.linked');
      await lines.nth(Math.floor((await lines.count()) / 2)).click();
      const lit = await page.locator('[data-pane="python"] .code-line.lit.own .code-text').allInnerTexts();
      expect(await page.textContent(".origin")).toContain((lit[0] ?? "none").trim());
    }
    expectGood(page);
    await page.context().close();
  });

  test("a broken kernel says by how much", async () => {
    const page = await open();
    await page.click("nav a:has-text('_qkv_960x576_t2')"); // the format of its weights depends on the file
    const editor = page.locator("textarea.editor");
    const text = await editor.inputValue();
    const broken = text.replace(/^( *q\[[^\]]*\] = )(.*);/m, "$1 1.5 * ($2);");
    expect(broken).not.toBe(text);
    await editor.fill(broken);
    await page.click(".workbench .button.primary");
    await page.waitForSelector('.result [data-right="false"]');
    const said = await page.innerText(".result");
    expect(said).toMatch(/Wrong: [\d,]+ of [\d,]+ numbers are outside of the tolerance/);
    expect(said).toMatch(/own size\s+0\.(?:5|49)/);
    expect(said).toMatch(/First wrong\s+q\[\d+\]: got -?[\d.e-]+, wanted -?[\d.e-]+/);
    await page.context().close();
  });

  test("its graph before fusing stands beside the fused one", async () => {
    const page = await open("#/graph/decode");
    await page.waitForSelector("main h1:has-text('Graph of decode')");
    expect(await page.locator(".graph h2").allInnerTexts()).toEqual(["As the model’s code says it", "After fusing"]);
    expectGood(page);
    await page.context().close();
  });

  test.each([
    [1280, ["#/", "#/kernel/attention_prefill_f16_9_3x64"]],
    [390, ["#/graph/prefill", "#/program/decode"]],
  ])("can be read by everybody, %d pixels wide", async (width, addresses) => {
    for (const address of addresses) {
      const page = await open(address, width);
      await page.waitForFunction((name) => document.querySelector(`nav a[aria-current][href="${name}"]`), address);
      await expectAccessible(page, address);
      await expectNoSideways(page, address);
      await page.context().close();
    }
  });
});
