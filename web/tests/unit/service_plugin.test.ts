import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "vite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { precacheOf, serviceWorker } from "../../src/service/plugin.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kernelc-page-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const PAGE = { "index.html": "page", "assets/a.js": "a", "icon.svg": "icon", "manifest.webmanifest": "{}" };

describe("the list of a page's files", () => {
  it("has what the page needs, and neither models nor the worker itself", async () => {
    await write(PAGE);
    await write({ "sw.js": "x", "models.json": "x", "models/demo/manifest.json": "x", "assets/a.js.map": "x" });
    expect((await precacheOf(folder)).files).toEqual(["assets/a.js", "icon.svg", "manifest.webmanifest"]);
  });

  it("has a version that changes with every file of it, the page included", async () => {
    await write(PAGE);
    const versions = new Set([(await precacheOf(folder)).version]);
    for (const name of Object.keys(PAGE)) {
      await write({ [name]: "changed" });
      versions.add((await precacheOf(folder)).version);
    }
    expect(versions.size).toBe(1 + Object.keys(PAGE).length);
  });
});

describe("the build", () => {
  it("puts one script without imports beside the page, with the list in it", async () => {
    await write({ "index.html": '<script type="module" src="./main.js"></script>', "main.js": "console.log(1)" });
    await build({ root: folder, configFile: false, logLevel: "silent", base: "./", plugins: [serviceWorker()] });
    const script = await readFile(join(folder, "dist/sw.js"), "utf8");
    const { version, files } = await precacheOf(join(folder, "dist"));
    expect(files).toHaveLength(1);
    for (const part of [version, ...files, "models.json"]) expect(script).toContain(part);
    expect(script).not.toMatch(/\bimport\b|__PRECACHE__/);
  });
});
