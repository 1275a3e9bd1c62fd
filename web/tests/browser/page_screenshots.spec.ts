/**
 * Takes the pictures of docs/screenshots anew: `npm run screenshots`. The answers are the demo model's own, but for those
 * of "reading", which show what larger models write, from an engine that pretends.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { buildFakePage } from "./page_fake/build.js";
import { ask, load, openFake } from "./page_helpers.js";

const wanted = process.env["KERNELC_SCREENSHOTS"] === "1";
const FOLDER = resolve(import.meta.dirname, "../../../docs/screenshots");
const PATIENCE_MS = 200_000;
const TITLES: Readonly<Record<string, string>> = {
  stories260K: "Stories 260K",
  babyllama105: "Babyllama 105",
};
/** Settings under which the demo model says what the README shows. */
const SETTINGS = { temperature: 0.5, seed: 5 };
const QUESTIONS = ["Hello", "My name is Ada and I like owls.", "What is 417 - 58?", "What is my name, in capitals?"];
const WRITTEN = `<think>The sum of the first n numbers. Induction, or Gauss's trick of pairs.</think>

Write the sum twice, once backwards. Each of the $n$ pairs makes $n + 1$, so

$$
\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}
$$

It takes one multiplication, where a loop takes $n$ additions:

${"```"}python
def total(n: int) -> int:
    """The sum of the numbers from 1 to n."""
    return n * (n + 1) // 2  # always whole: one factor is even

print(total(100))  # 5050
${"```"}

| n | sum | additions saved | costs, at $2 each |
|---:|---:|---:|---:|
| 10 | 55 | 9 | $18 |
| 1000 | 500500 | 999 | $1998 |
`;

describe.skipIf(!wanted || !hasChromium)("screenshots", { timeout: 3 * PATIENCE_MS }, () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true });
    const fake = await buildFakePage("screenshots");
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/fake/": fake })]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** Opens the site, takes a picture of it as it shows itself `first`, and shows its models. */
  async function open(options: BrowserContextOptions = {}, first = ""): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 840 },
      serviceWorkers: "block",
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript(
      (settings) => localStorage.setItem("kernelc.settings", JSON.stringify(settings)),
      SETTINGS,
    );
    await context.route("**/models.json", async (route) => {
      const catalog = (await (await route.fetch()).json()) as { models: { name: string; title: string }[] };
      for (const model of catalog.models) model.title = TITLES[model.name] ?? model.title;
      await route.fulfill({ json: catalog });
    });
    await page.goto(`${server.origin}/site/`);
    await page.waitForSelector(".start-bar .button.primary:enabled");
    if (first) await take(page, first);
    await page.click(".start-details");
    await page.check(".model-card:has-text('toy') input[type=radio]");
    await page.waitForSelector(".plan .button.primary:enabled");
    return page;
  }

  async function take(page: Page, name: string): Promise<void> {
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  }

  async function talk(page: Page): Promise<void> {
    await load(page);
    for (const question of QUESTIONS) await ask(page, question);
  }

  test("choosing and loading", async () => {
    const page = await open({}, "first");
    await take(page, "choosing");
    server.faults = [{ path: "/weights/", bytesPerSecond: 300_000 }];
    await page.click(".plan .button.primary");
    await page.waitForFunction(() => (document.querySelector("progress")?.value ?? 0) > 0.5);
    await take(page, "loading");
    server.faults = [];
    await page.context().close();
  });

  test("chatting, in light and dark", async () => {
    const page = await open();
    await talk(page);
    await take(page, "chatting");
    await page.emulateMedia({ colorScheme: "dark" });
    await take(page, "chatting-dark");
    await page.click("text=Settings");
    await take(page, "settings-dark");
    await page.context().close();
  });

  test("on a phone", async () => {
    const page = await open({ viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true }, "phone-first");
    await take(page, "phone-choosing");
    await talk(page);
    await take(page, "phone");
    await page.context().close();
  });

  test.each([
    ["reading", { viewport: { width: 1200, height: 940 } }],
    ["reading-phone", { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true, colorScheme: "dark" }],
  ] as const)("what larger models write: %s", async (name, options) => {
    const page = await openFake(browser, server, { answer: WRITTEN }, options);
    await load(page);
    await ask(page, "What is the sum of the first n numbers, and how do I compute it?");
    for (const part of [".math.display .katex", ".hljs-title", ".markdown p .katex"])
      await page.locator(part).first().waitFor();
    await take(page, name);
    await page.context().close();
  });
});
