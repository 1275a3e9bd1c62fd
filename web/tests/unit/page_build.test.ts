/** The page as it is built: what a first visit loads is small, and the rest is there when it is needed, offline too. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { BUNDLED, HELPING } from "../../src/service/licenses.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const WEB = join(import.meta.dirname, "../..");
/** Kilobytes, compressed, that the page's scripts and styles may have before anything is said. */
const BUDGET_KB = 200;

let folder: string;
let names: string[];
const used = new Set<string>();

/** Notes whose code is in the bundles: packages, and the tools of the build that put helpers into them. */
const packages: Plugin = {
  name: "packages",
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) {
      for (const id of part.type === "chunk" ? Object.keys(part.modules) : []) {
        const of = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id) ?? /^\0([^/]+)\//.exec(id);
        if (of?.[1]) used.add(of[1]);
      }
    }
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kernelc-build-"));
  const configFile = join(WEB, "vite.config.ts");
  const plugins = { plugins: [packages], worker: { plugins: () => [packages] } };
  await build({ root: WEB, configFile, logLevel: "silent", ...plugins, build: { outDir: folder } });
  names = await readdir(join(folder, "assets"));
});
afterAll(() => rm(folder, { recursive: true }));

const named = (pattern: RegExp): string[] => names.filter((name) => pattern.test(name));
const read = (name: string): Promise<string> => readFile(join(folder, "assets", name), "utf8");

describe("the built page", () => {
  it("loads little at first: its script, its styles and the worker", async () => {
    const page = await readFile(join(folder, "index.html"), "utf8");
    const first = [...page.matchAll(/assets\/([\w.-]+\.(?:js|css))/g)].map(([, name]) => name ?? "");
    expect(first).toHaveLength(2);
    const sizes = await Promise.all([...first, ...named(/^worker-.*\.js$/)].map(async (name) => gzipSync(await read(name)).length));
    expect(sizes).toHaveLength(3);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(BUDGET_KB * 1000);
  });

  it("has the highlighter and KaTeX in files of their own", async () => {
    const scripts = named(/^index-.*\.js$/);
    expect(scripts).toHaveLength(1);
    for (const chunk of [/^highlightWorker-.*\.js$/, /^drawing-.*\.js$/, /^drawing-.*\.css$/]) expect(named(chunk)).toHaveLength(1);
    expect(await read(scripts[0] ?? "")).not.toMatch(/KaTeX parse error|begin_keywords|beginKeywords/);
    expect(await read(named(/^drawing-.*\.js$/)[0] ?? "")).toContain("KaTeX parse error");
  });

  it("has KaTeX's fonts as woff2 alone, and names no other file", async () => {
    const fonts = named(/^KaTeX_/);
    expect(fonts).toHaveLength(20);
    expect(fonts.filter((name) => !name.endsWith(".woff2"))).toEqual([]);
    const css = await read(named(/^drawing-.*\.css$/)[0] ?? "");
    const used = [...css.matchAll(/url\(([^)]*)\)/g)].map(([, url]) => basename(url ?? ""));
    expect(new Set(used)).toEqual(new Set(fonts));
  });

  it("has the terms of everything that is in it", async () => {
    expect([...used].sort()).toEqual([...BUNDLED, ...HELPING].sort());
    const terms = await readFile(join(folder, "licenses.txt"), "utf8");
    for (const name of used) expect(terms).toMatch(new RegExp(`^${name} \\d+\\.\\d+`, "m"));
  });

  it("is kept for offline use, all of it", async () => {
    const worker = await readFile(join(folder, "sw.js"), "utf8");
    for (const name of names) expect(worker).toContain(`assets/${name}`);
  });
});
