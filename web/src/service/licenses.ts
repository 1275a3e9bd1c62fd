import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/**
 * The packages whose code is a part of the page or of the library. The test of imports holds them to this
 * list.
 */
export const BUNDLED = [
  "@huggingface/jinja",
  "@huggingface/tokenizers",
  "dompurify",
  "highlight.js",
  "katex",
  "marked",
] as const;

/** The tools of the build, which put a few helpers of theirs into every bundle. */
export const HELPING = ["rolldown", "vite"] as const;

/**
 * KaTeX's fonts have terms of their own, which its package does not hold; each font names them and its
 * makers.
 */
const FONTS = `Fonts of KaTeX (OFL-1.1)
https://github.com/KaTeX/katex-fonts

Copyright (c) 2009-2010, Design Science, Inc. (<www.mathjax.org>)
Copyright (c) 2014-2018 Khan Academy (<www.khanacademy.org>),
with Reserved Font Names KaTeX_AMS, KaTeX_Caligraphic, KaTeX_Fraktur, KaTeX_Main, KaTeX_Math, KaTeX_SansSerif,
KaTeX_Script, KaTeX_Size1, KaTeX_Size2, KaTeX_Size3, KaTeX_Size4 and KaTeX_Typewriter.
`;
const FONT_TERMS = fileURLToPath(new URL("./OFL-1.1.txt", import.meta.url));
const OWN = fileURLToPath(new URL("../../../LICENSE", import.meta.url));

/** A Vite plugin that puts licenses.txt beside what is built: the terms of everything that is in it. */
export function licenses(): Plugin {
  return {
    name: "kernelc-licenses",
    apply: "build",
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "licenses.txt", source: await licenseTexts() });
    },
  };
}

/**
 * kernelc's own licence, then that of each package, with its name, version and source, and that of the fonts.
 */
export async function licenseTexts(): Promise<string> {
  const parts = [`kernelc\n\n${await readFile(OWN, "utf8")}`];
  for (const name of [...BUNDLED, ...HELPING]) parts.push(await licenseOf(name));
  parts.push(`${FONTS}\n${await readFile(FONT_TERMS, "utf8")}`);
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

interface PackageFacts {
  readonly version: string;
  readonly license: string;
  readonly repository?: string | { readonly url: string };
}

async function licenseOf(name: string): Promise<string> {
  const folder = packageFolder(name);
  const facts = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as PackageFacts;
  const { repository } = facts;
  const source = typeof repository === "object" ? repository.url : (repository ?? "");
  const text = await licenseFile(folder);
  return `${name} ${facts.version} (${facts.license})\n${source}\n\n${text}`;
}

/** The terms of a package, without those of what only its own tools contain. */
async function licenseFile(folder: string): Promise<string> {
  const file = (await readdir(folder)).find((name) => /^LICEN[CS]E(?:\.md)?$/i.test(name));
  if (file === undefined) throw new Error(`${folder} has no file LICENSE`);
  const text = await readFile(join(folder, file), "utf8");
  return text.replace(/\n# Licenses of bundled dependencies\n[^]*$/, "\n");
}

/**
 * The folder of an installed package. (Its package.json may be no export, so it is looked for above its
 * code.)
 */
function packageFolder(name: string): string {
  const code = createRequire(import.meta.url).resolve(name);
  const at = code.replaceAll("\\", "/").lastIndexOf(`node_modules/${name}/`);
  if (at < 0) throw new Error(`${name} is not among the installed packages: ${dirname(code)}`);
  return code.slice(0, at + `node_modules/${name}`.length);
}
