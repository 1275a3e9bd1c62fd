/** Takes the explorer's pictures of docs/screenshots anew, of SmolLM2: `npm run screenshots`. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, inject, test } from "vitest";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";

const wanted = process.env["KERNELC_SCREENSHOTS"] === "1";
const FOLDER = resolve(import.meta.dirname, "../../../docs/screenshots");

describe.skipIf(!wanted || !hasChromium)("screenshots of the explorer", () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true });
    const folder = inject("prepared").explored_whole;
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/explore/": folder })]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(
    address: string,
    { colorScheme = "light" as "light" | "dark", width = 1280, height = 740 } = {},
  ): Promise<Page> {
    const page = await (await browser.newContext({ viewport: { width, height }, colorScheme })).newPage();
    await page.goto(`${server.origin}/explore/${address}`);
    await page.waitForSelector("main h1");
    await page.waitForTimeout(1000); // the variant for this device is chosen
    return page;
  }
  const take = (page: Page, name: string): Promise<Buffer> =>
    page.screenshot({ path: join(FOLDER, `${name}.png`) });

  test("a kernel, changed and not, and a program's memory", async () => {
    const kernel = await open("#/kernel/rms_norm_576");
    await kernel.locator('[data-pane="wgsl"] .code-line', { hasText: "squares += dot(v, v);" }).click();
    await kernel.evaluate(() => scrollTo(0, 110));
    await take(kernel, "explore");
    const editor = kernel.locator("textarea.editor");
    await editor.fill((await editor.inputValue()).replace(/(normed\[[^\]]*\] = )/, "$1 1.5 * "));
    await editor.evaluate((area: HTMLTextAreaElement) => area.scrollTo(0, area.scrollHeight));
    await kernel.click(".workbench .button.primary");
    await kernel.waitForSelector('.result [data-right="false"]');
    await kernel.evaluate(() => document.querySelector(".workbench")?.scrollIntoView({ block: "center" }));
    await take(kernel, "explore-run");
    await take(await open("#/program/decode", { colorScheme: "dark" }), "explore-memory");
    const phone = await open("#/kernel/rms_norm_576", { width: 390, height: 780 });
    const line = phone.locator('[data-pane="wgsl"] .code-line', { hasText: "squares += dot(v, v);" });
    await line.click();
    await phone.evaluate(() => document.querySelector('[data-pane="wgsl"]')?.scrollIntoView({ block: "center" }));
    await take(phone, "explore-phone");
  });
});
