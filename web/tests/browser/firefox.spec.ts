/** Firefox, from a window with nothing stored: the page, without a network, a lost device, a download that was cut off. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { disturbed, expectUndisturbed } from "./disturbed.js";
import { startFirefox, WITH_GRAPHICS } from "./firefox.js";
import { hasOther, openEngine, startServer, type TestServer } from "./harness.js";
import { ask, drawnText, expectAccessible, expectNoScrolling, kill, load } from "./page_helpers.js";
import { buildPage, Folders, Tab, writeArtifact } from "./weights_harness.js";

const MIB = 2 ** 20;
const site = inject("prepared").computed;

describe.skipIf(!hasOther("Firefox"))("in Firefox (needs firefox-esr)", () => {
  const folders = new Folders();
  const [weights, large] = [folders.make(), folders.make()];
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    await buildPage(weights);
    const mounts = { "/computed/": site, "/weights/": weights, "/large/": large };
    [browser, server] = await Promise.all([startFirefox(WITH_GRAPHICS), startServer(mounts)]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    folders.remove();
  });

  describe.skipIf(site === "")("the page", () => {
    let context: BrowserContext;

    beforeAll(async () => {
      context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
      const settings = { maxTokens: 24, device: "wasm" };
      await context.addInitScript((kept) => localStorage.setItem("kernelc.settings", JSON.stringify(kept)), settings);
    });
    afterAll(() => context.close());

    async function open(): Promise<Page> {
      const page = await context.newPage();
      await page.goto(`${server.origin}/computed/`);
      await page.waitForSelector(".start-details:visible, .composer-field:visible");
      await page.waitForFunction(() => crossOriginIsolated); // its service worker sends the headers
      return page;
    }

    const check = async (page: Page, where: string): Promise<void> => {
      await expectAccessible(page, where);
      await expectNoScrolling(page, where);
    };

    test("chats, is accessible, and no larger than the window", async () => {
      const page = await open();
      await page.waitForSelector(".start-bar .button.primary:enabled");
      await check(page, "before a model runs");
      await page.click(".start-details");
      await page.waitForSelector(".plan .button.primary:enabled");
      await check(page, "choosing");
      await load(page);
      expect(await ask(page, "My name is Ada.")).toMatch(/\w+ \w+/);
      await check(page, "answered");
      await page.setViewportSize({ width: 320, height: 640 });
      await check(page, "answered, on a phone");
      await page.click("[aria-label='Show the list of chats']");
      await page.click("text=Settings");
      await page.click("text=Advanced");
      await check(page, "settings, on a phone");
      await page.close();
    });

    test("opened again without a network, it has its chats and goes on", async () => {
      server.offline = true;
      const page = await open();
      await page.waitForSelector(".composer-field:visible");
      await page.click(".chat-open");
      expect(await drawnText(page, ".question-text")).toBe("My name is Ada.");
      expect(await ask(page, "What is my name?")).toMatch(/\w+ \w+/);
      server.offline = false;
      await page.close();
    });
  });

  test("a device lost in mid-answer is replaced, and the text is that of an undisturbed run", async () => {
    const page = await openEngine(browser, server);
    expectUndisturbed(await page.evaluate(disturbed, ["/models/tiny-q4/", { device: "webgpu" }] as const));
    await page.context().close();
  });

  test("a download goes on where a window that was killed left it", async () => {
    const artifact = writeArtifact(large, [20 * MIB, 1000]);
    const context = await browser.newContext();
    server.reset();
    server.faults = [{ path: "0000.bin", times: 1, stallAfterBytes: 12 * MIB }];
    const dying = await Tab.open(context, server.origin, "worker");
    const ended = dying.load(artifact, "/large/").catch(() => "dead");
    const stored = (): Promise<number> => dying.call("stored", artifact.shards[0]?.sha256 ?? "");
    await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThanOrEqual(10 * MIB);
    await kill(dying.page);
    expect(await ended).toBe("dead");
    server.reset();
    const loaded = await (await Tab.open(context, server.origin, "worker")).load(artifact, "/large/");
    expect(loaded).toMatchObject({ hashes: artifact.shards.map((shard) => shard.sha256), error: undefined });
    const [range, ...more] = server.requests("0000.bin").map((seen) => seen.range);
    expect(more).toEqual([]);
    expect(Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1])).toBeGreaterThanOrEqual(10 * MIB);
    await context.close();
  });
});
