/** What the page's specs share: opening it over an engine that pretends, asking, and looking for what is wrong. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import type { FakeOptions } from "../unit/fakeEngine.js";
import { killWindows } from "./firefox.js";
import type { TestServer } from "./harness.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Options of the fake that can cross into a page; `answer` is a fixed text there. */
export type PageOptions = Omit<FakeOptions, "answer"> & { answer?: string };

/** A page of its own with the fake engine, on `/fake/`, that shows the models. */
export async function openFake(
  browser: Browser,
  server: TestServer,
  options: PageOptions = {},
  context: BrowserContextOptions = {},
): Promise<Page> {
  const opened = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...context });
  const page = await openFakeIn(opened, server, options);
  await page.click(".start-details");
  await page.waitForSelector(".model-card, .failure");
  return page;
}

/** A page in a window of `context`, on `/fake/`, as it shows itself first. */
export async function openFakeIn(
  context: BrowserContext,
  server: TestServer,
  options: PageOptions = {},
): Promise<Page> {
  const page = await context.newPage();
  await watch(page);
  await page.addInitScript((given: PageOptions) => {
    const { answer, ...rest } = given;
    globalThis.fakeOptions = answer === undefined ? rest : { ...rest, answer: () => answer };
  }, options);
  await page.goto(`${server.origin}/fake/`);
  await page.waitForSelector(".start-details:visible, .composer-field:visible");
  return page;
}

/** Changes what the fake engine of a page does from now on. */
export async function setFake(page: Page, options: Pick<PageOptions, "pause" | "failLoad">): Promise<void> {
  await page.evaluate((given) => Object.assign(globalThis.fakeOptions ?? {}, given), options);
}

/** What a page did that it must not: requests elsewhere, breaches of its policy, errors. */
const misdeeds = new WeakMap<Page, string[]>();

/** From now on, takes note of what the page must not do. */
export async function watch(page: Page): Promise<void> {
  const found: string[] = [];
  misdeeds.set(page, found);
  page.on("pageerror", (error) => found.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (hostname !== "127.0.0.1" && protocol !== "data:") found.push(`request: ${request.url()}`);
  });
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) found.push(`policy: ${message.text()}`);
  });
}

/** Throws where the page did what it must not. */
export function expectGood(page: Page): void {
  expect(misdeeds.get(page)).toEqual([]);
}

/** Presses the button that loads the chosen model, and waits until one can write. */
export async function load(page: Page): Promise<void> {
  await page.locator(":is(.plan, .start-bar) .button.primary:visible").first().click();
  await page.waitForSelector(".composer-field:visible");
}

/** Asks, and waits for the whole answer. Returns its text. */
export async function ask(page: Page, question: string): Promise<string> {
  const answers = page.locator(".answer");
  const before = await answers.count();
  await page.fill(".composer-field", question);
  await page.press(".composer-field", "Enter");
  await answers.nth(before).waitFor({ state: "attached" }); // what is waited for next may be the last answer's
  await page.waitForSelector(".send:not(.stopping)");
  await page.waitForSelector(".answer:last-child .stats:visible");
  return drawnText(page, ".answer:last-child .markdown");
}

/** The inner text of an element, which has none before it is drawn: that is when it comes into sight. */
export async function drawnText(page: Page, selector: string): Promise<string> {
  for (let left = 60; left > 0 && !(await page.innerText(selector)); left -= 1) await page.waitForTimeout(50);
  return page.innerText(selector);
}

interface AxeViolation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Throws where axe-core finds anything serious, or critical; `rules` names the ones to run in place of all. */
export async function expectAccessible(page: Page, where: string, rules?: readonly string[]): Promise<void> {
  await page.evaluate(`globalThis.axe ?? (() => { ${AXE} })()`);
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
  const violations = await page.evaluate<AxeViolation[]>(
    `axe.run(${JSON.stringify(options)}).then((found) => found.violations)`,
  );
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const words = serious.map(
    ({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`,
  );
  expect(words).toEqual([]);
}

/** Throws where something is wider than the window. */
export async function expectNoSideways(page: Page, where: string): Promise<void> {
  // Not innerWidth: phones make that as wide as what they show.
  const [wide, window] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  expect(`${where}: ${wide}`).toBe(`${where}: ${window}`);
}

/** Throws where the page is wider or longer than the window, or a button reaches out of it: what scrolls is within. */
export async function expectNoScrolling(page: Page, where: string): Promise<void> {
  const [size, window, cut] = await page.evaluate(() => {
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    const beyond = [...document.querySelectorAll<HTMLElement>("button, input, a")].filter(
      (each) => each.checkVisibility({ visibilityProperty: true }) && each.getBoundingClientRect().right > clientWidth,
    );
    const names = beyond.map((each) => each.innerText || each.getAttribute("aria-label"));
    return [`${scrollWidth} x ${scrollHeight}`, `${clientWidth} x ${clientHeight}`, names] as const;
  });
  expect(`${where}: ${size}`).toBe(`${where}: ${window}`);
  expect(cut, where).toEqual([]);
}

/** Ends a window as a browser does that needs its memory: no handler of the page runs. In Firefox, all of them. */
export async function kill(page: Page): Promise<void> {
  const browser = page.context().browser();
  if (browser?.browserType().name() === "firefox") {
    killWindows(browser);
    return page.close();
  }
  const session = await page.context().newCDPSession(page);
  await Promise.race([session.send("Page.crash").catch(() => null), page.waitForEvent("crash")]);
  await page.close();
}

/** In the page: how much of the last answer of its only chat the browser has stored. */
export async function storedCharacters(): Promise<number> {
  const settled = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await settled(indexedDB.open("kernelc-chat", 1));
  const store = database.transaction("conversations").objectStore("conversations");
  const [chat] = (await settled(store.getAll())) as { messages: { content: string }[] }[];
  database.close();
  return chat?.messages.at(-1)?.content.length ?? 0;
}
