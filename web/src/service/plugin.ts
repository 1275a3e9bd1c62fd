import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";
import type { Precache } from "./pageWorker.js";

/** A Vite plugin that builds sw.js, with the list of the page's files, after the page is built. */
export function serviceWorker(): Plugin {
  let folder = "";
  return {
    name: "kernelc-service-worker",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    async closeBundle(error?: Error) {
      if (error === undefined) await buildWorker(folder, await precacheOf(folder));
    },
  };
}

/** All files of a built page, and a version that changes with any of them. */
export async function precacheOf(folder: string): Promise<Precache> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = paths.map((path) => relative(folder, path).split(sep).join("/")).filter(isOfPage).sort();
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  return { version: hash.digest("hex").slice(0, 16), files: names.filter((name) => name !== "index.html") };
}

/** index.html counts for the version, but is listed as "./". Models under public/ are left out. */
function isOfPage(name: string): boolean {
  return name !== "sw.js" && name !== "models.json" && !name.startsWith("models/") && !name.endsWith(".map");
}

async function buildWorker(folder: string, precache: Precache): Promise<void> {
  const entry = fileURLToPath(new URL("./sw.ts", import.meta.url));
  await build({
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    define: { __PRECACHE__: JSON.stringify(precache) },
    build: {
      target: "es2022",
      outDir: folder,
      emptyOutDir: false,
      // A single classic script without imports, which every browser accepts.
      lib: { entry, formats: ["iife"], name: "kernelcServiceWorker", fileName: () => "sw.js" },
    },
  });
}
