/**
 * What browser specs stand on: a Chromium with WebGPU, a server of the built site, library and artifacts, and
 * the reference outputs. See README.md.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { inject } from "vitest";

import type * as Kernelc from "../../src/index";
import { TestServer, type Mount } from "./server";

export { TestServer, type Fault, type Seen } from "./server";

declare global {
  /** The built library, on the pages of `openEngine`. (vitest rewrites `import()`, in `page.evaluate` too.) */
  var kernelc: typeof Kernelc;
}

const WEB = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Background talk off; a sandbox cannot be had in a container. WebGPU runs on Chromium's SwiftShader. */
const FLAGS = [
  "--no-sandbox", "--disable-gpu-sandbox", "--enable-unsafe-webgpu", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-first-run",
  // SwiftShader takes seconds to compile a kernel whose workgroup memory is zeroed in this way, else milliseconds.
  "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
];

/** Whether there is a browser to test with; use as `describe.skipIf(!hasChromium)`. */
export const hasChromium: boolean = inject("chromium") !== "";

/** Start Chromium; `flags` come on top. */
export async function startBrowser(flags: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({ executablePath: inject("chromium"), args: [...FLAGS, ...flags] });
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

/** Whether an artifact of prepare.py is there: those of models outside the repository may not be. */
export function hasArtifact(name: string): boolean {
  return name in inject("prepared").artifacts;
}

/** The folder of an artifact of prepare.py. */
export function artifactFolder(name: string): string {
  const folder = inject("prepared").artifacts[name];
  if (folder === undefined) throw new Error(`no artifact ${name}: see prepare.py`);
  return folder;
}

/** The built page's or library's folder. */
export function distFolder(part: "site" | "lib"): string {
  return join(WEB, "dist", part);
}

/** The folder of real models and reference outputs, undefined where there is none. */
export function sharedData(): string | undefined {
  const folder = process.env["KERNELC_TEST_DATA"] ?? resolve(WEB, "../../shared/data");
  return existsSync(folder) ? folder : undefined;
}

/** How many positions of a reference's logits are compared, and how far each number may be from it. */
export const LOGIT_POSITIONS = 32;
export const MOST_ERROR = 1e-3;

/** What an independent fp32 implementation says of a model: runs at temperature 0. */
export interface Run {
  readonly prompt: string;
  readonly prompt_ids: number[];
  readonly ids: number[];
}

/** The reference runs of a model in shared/data; none where that is missing. */
export function referenceRuns(model: string): readonly Run[] {
  const file = join(sharedData() ?? "", "reference", `${model}.json`);
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, "utf8")) as { runs: Run[] }).runs;
}

/** Reference logits of the first run, one position's behind the other's; none where they are missing. */
export function referenceLogits(model: string): Float32Array {
  const file = inject("prepared").logits[model];
  if (file === undefined) return new Float32Array();
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The largest difference of `got` to the beginning of `wanted`; NaN where either is none. */
export function worstError(got: readonly number[], wanted: Float32Array): number {
  return got.reduce((worst, value, at) => {
    const error = Math.abs(value - (wanted[at] ?? NaN));
    return error <= worst ? worst : error;
  }, 0);
}
