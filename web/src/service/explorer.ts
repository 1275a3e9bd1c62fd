import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/** A Vite plugin that makes the page's module a classic script, run when the page is read, and drops CORS. */
export function classicScript(): Plugin {
  return {
    name: "kernelc-classic-script",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html) =>
        html.replace('<script type="module" crossorigin', "<script defer").replaceAll(" crossorigin", ""),
    },
  };
}

/** A Vite plugin that puts files of the chat page's public folder beside what is built. */
export function fromPublic(names: readonly string[]): Plugin {
  return {
    name: "kernelc-from-public",
    apply: "build",
    async generateBundle() {
      for (const name of names) {
        const file = fileURLToPath(new URL(`../../public/${name}`, import.meta.url));
        this.emitFile({ type: "asset", fileName: basename(name), source: await readFile(file) });
      }
    },
  };
}
