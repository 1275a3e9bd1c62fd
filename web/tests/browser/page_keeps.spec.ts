/** What the page keeps in the browser's own storage: through killed tabs, and between two windows. */
import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { buildFakePage } from "./page_fake/build.js";
import { ask, expectAccessible, kill, load, openFakeIn, storedCharacters } from "./page_helpers.js";

const WORDS = Array.from({ length: 4000 }, (_, at) => `word${at}`).join(" ");
const STORED = {
  id: "id-demo",
  url: "",
  title: "Demo",
  bytes: 5_100_000,
  totalBytes: 5_100_000,
  complete: true,
};

describe.skipIf(!hasChromium)("what the page keeps", () => {
  let browser: Browser;
  let server: TestServer;
  let context: BrowserContext;

  beforeAll(async () => {
    const folder = await buildFakePage("keeps");
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/fake/": folder })]);
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1200, height: 800 }, acceptDownloads: true });
  });
  afterEach(async () => context.close());
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** A window with a model that is stored, so that it starts by itself; it writes a word each `pause` ms. */
  const open = (pause: number, answer?: string): Promise<Page> =>
    openFakeIn(context, server, {
      keeps: true,
      pause,
      stored: [{ ...STORED, url: `${server.origin}/fake/models/demo/` }],
      ...(answer === undefined ? {} : { answer }),
    });

  const shown = (page: Page): Promise<string> => page.innerText(".answer:last-child .markdown");

  test("a tab killed while it loads, reads or writes loses nothing, and the answer goes on", async () => {
    let page = await open(20);
    await kill(page); // while the model loads
    page = await open(4, WORDS);
    await page.waitForSelector(".composer-field:visible");
    await page.fill(".composer-field", "half a quest");
    await kill(page); // while a question is written
    page = await open(4, WORDS);
    await page.waitForSelector(".composer-field:visible");
    await expect.poll(() => page.inputValue(".composer-field")).toBe("half a quest");
    await page.press(".composer-field", "Enter");
    await page.waitForSelector(".question-text");
    await kill(page); // while the question is read: it is in the chat, or still in the field
    page = await open(4, WORDS);
    await page.waitForSelector(".composer-field:visible");
    const [question] = await page.locator(".question-text").allInnerTexts();
    expect(question ?? (await page.inputValue(".composer-field"))).toBe("half a quest");
    if (question === undefined) await page.press(".composer-field", "Enter");
    else await page.click("[aria-label='Answer again']");
    let known = 0;
    for (const more of [1, 400, 900]) {
      await expect.poll(() => page.evaluate(storedCharacters), { timeout: 60_000 }).toBeGreaterThan(known + more);
      const stored = await page.evaluate(storedCharacters);
      await kill(page); // while it answers
      page = await open(4, WORDS);
      await page.waitForSelector("text=Continue");
      expect(await page.textContent(".question-text")).toBe("half a quest"); // it may be out of sight
      expect(await page.innerText(".stats:visible")).toContain("interrupted");
      const left = await shown(page);
      expect(WORDS.startsWith(left.slice(0, 200))).toBe(true);
      expect(left.length).toBeGreaterThanOrEqual(stored);
      known = left.length;
      await page.click("text=Continue");
    }
    await page.waitForSelector(".answer.writing");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".stats:visible");
    expect(await page.locator(".message").count()).toBe(2);
    expect((await shown(page)).length).toBeGreaterThan(known);
  });

  test("a page that is frozen in mid-answer goes on, and one that is ended then has lost nothing", async () => {
    const page = await open(4, WORDS);
    await page.waitForSelector(".composer-field:visible");
    await page.fill(".composer-field", "go");
    await page.press(".composer-field", "Enter");
    const session = await page.context().newCDPSession(page);
    const frozen = async (state: "frozen" | "active"): Promise<unknown> =>
      session.send("Page.setWebLifecycleState", { state });
    const length = async (): Promise<number> => (await shown(page)).length;
    await expect.poll(length, { timeout: 60_000 }).toBeGreaterThan(100);
    await frozen("frozen");
    await page.waitForTimeout(500);
    await frozen("active");
    const thawed = await length();
    await expect.poll(length, { timeout: 60_000 }).toBeGreaterThan(thawed);
    await frozen("frozen");
    await page.waitForTimeout(500); // what it had begun to store
    await frozen("active");
    const stored = await page.evaluate(storedCharacters);
    await frozen("frozen");
    await kill(page);
    const next = await open(4, WORDS);
    await next.waitForSelector("text=Continue");
    expect((await shown(next)).length).toBeGreaterThanOrEqual(stored);
    expect(stored).toBeGreaterThanOrEqual(100);
  });

  test("two windows on one chat agree", async () => {
    const one = await open(30, WORDS); // slowly, so that the other window comes in time
    await one.waitForSelector(".composer-field:visible");
    await one.fill(".composer-field", "go on");
    await one.press(".composer-field", "Enter");
    await one.waitForSelector(".answer.writing");
    const other = await open(0, "Mine.");
    await other.click(".chat-open");
    await other.waitForSelector("text=Another window is answering in this chat.");
    await expect.poll(() => shown(other)).toContain("word1");
    await one.click("[aria-label='Stop answering']");
    await other.waitForSelector(".composer-field:visible");
    await expect.poll(() => other.innerText(".stats:visible")).toContain("stopped");
    expect(await ask(other, "and you?")).toBe("Mine.");
    await expect.poll(() => one.locator(".message").count()).toBe(4);
    await expect.poll(() => shown(one)).toBe("Mine.");
  });

  test("chats are found, saved to a file, deleted all at once, and read from it again", async () => {
    const page = await open(0);
    await page.waitForSelector(".composer-field:visible");
    for (const question of ["about owls", "about ships", "about trees", "about rain"]) {
      await ask(page, question);
      await page.click("text=New chat");
    }
    await page.fill(".chat-search", "ships");
    expect(await page.locator(".chat-title").allInnerTexts()).toEqual(["about ships"]);
    await page.fill(".chat-search", "");
    await page.click("[aria-label='What is on this device']");
    expect(await page.innerText("dialog.side[open]")).toMatch(/6\.0 MB of 12\.0 GB[^]*Demo · 5\.1 MB[^]*4 chats are kept here/);
    await expectAccessible(page, "what is stored");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Save all chats")]);
    const path = await download.path();
    expect(readFileSync(path, "utf8")).toContain("You said: about ships");
    await page.click("text=Delete all chats");
    await page.click("dialog.small .danger");
    await expect.poll(() => page.innerText("dialog.side[open]")).toContain("0 chats are kept here");
    await page.setInputFiles("input[type=file]", path);
    await expect.poll(() => page.innerText("dialog.side[open]")).toContain("4 chats are kept here");
    expect(await page.locator(".chat-title").count()).toBe(4);
  });

  test("a newer build at the same address is asked about, and the stored one runs", async () => {
    const options = { keeps: true, newBuild: true, stored: [{ ...STORED, url: `${server.origin}/fake/models/demo/` }] };
    const page = await openFakeIn(context, server, options);
    expect(await page.innerText(".start-bar")).toContain("there is a newer build: 5.1 MB to download");
    await page.click(".start-details");
    await page.click("text=Start the stored one");
    await page.waitForSelector(".composer-field:visible");
    const again = await openFakeIn(context, server, options);
    await load(again); // this time the new one
    expect(await again.title()).toBe("Demo · kernelc");
  });
});
