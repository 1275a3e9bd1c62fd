import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const WEB = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/**
 * Builds the page with the fake engine: the same document, styles and policy, another entry. Returns its folder, which
 * is that of a `spec` alone, since specs run beside each other.
 */
export async function buildFakePage(spec: string): Promise<string> {
  const outDir = join(WEB, "dist/fake-page", spec);
  await build({
    configFile: false,
    root: WEB,
    base: "./",
    logLevel: "warn",
    plugins: [
      {
        name: "fake-entry",
        transformIndexHtml: {
          order: "pre",
          handler: (html) => html.replace("./src/page/main.ts", "./tests/browser/page_fake/main.ts"),
        },
      },
    ],
    build: {
      target: "es2022",
      outDir,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  return outDir;
}
