/** What a visit transfers, compressed: the whole page, and the runtime alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { describe, expect, test } from "vitest";
import { distFolder } from "./harness.js";

const WEB = join(import.meta.dirname, "../..");
const gzipped = (data: string | Uint8Array): number => gzipSync(data, { level: 9 }).length;

/** The engine's worker, built as in the page, but for modules that match `external`. */
async function workerBytes(external: readonly RegExp[]): Promise<number> {
  const options = { input: join(WEB, "src/engine/worker/worker.ts"), external: [...external] };
  const made = (await build({
    configFile: false,
    root: WEB,
    publicDir: false,
    logLevel: "error",
    build: { write: false, minify: true, target: "es2022", rolldownOptions: options },
  })) as Rolldown.RolldownOutput;
  return made.output.reduce((sum, part) => sum + (part.type === "chunk" ? gzipped(part.code) : 0), 0);
}

describe("bundles, in bytes of gzip", () => {
  test("the page with everything in it is at most 200 KB", () => {
    const folder = distFolder("site");
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (name) => /\.(?:js|css|html)$/.test(name) && !name.startsWith("models/"),
    );
    expect(names.length).toBeGreaterThan(4);
    const bytes = names.reduce((sum, name) => sum + gzipped(readFileSync(join(folder, name))), 0);
    expect(bytes).toBeLessThan(200_000);
  });

  test("the runtime without tokenizers and templates is at most 60 KB", async () => {
    const bytes = await workerBytes([/@huggingface\//, /\/src\/text\//, /\.\.\/text\//]);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(60_000);
  });
});
