/** Which folder of src may import which, and that no files import each other in a circle. Types count too. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { BUNDLED, HELPING, licenseTexts } from "../../src/service/licenses.js";

const SRC = resolve(import.meta.dirname, "../../src");

/** For each folder, which others its files may import: page → engine → wasm → gpu → weights, text → artifact. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  artifact: [],
  service: [],
  weights: ["artifact", "weights/download", "weights/stores"],
  "weights/download": ["artifact", "weights"],
  "weights/stores": ["weights"],
  text: ["artifact", "text/sentencepiece", "text/tokenizerJson", "text/tools"],
  "text/tools": ["artifact", "text"],
  "text/sentencepiece": ["text"],
  "text/tokenizerJson": ["artifact", "text"],
  "text/template": ["artifact", "text", "text/template/filters"],
  "text/template/filters": ["text", "text/template"],
  grammar: ["grammar/json"],
  "grammar/json": ["grammar"],
  gpu: ["artifact", "weights"],
  wasm: ["artifact", "gpu"],
  prefixes: ["artifact", "gpu", "weights", "weights/stores"],
  engine: [
    "artifact", "weights", "text", "gpu", "prefixes", "engine/answers", "engine/diagnosis", "engine/masked",
    "engine/models", "engine/openai", "engine/request", "engine/sampling", "engine/steps", "text/sentencepiece",
  ],
  // What engine.ts is made of: steps of the device, and what is drawn of their logits.
  "engine/sampling": ["artifact", "engine", "gpu", "text"],
  "engine/steps": ["artifact", "engine/diagnosis", "engine/sampling", "gpu"],
  "engine/masked": [
    "artifact", "engine", "engine/diagnosis", "engine/request", "engine/sampling", "engine/steps", "gpu", "grammar",
    "text", "text/tools",
  ],
  "engine/diagnosis": ["artifact", "engine/sampling", "engine/steps", "gpu", "prefixes"],
  // What localEngine.ts is made of: requests and answers as OpenAI has them.
  "engine/openai": [],
  "engine/request": ["artifact", "engine/openai", "engine/sampling", "text", "text/tools"],
  "engine/answers": [
    "artifact", "engine", "engine/masked", "engine/openai", "engine/request", "engine/sampling", "engine/steps", "text",
    "text/tools",
  ],
  // Models: what a device has room for, and how one is loaded.
  "engine/memory": ["artifact", "engine", "engine/sampling", "gpu", "prefixes"],
  "engine/models": [
    "artifact", "engine", "engine/memory", "engine/sampling", "engine/steps", "gpu", "prefixes", "text", "text/template",
    "wasm", "weights",
  ],
  "engine/worker": ["artifact", "engine", "engine/memory", "engine/models", "engine/sampling", "wasm"],
  "engine/clients": [
    "artifact", "engine", "engine/answers", "engine/diagnosis", "engine/masked", "engine/models", "engine/sampling",
    "engine/worker", "prefixes", "text/sentencepiece",
  ],
  adapters: ["artifact", "engine"],
  page: [
    "engine", "engine/models", "engine/worker", "weights", "service", "page/keeping", "page/reading", "page/state",
    "page/views",
  ],
  "page/keeping": ["page", "page/state", "text", "weights"],
  "page/reading": ["page", "text/tools"],
  "page/state": ["engine", "weights"],
  "page/views": ["page", "page/reading", "page/state"],
  // The page that shows a model's kernels: it has the runtime's checks, and the look of the other page.
  explore: ["artifact", "explore/data", "explore/run", "explore/views", "page"],
  "explore/data": ["artifact", "page"],
  "explore/run": ["artifact", "explore/data", "gpu"],
  "explore/views": ["artifact", "explore", "explore/data", "explore/run", "page"],
  "": ["engine", "engine/clients", "engine/models", "engine/worker", "text", "weights"], // index.ts: the library
};

/** Which folders may import which packages. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@ai-sdk/provider": ["adapters"],
  "@huggingface/jinja": ["text/template", "text/template/filters"],
  "@huggingface/tokenizers": ["text/tokenizerJson"],
  dompurify: ["page"],
  "highlight.js": ["page/reading"],
  katex: ["page/reading"],
  marked: ["page", "page/reading"],
  vite: ["service"],
};

/** Packages that only serve the build. */
const BUILDS = ["vite"];

/** Packages of which only types are used. */
const TYPES = ["@ai-sdk/provider"];

