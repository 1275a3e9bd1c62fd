/** The page as it is shipped, killed at moments that a seed chooses: what was written is there, and the rest goes on. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { startFirefox } from "./firefox.js";
import { hasChromium, hasOther, ISOLATING, startBrowser, startServer, type TestServer } from "./harness.js";
import { kill, storedCharacters } from "./page_helpers.js";

const PATIENCE_MS = 150_000;
/** Its answers end with the context alone. */
const SETTINGS = { maxTokens: 400 };
const MOMENTS = process.env["HYPOTHESIS_PROFILE"] === "nightly" ? 10 : 1;
const PHASES = ["answer", "load", "question", "prompt"] as const;

/** Browsers, with the site that each is shown: Firefox has no graphics adapter here. */
const computed = inject("prepared").computed;
const PLACES = [
  { name: "Chromium", there: hasChromium, begin: () => startBrowser(), site: inject("prepared").site },
  { name: "Firefox", there: hasOther("Firefox") && computed !== "", begin: startFirefox, site: computed },
] as const;

/** Numbers from 0 to 1 (Lehmer's generator). */
function* numbers(seed: number): Generator<number, never, undefined> {
  for (let state = seed; ;) yield (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}

describe.for(PLACES)("a tab that is killed in $name", { timeout: (2 + MOMENTS) * PATIENCE_MS }, ({ there, begin, site }) => {
  let browser: Browser;
  let server: TestServer;
  let context: BrowserContext;
  let loaded = false;

  beforeAll(async () => {
    if (!there) return;
    [browser, server] = await Promise.all([begin(), startServer({ "/shown/": site })]);
    server.headers = ISOLATING; // else the page would load itself once more, for threads
  });
  afterAll(async () => {
    if (!there) return;
    await browser.close();
    await server.close();
  });

  /** A browser that knows nothing yet. */
  async function another(): Promise<BrowserContext> {
    const made = await browser.newContext({ viewport: { width: 1200, height: 800 } });
    await made.addInitScript((settings) => {
      localStorage.setItem("kernelc.settings", localStorage.getItem("kernelc.settings") ?? JSON.stringify(settings));
    }, SETTINGS);
    return made;
  }

  async function open(): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${server.origin}/shown/`);
    await page.waitForSelector(".start-details:visible, .composer-field:visible");
    return page;
  }

  /** A page in which one can write: the model is loaded. */
  async function ready(): Promise<Page> {
    const page = await open();
    const writing = page.waitForSelector(".composer-field:visible");
    // What is stored starts by itself, sooner or later: then there is nothing to press, or no longer.
    if (!loaded) start(page).catch(() => undefined);
    await writing;
    loaded = true;
    return page;
  }

  async function start(page: Page): Promise<void> {
    await page.click(".start-details");
    await page.check(".model-card:has-text('tiny') input[type=radio]");
    await page.locator(":is(.plan, .start-bar) .button.primary:visible").first().click();
  }

  const shown = (page: Page): Promise<string> => page.innerText(".answer:last-child .markdown");

  /** In the only chat: kill the window `part` of the way into a phase, and look at what the next one has. */
  async function killed(phase: (typeof PHASES)[number], part: number): Promise<void> {
    const words = `Question ${part}`;
    if (phase === "load") {
      const page = await open();
      if (!(await page.isVisible(".composer-field"))) await start(page);
      await page.waitForTimeout(1500 * part);
      await kill(page);
      return (await ready()).close();
    }
    const page = await ready();
    await page.fill(".composer-field", words);
    if (phase !== "question") await page.press(".composer-field", "Enter");
    if (phase === "answer") await page.waitForFunction(storedCharacters); // some of it is stored
    await page.waitForTimeout((phase === "answer" ? 1500 : 100) * part);
    const stored = phase === "answer" ? await page.evaluate(storedCharacters) : 0;
    await kill(page);
    const next = await ready();
    if (await next.isVisible(".chat-open")) await next.click(".chat-open");
    const [question] = await next.locator(".question-text").allInnerTexts();
    expect(question ?? (await next.inputValue(".composer-field"))).toBe(words);
    if (phase === "answer") {
      const left = await shown(next);
      expect(left.length).toBeGreaterThanOrEqual(stored);
      if (await next.isVisible("text=Continue")) {
        await next.click("text=Continue");
        await expect.poll(async () => (await shown(next)).length, { timeout: PATIENCE_MS }).toBeGreaterThan(left.length);
        expect((await shown(next)).startsWith(left)).toBe(true);
      }
    }
    await next.close();
  }

  test.runIf(there)(`at ${MOMENTS} moments loses nothing that was written`, async () => {
    const random = numbers(20261130);
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      [context, loaded] = [await another(), false];
      await killed(PHASES[moment % PHASES.length] ?? "load", random.next().value);
      await context.close();
    }
  });
});
