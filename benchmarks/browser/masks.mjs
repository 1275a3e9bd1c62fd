/**
 * What a grammar costs a token in Chromium, beside the model: finding the mask, taking the token, and tokens that are
 * forced.
 *
 *     python -m benchmarks.grammar_masks --model FOLDER_OR_GGUF --pieces pieces.json
 *     node benchmarks/browser/masks.mjs pieces.json > results.json
 *
 * Random walks through the masks stand for answers. Each grammar walks twice over the same answers: masks are new the
 * first time, and known the second. Times are of whole walks, divided by their tokens, since a page's clock is coarse.
 * Needs `npm ci` in web/.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium } from "../../web/node_modules/playwright-core/index.mjs";
import { rolldown } from "../../web/node_modules/rolldown/dist/index.mjs";

const [pieces] = process.argv.slice(2);
const given = JSON.parse(readFileSync(pieces, "utf-8"));
const input = fileURLToPath(new URL("../../web/src/grammar/index.ts", import.meta.url));
const bundle = await rolldown({ input });
const { output } = await bundle.generate({ format: "iife", name: "grammar" });

const executablePath = process.env.KERNELC_CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
await page.addScriptTag({ content: output[0].code });
const grammars = await page.evaluate(measureAll, given);
const version = browser.version();
await browser.close();
console.log(JSON.stringify({ model: given.model, chromium: version, tokens: given.pieces.length, grammars }, null, 1));

/** Runs in the page. */
function measureAll({ pieces, ends, excluded, grammars }) {
  const { Constraint, Matcher, Vocabulary, gbnfGrammar, jsonGrammar, jsonSchemaGrammar, regexGrammar } = globalThis.grammar;
  const bytes = pieces.map((hex) => Uint8Array.from(hex.match(/../g) ?? [], (each) => Number.parseInt(each, 16)));
  const vocabulary = new Vocabulary(bytes.length, (id) => bytes[id], { excluded });
  const makers = {
    json: () => jsonGrammar(),
    schema: (text) => jsonSchemaGrammar(JSON.parse(text)),
    regex: (text) => regexGrammar(text),
    gbnf: (text) => gbnfGrammar(text),
  };
  const [answers, most] = [20, 100];

  /** Every token of a mask is as likely. */
  function walk(constraint, chance) {
    const matcher = new Matcher(constraint);
    const taken = [];
    while (taken.length < most && !matcher.ended) {
      const mask = matcher.mask();
      const allowed = [];
      for (let id = 0; id < bytes.length; id += 1) if ((mask[id >>> 5] >>> (id & 31)) & 1) allowed.push(id);
      taken.push(allowed[Math.floor(chance() * allowed.length)]);
      matcher.advance(taken.at(-1));
    }
    return taken;
  }

  function timed(constraint, walks) {
    const staging = new Uint32Array(vocabulary.words); // what a queue would copy
    let worst = 0;
    const began = performance.now();
    for (const taken of walks) {
      const matcher = new Matcher(constraint);
      for (const token of taken) {
        const before = performance.now();
        staging.set(matcher.mask());
        matcher.advance(token);
        worst = Math.max(worst, performance.now() - before);
      }
    }
    const count = walks.reduce((sum, { length }) => sum + length, 0);
    return { us_a_token: round((1e3 * (performance.now() - began)) / count), worst_ms: round(worst) };
  }

  function round(value) {
    return Math.round(1000 * value) / 1000;
  }

  function random(seed) {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
  }

  const found = {};
  for (const [name, kind, text] of grammars) {
    const fresh = () => new Constraint(makers[kind](text), vocabulary, ends);
    const began = performance.now();
    const constraint = fresh();
    const compile_ms = round(performance.now() - began);
    const chance = random(7);
    const walks = Array.from({ length: answers }, () => walk(constraint, chance));
    timed(fresh(), walks); // for the compiler
    const first = timed(fresh(), walks);
    const again = timed(constraint, walks);
    found[name] = { compile_ms, new: first, known: again, tokens: walks.flat().length };
  }
  return found;
}
