/** Ids, texts and prompts as the Python runtime gives them: tests/web/text_vectors.py writes the files. */

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";

import { makePromptEncoder } from "../../src/text/prompt.js";
import { makeTemplate } from "../../src/text/template/template.js";
import { loadCoder } from "../../src/text/tokenizer.js";
import type { Coder, Message } from "../../src/text/types.js";

interface Loading {
  readonly folder: string;
  readonly kind: string;
  readonly file: string;
  readonly files: readonly string[];
}

interface TokenizerVectors extends Loading {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly encode: readonly { text: string; plain: number[] | null; special: number[] | null }[];
  readonly decode: readonly { ids: number[]; text: string; continued: string }[];
}

interface PromptVectors extends Loading {
  readonly template: { source: string; bos: string; eos: string };
  readonly talks: readonly (readonly { messages: Message[]; text: string; ids: number[]; answer: number[] }[])[];
  readonly cases: readonly { messages: Message[]; refused?: true; rendered: string; text: string; ids: number[] }[];
}

interface Vectors {
  readonly tokenizers: readonly TokenizerVectors[];
  readonly prompts: readonly PromptVectors[];
}

vi.setConfig({ testTimeout: 120_000 }); // large files, on machines that are busy with other tests

const REPO = resolve(import.meta.dirname, "../../..");
const DEMO = resolve(import.meta.dirname, "../vectors/demo_text.json");
const MORE = process.env["KERNELC_TEXT_VECTORS"]; // made at test time by tests/web/test_text_vectors.py

async function load({ folder, kind, file, files }: Loading): Promise<Coder> {
  const info = { kind, file, files: Object.fromEntries(files.map((name) => [name, null])) };
  return loadCoder(info, (name) => Promise.resolve(new Uint8Array(readFileSync(resolve(REPO, folder, name)))));
}

/** What differs, at most a few of them, so that a failure can be read. */
function differing<Case>(cases: readonly Case[], same: (each: Case) => unknown, wanted: (each: Case) => unknown): unknown[] {
  const found: unknown[] = [];
  for (const each of cases) {
    const [got, want] = [JSON.stringify(same(each)), JSON.stringify(wanted(each))];
    if (got !== want) found.push({ each, got, want });
  }
  return found.slice(0, 5);
}

function encoded(coder: Coder, text: string, parseSpecial: boolean): number[] | null {
  try {
    return coder.encode(text, { parseSpecial });
  } catch {
    return null;
  }
}

function streamed(coder: Coder, ids: readonly number[]): string {
  const stream = coder.stream();
  return ids.map((id) => stream.push(id)).join("") + stream.flush();
}

for (const [title, path] of [["the demo model", DEMO], ["random", MORE]] as const) {
  describe.skipIf(path === undefined)(`vectors of ${title}`, () => {
    if (path === undefined) return;
    if (!existsSync(path)) throw new Error(`${path}: there is no such file`);
    const vectors = JSON.parse(readFileSync(path, "utf-8")) as Vectors;

    for (const each of vectors.tokenizers) {
      describe(`${each.folder}/${each.file}`, async () => {
        const coder = await load(each);

        it("declares the same", () => {
          const { vocabSize, bosId, eosId, promptPrefix, leadingSpace } = coder;
          const specialIds = Object.fromEntries(coder.specialIds);
          expect({ vocabSize, bosId, eosId, promptPrefix, leadingSpace, specialIds }).toEqual(each.facts);
        });

        it(`gives the same ids for ${each.encode.length} texts`, () => {
          expect(each.encode.length).toBeGreaterThan(50);
          expect(differing(each.encode, ({ text }) => encoded(coder, text, false), ({ plain }) => plain)).toEqual([]);
          expect(differing(each.encode, ({ text }) => encoded(coder, text, true), ({ special }) => special)).toEqual([]);
        });

        it(`gives the same texts for ${each.decode.length} lists of ids, at once and as a stream`, () => {
          expect(differing(each.decode, ({ ids }) => coder.decode(ids), ({ text }) => text)).toEqual([]);
          expect(differing(each.decode, ({ ids }) => streamed(coder, ids), ({ text }) => text)).toEqual([]);
          const continued = (ids: readonly number[]): string => coder.decode(ids, { continued: true });
          expect(differing(each.decode, ({ ids }) => continued(ids), (known) => known.continued)).toEqual([]);
        });
      });
    }

    for (const each of vectors.prompts) {
      it(`${each.folder}/${each.file}: gives the same ${each.cases.length} prompts`, async () => {
        const coder = await load(each);
        const template = makeTemplate(each.template.source, each.template.bos, each.template.eos);
        const made = (messages: Message[]): unknown => {
          try {
            return { rendered: template.render(messages), ...makePromptEncoder(coder, template).prompt(messages) };
          } catch {
            return "refused";
          }
        };
        const wanted = ({ refused, rendered, text, ids }: PromptVectors["cases"][number]): unknown =>
          refused ? "refused" : { rendered, text, ids };
        expect(differing(each.cases, ({ messages }) => made(messages), wanted)).toEqual([]);
      });

      it(`${each.folder}/${each.file}: keeps the ids of ${each.talks.length} conversations`, async () => {
        const coder = await load(each);
        const template = makeTemplate(each.template.source, each.template.bos, each.template.eos);
        for (const talk of each.talks) {
          const prompts = makePromptEncoder(coder, template);
          for (const { messages, text, ids, answer } of talk) {
            const prompt = prompts.prompt(messages);
            expect(prompt).toEqual({ text, ids });
            prompts.remember(prompt, answer);
          }
        }
      });
    }
  });
}
