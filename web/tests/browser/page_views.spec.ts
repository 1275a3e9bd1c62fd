/** The page in a real browser, over an engine that only pretends: every view, every key, every failure. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/artifact/errors.js";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { buildFakePage } from "./page_fake/build.js";
import {
  ask,
  drawnText,
  expectAccessible,
  expectGood,
  expectNoScrolling,
  load,
  openFake,
  type PageOptions,
  setFake,
} from "./page_helpers.js";

const STORY =
  "The owl **Ada** lived by the sea.\n\n1. one ship\n2. two ships\n\n| ship | tons |\n|---|---|\n| Red | 120 |\n\n```py\nprint(1)\n```\n\nSee [more](https://example.org).";
/** Reasoning, coloured code, formulas wider than a phone, and a table. */
const RICH = `<think>Four **steps**, with code:\n\n${"```"}js\nlet y;\n${"```"}</think>\n\n${String.raw`By $e^{i\pi} = -1$, and \(${"a_1+".repeat(40)}b\), for $5 and $6:

$$
\sum_{k=1}^{n} k = \frac{n(n+1)}{2} ${"+ x_{1234567}".repeat(12)}
$$`}

| a column | another column | a third column | and a fourth |
|---|---|---|---|
| $x^2$ | unbreakablewords | unbreakablewords | unbreakablewords |

${"```"}py
# What is so
class Owl(Bird):
    def hoot(self, times=3) -> str:
        return f"{self.name}: " + "hoot" * times
