/** The explorer as it is built: one small classic script, which evaluates no text and parses no HTML. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const WEB = join(import.meta.dirname, "../..");
const BUDGET_KB = 45; // compressed, script and styles

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kernelc-explorer-"));
  const configFile = join(WEB, "vite.explore.config.ts");
  await build({ root: join(WEB, "explore"), configFile, logLevel: "silent", build: { outDir: folder } });
});
afterAll(() => rm(folder, { recursive: true }));

const asset = async (ending: string): Promise<string> => {
  const names = (await readdir(join(folder, "assets"))).filter((name) => name.endsWith(ending));
  expect(names).toHaveLength(1);
  return readFile(join(folder, "assets", names[0] ?? ""), "utf8");
};

describe("the built explorer", () => {
  it("is a classic script with its styles in a file, so that it runs from a file too", async () => {
    const page = await readFile(join(folder, "index.html"), "utf8");
    expect(page).toMatch(/<script defer src="\.\/assets\/index-[\w-]+\.js"><\/script>/);
    expect(page).not.toMatch(/type="module"|crossorigin/);
    expect(page).toMatch(/<link rel="stylesheet" href="\.\/assets\/style-[\w-]+\.css">/);
    expect((await readdir(folder)).sort()).toEqual(["assets", "icon.svg", "index.html", "licenses.txt", "theme.js"]);
  });

  it("may load and run nothing but its own files", async () => {
    const page = await readFile(join(folder, "index.html"), "utf8");
    const policy = /Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1] ?? "";
    expect(policy.split("; ").sort()).toEqual([
      "base-uri 'none'", "connect-src 'self'", "default-src 'none'", "form-action 'none'", "img-src 'self' data:",
      "script-src 'self'", "style-src 'self'",
    ]);
    const script = await asset(".js");
    expect(script).not.toMatch(/\beval\(|new Function\b|innerHTML|insertAdjacentHTML|document\.write|createElement\(`style`/);
  });

  it("is small", async () => {
    const bytes = gzipSync(await asset(".js")).length + gzipSync(await asset(".css")).length;
    expect(bytes).toBeLessThan(BUDGET_KB * 1000);
  });
});
