import { expect, it } from "vitest";
import { parseManifest } from "../../src/artifact/manifest.js";
import { loadTexts } from "../../src/engine/models/loadModel.js";
import { watchCoder, watched, watchTemplate } from "../../src/engine/models/watched.js";
import type { Coder, Template } from "../../src/text/types.js";
import { sampleManifest, type Json } from "./sample_manifest.js";
import { DEMO, utf8 } from "./text_files.js";

/** A coder with private state, as the real ones have. */
class Letters {
  readonly #first = 10;
  encode(text: string): number[] {
    if (text === "bad") throw new Error("refused");
    return [...text].map((_, index) => this.#first + index);
  }
}

it("says when work begins and ends, whatever comes of it", () => {
  const heard: (string | null)[] = [];
  const watch = (busy: string | null): unknown => heard.push(busy);
  const coder = new Letters() as unknown as Coder;
  watchCoder(coder, watch);
  expect(coder.encode("ab")).toEqual([10, 11]);
  expect(() => coder.encode("bad")).toThrow("refused");
  const template: Template = { isPlain: true, source: "{{ messages }}", render: (messages) => `${messages.length}` };
  expect(watchTemplate(template, watch).render([])).toBe("0");
  expect(watchTemplate(template, watch).isPlain).toBe(true);
  expect(watched(watch, "x", () => 7)).toBe(7);
  expect(heard).toEqual([
    "the tokenizer", null, "the tokenizer", null, "the chat template", null, "x", null,
  ]);
});

it("does not count what a network takes between the files of a tokenizer", async () => {
  const sample = sampleManifest();
  const model = { ...(sample["model"] as Json), vocab_size: 4096 };
  const entry = { bytes: 10, sha256: "e".repeat(64) };
  const files = { "tokenizer.model": entry, "tokenizer_config.json": entry };
  const tokenizer = { ...(sample["tokenizer"] as Json), files };
  const bytes = utf8.encode(JSON.stringify({ ...sample, model, tokenizer, chat_template: null }));
  const heard: (string | null)[] = [];
  let arrive: (data: Uint8Array<ArrayBuffer>) => void = () => undefined;
  const large = new Promise<Uint8Array<ArrayBuffer>>((resolve) => (arrive = resolve));
  const file = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    name === "tokenizer.model" ? large : Promise.resolve(utf8.encode("{}"));
  const source = { manifest: parseManifest(bytes, "m.json"), file };
  const loading = loadTexts(source, () => undefined, (busy) => heard.push(busy));
  await new Promise((resolve) => setTimeout(resolve));
  expect(heard).toEqual([]);
  arrive(DEMO);
  await loading;
  expect(heard.slice(0, 2)).toEqual(["the tokenizer's file", null]);
  expect(heard.at(-1)).toBe(null);
});
