/** The explorer, with Chromium's own WebGPU: lines light up together, and a changed kernel is run and compared. */
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { hasChromium, startBrowser, startServer, type TestServer } from "./harness.js";
import { expectAccessible, expectGood, expectNoSideways, watch } from "./page_helpers.js";

/** SwiftShader compiles a kernel in a moment on an idle machine, and in a minute on a busy one. */
const PATIENCE_MS = 120_000;
const NORM = /^rms_norm_\d+/;
const NIGHTLY = process.env["HYPOTHESIS_PROFILE"] === "nightly";
const PARTS = ["#/", "#/graph/decode", "#/program/decode"];

describe.skipIf(!hasChromium)("the explorer", { timeout: 2 * PATIENCE_MS }, () => {
  let browser: Browser;
  let server: TestServer;
  const folder = inject("prepared").explored;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/explore/": folder })]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  beforeEach(() => server.reset());

  async function open(address = "", options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await watch(page);
    await page.goto(`${server.origin}/explore/${address}`);
    await page.waitForSelector("main h1");
    return page;
  }

  /** The page of the first kernel whose name is like this. */
  async function openKernel(name: RegExp, options?: BrowserContextOptions): Promise<Page> {
    const page = await open("", options);
    const link = page.locator("main a", { hasText: name }).first();
    await page.goto(`${server.origin}/explore/${await link.getAttribute("href")}`);
    await page.waitForSelector(".pane");
    return page;
  }

  const line = (page: Page, pane: string, text: string) =>
    page.locator(`[data-pane="${pane}"] .code-line`, { hasText: text }).first();
  const lit = (page: Page, pane: string): Promise<string[]> =>
    page.locator(`[data-pane="${pane}"] .code-line.lit .code-text`).allInnerTexts();

  test("loads a kernel when it is opened, and its numbers when it is run", async () => {
    const page = await open();
    expect(await page.innerText("main h1")).toBe("tiny");
    expect(server.requests("/kernels/")).toEqual([]);
    expect(server.requests("/graphs/")).toEqual([]);
    await page.locator("nav a", { hasText: NORM }).first().click();
    await page.waitForSelector(".pane");
    expect(server.requests("/kernels/").map(({ path }) => path)).toEqual([expect.stringMatching(/rms_norm_\d+\.json$/)]);
    await page.goBack();
    await page.waitForSelector("main h1:has-text('tiny')");
    await page.goForward();
    await page.waitForSelector(".pane");
    expect(server.requests("/kernels/")).toHaveLength(1);
    expectGood(page);
    await page.context().close();
  });

  test("a line of WGSL lights up the Python and the kernel IR that it is from, and those light it up", async () => {
    const page = await openKernel(NORM);
    await line(page, "wgsl", "squares += dot(v, v);").click();
    expect(await lit(page, "python")).toEqual([expect.stringContaining("squares += dot(v, v)")]);
    expect(await lit(page, "ir")).toContainEqual(expect.stringContaining("squares := "));
    await line(page, "python", "normed[row + i] = _weighted(").click();
    expect(await lit(page, "wgsl")).toEqual([expect.stringMatching(/^ *normed\[.*\] = /)]);
    await page.check("label:has-text('CUDA C') input");
    expect(await lit(page, "cuda")).toEqual([expect.stringMatching(/^ *normed\[.*\] = /)]);
    for (const pane of ["SPIR-V", "OpenCL C", "C"]) await page.locator(`label:text-is("${pane}") input`).check();
    expect(await lit(page, "spirv")).toContainEqual(expect.stringContaining("OpStore"));
    for (const pane of ["opencl", "c"]) expect(await lit(page, pane)).toEqual([expect.stringMatching(/^ *normed\[.*\] = /)]);
    const traced = page.locator('[data-pane="ir"] select');
    expect(await traced.locator("option:checked").innerText()).toBe("traced for WGSL");
    expect(await page.innerText("main")).toMatch(/WGSL, [\d,]+ invocations a workgroup/);
    const ir = page.locator('[data-pane="ir"] .code-list');
    const before = await ir.innerText();
    await traced.selectOption("traced for C");
    expect(await page.innerText("main")).toMatch(/\bC, [\d,]+ invocations a workgroup/);
    expect(await ir.innerText()).not.toBe(before);
    expectGood(page);
    await page.context().close();
  });

  test("lines are chosen with the keyboard, too", async () => {
    const page = await openKernel(NORM);
    const list = page.locator('[data-pane="wgsl"] [role=listbox]');
    await line(page, "wgsl", "var squares").click();
    await list.press("ArrowDown");
    expect(await lit(page, "python")).toContainEqual(expect.stringContaining("with k.loop(lane, width"));
    const active = await list.getAttribute("aria-activedescendant");
    expect(await page.locator(`[id="${active}"]`).getAttribute("aria-selected")).toBe("true");
    await list.press("Escape");
    expect(await lit(page, "python")).toEqual([]);
    await list.press("End");
    expect(await page.locator('[data-pane="wgsl"] .active').innerText()).toContain("}");
    await page.context().close();
  });

  test("a kernel that is broken says by how much, and one that does not compile says where", async () => {
    const page = await openKernel(NORM);
    const editor = page.locator("textarea.editor");
    const run = page.locator(".workbench .button.primary");
    expect(server.requests(".tile")).toEqual([]);
    await run.click();
    await page.waitForSelector('.result [data-right="true"]');
    expect(server.requests(".tile")).toHaveLength(1);
    expect(await page.innerText(".result")).toMatch(/Right: all [\d,]+ numbers.*original text[^]*the original [\d.]+ [µm]s/);
    const text = await editor.inputValue();
    const broken = text.replace(/(normed\[[^\]]*\] = )/, "$1 1.5 * ");
    expect(broken).not.toBe(text);
    await editor.fill(broken);
    await run.click();
    await page.waitForSelector('.result [data-right="false"]');
    const said = await page.innerText(".result");
    expect(said).toMatch(/Wrong: [\d,]+ of [\d,]+ numbers are outside of the tolerance/);
    expect(said).toMatch(/own size\s+0\.5\b/); // every number is half too large
    expect(said).toMatch(/First wrong\s+normed\[0\]: got -?[\d.e-]+, wanted -?[\d.e-]+/);
    await editor.fill(text.replace("var squares", "var var squares"));
    await run.click();
    await page.waitForSelector(".result .complaints");
    const number = text.split("\n").findIndex((each) => each.includes("var squares")) + 1;
    expect(await page.innerText(".gutter .wrong")).toBe(`${number}`);
    expect(await page.innerText(".complaints")).toContain(`Line ${number},`);
    await page.click(".workbench .button:has-text('Back to the original')");
    expect(await editor.inputValue()).toBe(text);
    expectGood(page);
    await page.context().close();
  });

  test.skipIf(!NIGHTLY)("a text that asks for other bindings is refused in words, and the page goes on", async () => {
    const page = await openKernel(/^argmax_\d+/);
    const editor = page.locator("textarea.editor");
    const text = await editor.inputValue();
    await editor.fill(text.replace("@binding(0)", "@binding(9)"));
    await page.click(".workbench .button.primary");
    await page.waitForSelector(".result .complaints");
    expect(await page.innerText(".complaints")).toMatch(/binding/i);
    await editor.fill(text);
    await page.click(".workbench .button.primary");
    await page.waitForSelector('.result [data-right="true"]');
    expectGood(page);
    await page.context().close();
  });

  test.each([
    ["a desk in the dark", 1400, "dark", NIGHTLY ? PARTS : []],
    ["a phone", 390, "light", PARTS],
  ] as const)(
    "can be read by everybody, on %s",
    async (where, width, colorScheme, parts) => {
      // The policy of the page would not let axe-core in.
      const page = await openKernel(/^matvec_/, { viewport: { width, height: 844 }, colorScheme, bypassCSP: true });
      await line(page, "wgsl", "let row").click();
      await expectAccessible(page, `${where}: a kernel`);
      await expectNoSideways(page, `${where}: a kernel`);
      for (const address of parts) {
        await page.goto(`${server.origin}/explore/${address}`);
        await page.waitForFunction((name) => document.querySelector(`nav a[aria-current][href="${name}"]`), address);
        await page.waitForSelector("main h1");
        await expectAccessible(page, `${where}: ${address}`);
        await expectNoSideways(page, `${where}: ${address}`);
      }
      await page.context().close();
    },
  );

  test("opened from a file, it asks for its folder and reads it there", async () => {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(pathToFileURL(`${folder}/index.html`).href);
    await page.setInputFiles("#folder", folder);
    await page.waitForSelector("main h1:has-text('tiny')");
    await page.locator("nav a", { hasText: NORM }).first().click();
    await page.waitForSelector(".pane");
    await page.context().close();
  });

  test("what is not there is said in words", async () => {
    const page = await open("#/kernel/%");
    expect(await page.innerText("[role=alert]")).toContain("there is nothing called /kernel/%");
    await page.goto(`${server.origin}/explore/#/kernel/nothing`);
    await page.waitForSelector("[role=alert]:has-text('there is nothing called /kernel/nothing')");
    server.faults = [{ path: "/kernels/", status: 404 }];
    await page.locator("nav a", { hasText: NORM }).first().click();
    await page.waitForSelector("[role=alert]:has-text('the server answered 404')");
    await page.context().close();
  });
});
