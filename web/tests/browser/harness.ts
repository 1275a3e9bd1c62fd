/**
 * What browser specs stand on: a Chromium with WebGPU, and a server of the built site, library and artifacts.
 * See README.md.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { inject } from "vitest";

import type * as Kernelc from "../../src/index";
import type { OtherName } from "./other_browsers";
import { TestServer, type Mount } from "./server";

export { TestServer, type Fault, type Seen } from "./server";

declare global {
  /** The built library, on the pages of `openEngine`. (vitest rewrites `import()`, in `page.evaluate` too.) */
  var kernelc: typeof Kernelc;
}

const WEB = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Background talk off; a sandbox cannot be had in a container. WebGPU runs on Chromium's SwiftShader. */
const WEBGPU = "--enable-unsafe-webgpu";
const FLAGS = [
  "--no-sandbox", "--disable-gpu-sandbox", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-first-run",
  // SwiftShader takes seconds to compile a kernel whose workgroup memory is zeroed in this way, else milliseconds.
  "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
];

/** Headers of pages whose memory threads may share. */
export const ISOLATING = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Whether there is a browser to test with; use as `describe.skipIf(!hasChromium)`. */
export const hasChromium: boolean = inject("chromium") !== "";

/** Whether there is such a browser to test with. */
export function hasOther(name: OtherName): boolean {
  return inject("others")[name] !== "";
}

/** Start Chromium; `flags` come on top. Without `adapter` pages find no graphics adapter. */
export async function startBrowser(flags: readonly string[] = [], adapter = true): Promise<Browser> {
  const args = [...FLAGS, ...(adapter ? [WEBGPU] : []), ...flags];
  return await chromium.launch({ executablePath: inject("chromium"), args });
}

/**
 * Serve: "/site/" the site that `kernelc web` wrote, "/lib/" the built library, "/models/NAME/" each artifact of
 * prepare.py, "/" an empty page to evaluate in, "/engine.html" one with the library. `mounts` come on top.
 */
export async function startServer(mounts: Readonly<Record<string, Mount>> = {}): Promise<TestServer> {
  const { site, artifacts } = inject("prepared");
  const models = Object.entries(artifacts).map(([name, folder]) => [`/models/${name}/`, folder]);
  return await new TestServer({
    "/": join(WEB, "tests/browser/empty"),
    "/lib/": join(WEB, "dist/lib"),
    "/site/": site,
    ...(Object.fromEntries(models) as Record<string, string>),
    ...mounts,
  }).start();
}

/** A page in a context of its own (own storage), on `path`; its errors and console land in the test's output. */
export async function openPage(
  browser: Browser | BrowserContext,
  server: TestServer,
  path = "/",
): Promise<Page> {
  const page = "newContext" in browser ? await (await browser.newContext()).newPage() : await browser.newPage();
  page.on("pageerror", (error) => {
    console.error(`page error: ${error.stack ?? error.message}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error") console.error(`page console: ${message.text()}`);
  });
  await page.goto(server.origin + path);
  return page;
}

/** As `openPage`, on a page with the built library as the global `kernelc`. */
export async function openEngine(browser: Browser | BrowserContext, server: TestServer): Promise<Page> {
  const page = await openPage(browser, server, "/engine.html");
  await page.waitForFunction(() => "kernelc" in globalThis);
  return page;
}

/** The folder of an artifact of prepare.py. */
export function artifactFolder(name: string): string {
  const folder = inject("prepared").artifacts[name];
  if (folder === undefined) throw new Error(`no artifact ${name}: see prepare.py`);
  return folder;
}

/** The built page's or library's folder. */
export function distFolder(part: "site" | "lib" | "explore"): string {
  return join(WEB, "dist", part);
}