const IMPORT = /\bfrom\s*"([^"\s]+)"|\bimport\s*\(?\s*"([^"\s]+)"/g;

interface Import {
  readonly from: string;
  /** A file of src, or the name of a package. */
  readonly to: string;
}

/** "gpu/load.ts" for each file. */
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"));

function importsOf(text: string, from: string): Import[] {
  return [...text.matchAll(IMPORT)].map((found) => {
    const name = found[1] ?? found[2] ?? "";
    if (!name.startsWith(".")) return { from, to: name };
    return { from, to: posix.join(posix.dirname(from), name).replace(/\.js(?:\?.*)?$/, ".ts") };
  });
}

const folderOf = (file: string): string => dirname(file).replace(/^\.$/, "");
/** "katex" for "katex/dist/katex.min.css". */
const packageOf = (name: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
const isFile = ({ to }: Import): boolean => to.endsWith(".ts");
const imports = files.flatMap((file) => importsOf(readFileSync(join(SRC, file), "utf8"), file));

/** The imports that the table does not allow, as "a.ts imports b.ts". */
function against(found: readonly Import[]): string[] {
  return found
    .filter(isFile)
    .filter(({ from, to }) => folderOf(from) !== folderOf(to))
    .filter(({ from, to }) => !ALLOWED[folderOf(from)]?.includes(folderOf(to)))
    .map(({ from, to }) => `${from} imports ${to}`);
}

/** A circle of files, "a.ts → b.ts → a.ts", null where there is none. */
function circle(found: readonly Import[]): string | null {
  const targets = new Map<string, string[]>();
  for (const { from, to } of found.filter(isFile)) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(" → ");
    if (done.has(file)) return null;
    for (const next of targets.get(file) ?? []) {
      const circular = visit(next, [...path, file]);
      if (circular) return circular;
    }
    done.add(file);
    return null;
  };
  for (const file of targets.keys()) {
    const circular = visit(file, []);
    if (circular) return circular;
  }
  return null;
}

describe("imports", () => {
  it("go in the directions of the table", () => {
    expect(imports.length).toBeGreaterThan(200);
    expect(against(imports)).toEqual([]);
  });

  it("make no circle", () => {
    expect(circle(imports)).toBeNull();
  });

  it("name files that there are", () => {
    expect(imports.filter(isFile).filter(({ to }) => !files.includes(to))).toEqual([]);
  });

  it("of packages stay where they belong", () => {
    const packages = imports.filter((each) => !isFile(each) && !each.to.startsWith("node:"));
    expect(packages.filter(({ from, to }) => !PACKAGES[packageOf(to)]?.includes(folderOf(from)))).toEqual([]);
  });

  it("are allowed only where there are some, folder by folder", () => {
    const pairs = new Set(imports.filter(isFile).map(({ from, to }) => `${folderOf(from)} > ${folderOf(to)}`));
    const table = Object.entries(ALLOWED).flatMap(([from, all]) => all.map((to) => `${from} > ${to}`));
    expect(table.filter((pair) => !pairs.has(pair))).toEqual([]);
  });
});

describe("the check of imports", () => {
  it("sees every form, types and several lines included", () => {
    const text = `import type { A } from "../a.js";\nimport {\n  b,\n} from "./b.js";\nexport * from "./c.js";
      import "./d.js"; await import("../e/f.js"); import p from "package";`;
    const seen = importsOf(text, "gpu/x.ts").map(({ to }) => to);
    expect(seen).toEqual(["a.ts", "gpu/b.ts", "gpu/c.ts", "gpu/d.ts", "e/f.ts", "package"]);
  });

  it("refuses an import upwards, and a circle", () => {
    expect(against([{ from: "gpu/a.ts", to: "engine/b.ts" }])).toEqual(["gpu/a.ts imports engine/b.ts"]);
    const round = [["a.ts", "b.ts"], ["b.ts", "c.ts"], ["c.ts", "b.ts"]] as const;
    expect(circle(round.map(([from, to]) => ({ from, to })))).toBe("b.ts → c.ts → b.ts");
  });
});

describe("the licences of what is bundled", () => {
  it("are those of every package that may be imported, each with its text", async () => {
    const packages = Object.keys(PACKAGES).filter((name) => ![...BUILDS, ...TYPES].includes(name));
    expect(packages.sort()).toEqual([...BUNDLED].sort());
    const texts = (await licenseTexts()).split(`\n${"-".repeat(80)}\n`);
    expect(texts).toHaveLength(1 + BUNDLED.length + HELPING.length + 1);
    expect(texts.at(-1)).toMatch(/^\s*Fonts of KaTeX[^]*SIL OPEN FONT LICENSE/);
    [...BUNDLED, ...HELPING].forEach((name, at) => expect(texts[at + 1]).toMatch(new RegExp(`^\\s*${name} \\d+\\.\\d+`)));
    expect(texts.at(-2)).toContain("VoidZero");
    expect(texts.at(-2)?.length).toBeLessThan(3000); // of Vite, and not of what only it contains
    for (const text of texts) expect(text.length).toBeGreaterThan(800);
  });
});
