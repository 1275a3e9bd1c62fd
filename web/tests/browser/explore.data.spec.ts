/** The explorer of a published model, with all its kernels: each opens, and lines of WGSL light up Python. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { expectAccessible, expectGood, watch } from "./page_helpers.js";

const folder = inject("prepared").explored_whole;

describe.skipIf(!hasChromium || folder === "")("the explorer of a published model", () => {
  let browser: Browser;
  let server: TestServer;
  let page: Page;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/explore/": folder })]);
    page = await (await browser.newContext({ bypassCSP: true })).newPage();
    await watch(page);
    await page.goto(`${server.origin}/explore/`);
    await page.waitForSelector("main h1");
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  test("every kernel opens, and each of its lines that has Python lights it up", async () => {
    const links = await page.locator('nav a[href^="#/kernel/"]').evaluateAll((all) =>
      all.map((each) => each.getAttribute("href") ?? ""),
    );
    expect(links.length).toBeGreaterThan(15);
    for (const link of links) {
      await page.goto(`${server.origin}/explore/${link}`);
      await page.waitForSelector(`nav a[aria-current][href="${link}"]`);
      await page.waitForSelector('[data-pane="wgsl"] .code-line.linked');
      const lines = page.locator('[data-pane="wgsl"] .code-line.linked');
      await lines.nth(Math.floor((await lines.count()) / 2)).click();
      expect(await page.locator('[data-pane="python"] .code-line.lit').count()).toBeGreaterThan(0);
    }
    await expectAccessible(page, "the last kernel");
    expectGood(page);
  });

  test("its graph before fusing stands beside the fused one", async () => {
    await page.goto(`${server.origin}/explore/#/graph/decode`);
    await page.waitForSelector("main h1:has-text('Graph of decode')");
    expect(await page.locator(".graph h2").allInnerTexts()).toEqual(["As the model’s code says it", "After fusing"]);
    expectGood(page);
  });
});