${"```"}`;
const HOSTILE =
  "<img src=https://evil.test/a.png onerror=alert(1)><script src=https://evil.test/x.js></script>\n\n![x](https://evil.test/pixel.png)\n\n<style>@import 'https://evil.test/y.css'</style>\n\n<iframe src=https://evil.test></iframe>\n\n[go](javascript:alert(1))";
const LONG = "word ".repeat(400);
const MODELS = [
  { name: "demo", title: "Demo", bytes: 5_100_000, context: 1024 },
  { name: "llama", title: "A larger model with quite a long name, instruct", bytes: 712_000_000, context: 8192 },
];

/** Opens the reasoning, and looks at all of the last answer, so that everything in it is drawn. */
async function look(page: Page): Promise<void> {
  await page.click(".reasoning summary");
  for (const part of [".reasoning pre", ".math.display", "code.language-py"]) await page.locator(part).first().scrollIntoViewIfNeeded();
  for (const part of [".reasoning .hljs-keyword", ".math.display .katex", "code.language-py .hljs-title"])
    await page.locator(part).first().waitFor();
}

describe.skipIf(!hasChromium)("the page", () => {
  let browser: Browser;
  let server: TestServer;
  let page: Page;

  beforeAll(async () => {
    const folder = await buildFakePage("views");
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/fake/": folder })]);
  });
  afterEach(async () => {
    expectGood(page);
    await page.context().close();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const open = async (options: PageOptions = {}, context = {}): Promise<Page> =>
    (page = await openFake(browser, server, options, context));

  test("plans before anything is downloaded, and the slider changes what it takes", async () => {
    await open({ models: MODELS });
    expect(await page.isChecked("input[type=radio] >> nth=0")).toBe(true);
    await page.check("input[type=radio] >> nth=1");
    expect(await page.innerText(".plan")).toContain("712 MB");
    expect(await page.innerText(".verdict")).toBe("This device can run it, on Pretended Graphics 9.");
    const memory = await page.innerText(".facts-list > :nth-child(2) dd");
    await page.focus(".plan input[type=range]");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.innerText(".context-value")).toBe("8,192 tokens");
    expect(await page.innerText(".facts-list > :nth-child(2) dd")).not.toBe(memory);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("range");
  });

  test("says why a model does not fit, and does not start it", async () => {
    await open({ fits: false, reasons: ["A buffer of 300 MB is needed; this device allows 256 MB."] });
    expect(await page.innerText(".reasons")).toContain("allows 256 MB");
    expect(await page.isDisabled(".plan .button.primary")).toBe(true);
  });

  test("loads with bytes, speed and steps, can be cancelled, and then goes on", async () => {
    await open({ pause: 400 });
    await page.click(".plan .button.primary");
    await page.waitForFunction(() => /MB\/s/.test(document.querySelector(".steps")?.textContent ?? ""));
    expect(await page.innerText(".steps")).toMatch(/of 5\.1 MB · 2\.4 MB\/s · \d\.\d s left/);
    await page.click(".plan.loading .button");
    await setFake(page, { pause: 0 });
    await load(page);
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("composer-field");
    expect(await page.title()).toBe("Demo · kernelc");
  });

  test("chats: Enter sends, Shift+Enter does not, Markdown is drawn, numbers are told", async () => {
    await open({ answer: STORY });
    await load(page);
    await page.fill(".composer-field", "Tell me");
    await page.press(".composer-field", "Shift+Enter");
    await page.keyboard.type("a story");
    await page.press(".composer-field", "Enter");
    await page.waitForSelector(".answer .stats:visible");
    expect(await drawnText(page, ".question-text")).toBe("Tell me\na story");
    expect(await page.locator(".markdown table td").allInnerTexts()).toEqual(["Red", "120"]);
    expect(await page.getAttribute(".markdown a", "rel")).toBe("noopener noreferrer");
    expect(await page.innerText(".stats")).toMatch(/tokens\/s · first token after \d\.\d s · \d+ tokens/);
    expect(await page.innerText(".context")).toMatch(/^\d+ \/ 1,024$/);
    expect(await page.inputValue(".composer-field")).toBe("");
  });

  test("an answer can do no harm: nothing runs, nothing is fetched", async () => {
    await open({ answer: HOSTILE });
    await load(page);
    await ask(page, "go");
    expect(await page.locator(".markdown :is(img, script, style, iframe)").count()).toBe(0);
    expect(await page.locator(".markdown [href^=javascript]").count()).toBe(0);
    // Even markup that got into the page could do nothing: the policy stops it.
    const blocked = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "globalThis.harmed = true";
      document.body.append(script);
      document.body.setAttribute("style", "color: red");
      await fetch("https://evil.test/").catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { violations, harmed: "harmed" in globalThis };
    });
    expect(blocked).toEqual({ violations: ["script-src-elem", "style-src-attr", "connect-src"], harmed: false });
    await page.context().close();
    await open();
  });

  test("code is coloured, formulas are drawn with the site's own fonts, reasoning is folded", async () => {
    await open({ answer: RICH });
    await load(page);
    await ask(page, "go");
    expect(await page.isVisible(".reasoning .markdown")).toBe(false);
    await look(page);
    expect(await page.locator(".reasoning strong").innerText()).toBe("steps");
    expect(await page.locator(".answer .code-name").allInnerTexts()).toEqual(["JavaScript", "Python"]);
    expect(await page.locator(".markdown code[class^=math-]").count()).toBe(0);
    expect(await drawnText(page, ".answer > .markdown > p")).toContain("for $5 and $6:");
    // Styles that KaTeX sets are in force under the page's policy, and its fonts are there.
    expect(await page.locator(".math [style*=height]").first().getAttribute("style")).toMatch(/height: [\d.]+em/);
    expect(await page.evaluate(() => document.fonts.ready.then(() => document.fonts.check("16px KaTeX_Main")))).toBe(true);
  });

  test("Escape stops; what came is kept; it can be answered again", async () => {
    await open({ answer: LONG, pause: 5 });
    await load(page);
    await page.fill(".composer-field", "go on");
    await page.press(".composer-field", "Enter");
    await page.waitForSelector(".answer.writing");
    expect(await page.getAttribute(".send", "aria-label")).toBe("Stop answering");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".stats:visible");
    expect(await page.innerText(".stats")).toContain("stopped");
    expect(await page.innerText(".markdown")).toContain("word");
    await page.click("[aria-label='Answer again']");
    await page.waitForSelector(".answer.writing");
    await page.click("[aria-label='Stop answering']");
    await page.waitForSelector(".stats:visible");
    expect(await page.locator(".message").count()).toBe(2);
  });

  test("a question can be edited: what followed is answered anew", async () => {
    await open();
    await load(page);
    await ask(page, "one");
    await ask(page, "two");
    await page.hover(".question >> nth=0");
    await page.click("[aria-label='Edit and ask again'] >> nth=0");
    await page.fill(".edit-field", "ONE");
    await page.press(".edit-field", "Enter");
    await expect.poll(() => page.innerText(".answer:last-child .markdown")).toBe("You said: ONE");
    expect(await page.locator(".message").count()).toBe(2);
    await page.click("[aria-label='Earlier version']");
    // What is out of sight is drawn when it comes into sight, and has no inner text before.
    await expect.poll(() => page.locator(".question-text").allInnerTexts()).toEqual(["one", "two"]);
    expect(await page.innerText(".versions:visible")).toContain("1 / 2");
  });

  test("copies an answer as it was written", async () => {
    await open({ answer: STORY }, { permissions: ["clipboard-read", "clipboard-write"] });
    await load(page);
    await ask(page, "go");
    await page.click("[aria-label='Copy the answer']");
    await page.waitForSelector("[aria-label=Copied]");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(STORY);
    await page.click("[aria-label='Copy the code']");
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("print(1)\n");
  });

  test("chats are listed, opened, renamed and deleted, with the keyboard too", async () => {
    const titles = (): Promise<string[]> => page.locator(".chat-title").allInnerTexts();
    await open();
    await load(page);
    await ask(page, "first question");
    await page.click("text=New chat");
    await ask(page, "second question");
    await expect.poll(titles).toEqual(["second question", "first question"]);
    await page.click(".chat-open >> nth=1");
    await expect.poll(() => page.innerText(".question-text")).toBe("first question");
    await page.focus(".chat-open >> nth=1");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.type("Owls");
    await page.keyboard.press("Enter");
    await expect.poll(titles).toEqual(["second question", "Owls"]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.click("dialog >> text=Delete >> nth=-1");
    await expect.poll(() => page.locator(".chat-title").allInnerTexts()).toEqual(["second question"]);
    expect(await page.isVisible(".welcome")).toBe(true);
  });

  test("settings are kept and reset; nonsense does not get in", async () => {
    await open();
    await load(page);
    await page.click("text=Settings");
    await page.getByLabel("System prompt", { exact: true }).fill("Be brief.");
    await page.locator(".setting:has-text('Temperature') input[type=number]").fill("1.5");
    await page.click("text=Advanced");
    await page.locator(".setting:has-text('Top-k') input[type=number]").fill("-7");
    await page.keyboard.press("Tab");
    expect(await page.locator(".setting:has-text('Top-k') input[type=number]").inputValue()).toBe("0");
    expect(await page.innerText(".setting:has-text('Top-k') .note")).toBe("0 is the least.");
    await page.click("text=Done");
    await page.click("text=Settings");
    expect(await page.locator(".setting:has-text('Temperature') input[type=range]").inputValue()).toBe("1.5");
    await page.click("text=Reset to defaults");
    expect(await page.getByLabel("System prompt", { exact: true }).inputValue()).toBe("");
    await page.keyboard.press("Escape");
    expect(await page.isVisible("dialog")).toBe(false);
  });

  test("a load that fails says so, and what to do", async () => {
    const causes = {
      limits: "too small",
      "device-lost": "was lost",
      "out-of-memory": "Not enough graphics memory",
      "bad-artifact": "not sound",
      "corrupt-shard": "damaged",
      network: "could not be downloaded",
      storage: "storage refused",
      "self-check": "computes wrongly",
      internal: "Something went wrong",
    } as const;
    await open();
    for (const [code, words] of Object.entries(causes) as [ErrorCode, string][]) {
      await setFake(page, { failLoad: { code, message: `${code}: exactly this` } });
      await page.click(".plan .button.primary");
      const card = page.locator(".plan .failure", { hasText: `${code}: exactly this` });
      await card.waitFor();
      expect(await card.getAttribute("role")).toBe("alert");
      expect(await card.innerText()).toContain(words);
      expect(await page.isEnabled(".plan .button.primary")).toBe(true);
    }
  });

  test.each([
    ["no-webgpu", "This browser has no WebGPU", "chrome://flags"],
    ["no-adapter", "No graphics device was found", "hardware acceleration"],
  ] as const)("%s is said before anything is chosen", async (code, title, advice) => {
    await open({
      probe: { usable: false, reasons: ["there is none"], code, adapter: null },
      fits: false,
      reasons: ["there is none"],
    });
    const text = await page.innerText(".failure");
    expect(text).toContain(title);
    expect(text).toContain(advice);
    expect(await page.isDisabled(".plan .button.primary")).toBe(true);
  });

  test("an answer that fails keeps what came, says why, and can be tried again", async () => {
    await open({ failAfter: { pieces: 2, code: "context", message: "1024 of 1024 tokens are used" } });
    await load(page);
    await page.fill(".composer-field", "one two three");
    await page.press(".composer-field", "Enter");
    await page.waitForSelector(".answer .failure");
    expect(await drawnText(page, ".answer")).toContain("You said:");
    expect(await drawnText(page, ".answer .failure")).toContain("filled the context");
    await page.click("text=Forget the oldest turns");
    await page.waitForSelector(".answer .failure"); // this engine fails again
    expect(await page.isVisible("[aria-label='Answer again']")).toBe(true);
  });

  test("a device that does not come back: the chat stays, and the model can be loaded again", async () => {
    await open({ failAfter: { pieces: 1, code: "device-lost", message: "gone" } });
    await load(page);
    await page.fill(".composer-field", "one two");
    await page.press(".composer-field", "Enter");
    await page.waitForSelector(".start-bar:visible");
    expect(await drawnText(page, ".answer .failure")).toContain("graphics device was lost");
    await page.click(".start-details");
    expect(await page.innerText(".plan .failure")).toContain("gone");
    expect(await page.innerText(".plan .button.primary")).toBe("Try again");
  });

  test("an old chat can be read while the model loads", async () => {
    const old = {
      id: "a",
      title: "Owls",
      named: true,
      created: 1,
      updated: 2,
      messages: [{ id: "m", role: "user", content: "About owls" }],
    };
    await open({
      pause: 500,
      entries: [
        ["a", old],
        ["b", { id: "b", title: 5 }],
      ],
    });
    expect(await page.locator(".chat-title").allInnerTexts()).toEqual(["Owls"]);
    await page.click(".plan .button.primary");
    await page.click(".chat-open");
    expect(await drawnText(page, ".question-text")).toBe("About owls");
    await expect.poll(() => page.innerText(".start-bar")).toMatch(/Demo\s*is loading: \d+ %/);
    await setFake(page, { pause: 0 });
    await page.waitForSelector(".composer-field:visible");
  });

  test("stored models are marked and deleted; leftovers too", async () => {
    await open({
      stored: [
        {
          id: "old",
          url: "https://a.test/",
          title: "An earlier build",
          bytes: 4_000_000,
          totalBytes: 4_000_000,
          complete: true,
        },
      ],
    });
    expect(await page.innerText(".leftovers")).toContain("An earlier build · 4.0 MB");
    await page.click("[aria-label='Delete An earlier build']");
    await page.click("dialog.small .danger");
    await expect.poll(() => page.locator(".leftovers li").count()).toBe(0);
    await load(page);
    await page.click(".model-button");
    expect(await page.innerText(".model-head")).toMatch(/running[^]*5\.1 MB stored/);
    await page.click("[aria-label='Delete the stored files of Demo']");
    await page.keyboard.press("Escape");
    expect(await page.isVisible(".stored")).toBe(true);
    await page.click("[aria-label='Delete the stored files of Demo']");
    await page.click("dialog.small .danger");
    await expect.poll(() => page.isVisible(".stored")).toBe(false);
  });

  test("what happened on the way pops up until it is closed; what is merely so stands with the models", async () => {
    const message = "The graphics device was lost and came back.";
    const quiet = { code: "not-persistent", message: "The browser may delete the model." } as const;
    await open({ notices: [{ code: "device-restored", message }, { code: "device-restored", message }, quiet] });
    await load(page);
    expect(await page.locator(".toast p").allInnerTexts()).toEqual([message]);
    await expectAccessible(page, "a notice");
    await page.click("[aria-label='Close this notice']");
    expect(await page.locator(".toast").count()).toBe(0);
    await page.click(".model-button");
    expect(await page.innerText(".notes")).toBe(quiet.message);
  });

  test("light, dark, or as the system has it", async () => {
    await open({}, { colorScheme: "dark" });
    const colour = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await colour();
    await page.click("[aria-label^='Theme: as the system']");
    const light = await colour();
    expect(light).not.toBe(dark);
    await page.click("[aria-label^='Theme: light']");
    expect(await colour()).toBe(dark);
  });

  test("an answer is said a paragraph at a time", async () => {
    await open({ answer: "First paragraph here.\n\nSecond paragraph here.\n\nThird.", pause: 30 });
    await load(page);
    await ask(page, "go");
    const said = await page.locator("[aria-live=polite] p").allInnerTexts();
    expect(said.filter((text) => text.includes("paragraph") || text === "Third.")).toEqual([
      "First paragraph here.",
      "Second paragraph here.",
      "Third.",
    ]);
    expect(said.at(-1)).toBe("The answer is complete.");
  });

  test("the page follows an answer, unless one has scrolled up", async () => {
    await open({ answer: `${"line\n\n".repeat(120)}end`, pause: 4 });
    await load(page);
    await page.fill(".composer-field", "go");
    await page.press(".composer-field", "Enter");
    const scroll = (): Promise<number[]> =>
      page.evaluate(() => {
        const box = document.querySelector(".transcript");
        return box ? [box.scrollTop, box.scrollHeight - box.clientHeight] : [];
      });
    await page.waitForFunction(() => (document.querySelector(".transcript")?.scrollTop ?? 0) > 300);
    await page.evaluate(() => document.querySelector(".transcript")?.scrollTo(0, 50));
    await page.waitForSelector(".stats:visible", { state: "attached" });
    expect((await scroll())[0]).toBe(50);
    await page.click(".to-end");
    const [at, end] = await scroll();
    expect(at).toBeGreaterThan((end ?? 0) - 2);
    await expect.poll(() => page.isVisible(".to-end")).toBe(false);
  });

  describe.each([
    ["light", {}],
    ["dark", { colorScheme: "dark" }],
    ["a phone", { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }],
    ["200 %", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }], // of a window of 1280 x 800
  ] as const)("in %s", (name, context) => {
    test("every view is accessible, and the page is no larger than the window", async () => {
      const rules = name === "dark" ? ["color-contrast"] : undefined; // all others see the same as in light
      const check = async (where: string): Promise<void> => {
        await expectAccessible(page, `${name}, ${where}`, rules);
        await expectNoScrolling(page, `${name}, ${where}`);
      };
      await open(
        {
          models: MODELS,
          answer: `${RICH}\n\n${STORY}\n\n${"wide".repeat(60)}`,
          pause: 100, // long enough to be looked at
          failAfter: { pieces: 200, code: "internal", message: "" },
        },
        context,
      );
      await page.click("text=Back to the chat");
      await check("before a model runs");
      await page.click(".start-details");
      await check("choosing");
      await page.check("input[type=radio] >> nth=1");
      await check("planning");
      await page.click(".plan .button.primary");
      await page.waitForSelector(".steps");
      await check("loading");
      await page.waitForSelector(".composer-field:visible");
      await check("welcome");
      await page.fill(".composer-field", "a question");
      await page.press(".composer-field", "Enter");
      await page.waitForSelector(".answer.writing");
      await check("answering");
      await setFake(page, { pause: 0 });
      await page.waitForSelector(".stats:visible");
      await look(page);
      await check("answered");
      const drawer = page.locator("[aria-label='Show the list of chats']");
      if (await drawer.isVisible()) await drawer.click();
      await page.waitForTimeout(300);
      await check("list of chats");
      await page.click("text=Settings");
      await page.click("text=Advanced");
      await check("settings");
      await page.click("text=Done");
      await page.click("[aria-label='What is on this device']");
      await check("storage");
    });
  });
});
