/** What a visit transfers, compressed: the whole page, and the runtime alone, without what is loaded when needed. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { describe, expect, test } from "vitest";
import { distFolder } from "./harness.js";

const WEB = join(import.meta.dirname, "../..");
const gzipped = (data: string | Uint8Array): number => gzipSync(data, { level: 9 }).length;

/** Files that a page loads when something of theirs is first needed: formulas, code, calls, answers with a shape, what
 *  found no number, the smaller kind of tokenizer (a model has one of two), and what the site has computed; it has no
 *  need of text completions at all. */
const WHEN_NEEDED =
  /\/(?:drawing|highlightWorker|grammars|embeddings|calls|culprit|coder|ownProcessors|textCompletions|prompts|warm)-/;

/** The engine's worker, built as in the page, but for modules that match `external`, and for dynamic imports. */
async function workerBytes(external: readonly RegExp[]): Promise<number> {
  const options = { input: join(WEB, "src/engine/worker/worker.ts"), external: [...external] };
  const made = (await build({
    configFile: false,
    root: WEB,
    publicDir: false,
    logLevel: "error",
    build: { write: false, minify: true, target: "es2022", rolldownOptions: options },
  })) as Rolldown.RolldownOutput;
  return loadedAtOnce(made.output).reduce((sum, { code }) => sum + gzipped(code), 0);
}

/** The entry, with all that it imports before it runs; what several later parts share comes with the first of them. */
function loadedAtOnce(output: Rolldown.RolldownOutput["output"]): readonly Rolldown.OutputChunk[] {
  const chunks = new Map(output.flatMap((part) => (part.type === "chunk" ? [[part.fileName, part] as const] : [])));
  const wanted = [...chunks.values()].filter((part) => part.isEntry);
  for (const { imports } of wanted) {
    for (const name of imports) {
      const part = chunks.get(name);
      if (part && !wanted.includes(part)) wanted.push(part);
    }
  }
  return wanted;
}

test("nothing that is loaded later imports the worker's own file, which WebKit would run once more", () => {
  const folder = join(distFolder("site"), "assets");
  const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const worker = names.find((name) => name.startsWith("worker-")) ?? expect.fail("no worker");
  const importing = names.filter((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    return new RegExp(`(?:from|import)\\s*\\(?["'\`]\\./${worker.replaceAll(".", "\\.")}`).test(text);
  });
  expect(importing).toEqual([]);
});

describe("bundles, in bytes of gzip", () => {
  test("the page with everything in it is at most 200 KB", () => {
    const folder = distFolder("site");
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (name) => /\.(?:js|css|html)$/.test(name) && !name.startsWith("models/"),
    );
    const atOnce = names.filter((name) => !WHEN_NEEDED.test(name));
    expect(atOnce.length).toBeGreaterThan(4);
    expect(names.length - atOnce.length).toBe(12); // one of them has styles
    const bytes = atOnce.reduce((sum, name) => sum + gzipped(readFileSync(join(folder, name))), 0);
    expect(bytes).toBeLessThan(200_000);
  });

  test("the runtime without tokenizers and templates is at most 60 KB", async () => {
    const bytes = await workerBytes([/@huggingface\//, /\/src\/text\//, /\.\.\/text\//]);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(60_000);
  });
});
