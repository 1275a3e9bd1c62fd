/** The site without a network: once loaded, it starts, loads its model and chats; a new version replaces the old. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";

import { hasChromium, startBrowser, startServer, type TestServer } from "./harness";
import { Folders, freshOrigin } from "./weights_harness";

/** One of the two models of the site; its answers are made of words. */
const MODEL = "tiny";
/** The other one, of which a visit fetches nothing at all. */
const OTHER = "Kit";
const STARTS_MS = 120_000;

describe.skipIf(!hasChromium)("the site without a network", () => {
  const folders = new Folders();
  let site: string;
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  let context: BrowserContext;
  let address: string;

  beforeAll(async () => {
    site = folders.make();
    cpSync(inject("prepared").site, site, { recursive: true });
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/chat/": site })]);
  });
  beforeEach(async () => {
    server.reset();
    context = await browser.newContext();
    address = `${freshOrigin(server)}/chat/`;
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await server.close();
    folders.remove();
  });

  /** Opens the site in a tab of its own. */
  async function open(): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => console.error(`page error: ${error.stack ?? error.message}`));
    await page.goto(address);
    await page.waitForSelector(".start-details:visible, .composer-field:visible");
    return page;
  }

  /** Opens the site, waits until it is stored, and closes it. */
  async function visit(): Promise<void> {
    const page = await open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.close();
  }

  async function choose(page: Page, model = MODEL): Promise<void> {
    await page.click(".start-details");
    await page.getByRole("radio", { name: model }).check();
  }

  async function startModel(page: Page): Promise<void> {
    await choose(page);
    await page.getByRole("button", { name: /start/i }).click();
    await started(page);
  }

  async function started(page: Page): Promise<void> {
    await page.getByRole("textbox", { name: "Message" }).waitFor({ timeout: STARTS_MS });
  }

  /** Sends a message; returns the model's words, once the first of them are there. */
  async function chat(page: Page, text: string): Promise<string> {
    const answers = page.getByRole("article", { name: "Answer" });
    const before = await answers.count(); // one that was interrupted may be shown
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
    const answer = answers.nth(before);
    await expect.poll(() => answer.locator(".markdown").innerText(), { timeout: STARTS_MS }).toMatch(/\w+ \w+/);
    expect(await page.locator(".failure").count()).toBe(0);
    return answer.locator(".markdown").innerText();
  }

  test("starts, loads its model and chats after one visit", async () => {
    const first = await open();
    await startModel(first);
    await first.evaluate(() => navigator.serviceWorker.ready);
    expect(await chat(first, "Hello")).not.toBe("");
    const cached = await first.evaluate(cachedUrls);
    expect(cached).toContain(address);
    expect(cached).toContain(`${address}models.json`);
    expect(cached.filter((url) => url.includes("/models/"))).toEqual([]); // weights/ keeps those, and only once
    await first.close();

    server.reset();
    server.offline = true;
    const second = await open();
    await started(second); // the page starts the model of the last visit by itself
    expect(await chat(second, "Hello again")).not.toBe("");
    expect(server.seen.every((seen) => seen.sentBytes === 0)).toBe(true);
  }, 4 * STARTS_MS);

  test("says what to do about a model that was never loaded", async () => {
    await visit();
    server.offline = true;
    const page = await open();
    await page.clock.install();
    await choose(page, OTHER);
    const text = async (): Promise<string> => {
      await page.clock.runFor(1000); // the waits between attempts
      return page.locator("main").innerText();
    };
    await expect.poll(text, { timeout: 30_000 }).toMatch(/connection/i);
  });

  test("is replaced by a new version once no tab shows the old one", async () => {
    await visit();
    renew(site);
    const page = await open(); // the network's page is the new one; its files are being stored
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      await registration.update();
      while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    expect(await page.evaluate(() => caches.keys())).toHaveLength(3); // both versions', and the list of models
    await page.close();
    await visit();
    server.offline = true;
    const later = await open();
    expect(await later.locator('meta[name="description"]').getAttribute("content")).toBe("renewed");
    await expect.poll(() => later.evaluate(() => caches.keys())).toHaveLength(2);
  });

  test("can be installed", async () => {
    const page = await open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    const session = await context.newCDPSession(page);
    const { errors, data } = await session.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    const manifest = JSON.parse(data ?? "{}") as { icons: { src: string; sizes: string }[]; start_url: string };
    expect(manifest.icons.map((icon) => icon.sizes)).toEqual(["any", "192x192", "512x512"]);
    expect(new URL(manifest.start_url, `${address}manifest.webmanifest`).href).toBe(address);
    const loads = (src: string): Promise<boolean> => page.evaluate(async (url) => (await fetch(url)).ok, address + src);
    for (const { src } of manifest.icons) expect(await loads(src), src).toBe(true);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    expect(installabilityErrors.map((error) => error.errorId).filter((id) => id !== "in-incognito")).toEqual([]);
  });
});

/** In the page: the addresses of all that the service worker stored. */
async function cachedUrls(): Promise<string[]> {
  const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
  return all.flat().map((request) => request.url);
}

/** Makes the site a newer version of itself. */
function renew(site: string): void {
  const change = (name: string, from: RegExp, to: string): void => {
    const text = readFileSync(join(site, name), "utf8");
    expect(text).toMatch(from);
    writeFileSync(join(site, name), text.replace(from, to));
  };
  change("index.html", /(name="description" content=)"[^"]*"/, '$1"renewed"');
  change("sw.js", /(version:\s*["`])[0-9a-f]{16}/, "$1fedcba9876543210");
}
