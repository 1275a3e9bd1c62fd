/** Small tokenizers to bend, as the files of an artifact. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { loadCoder } from "../../src/text/tokenizer.js";
import type { Coder } from "../../src/text/types.js";

export const REPO = resolve(import.meta.dirname, "../../..");
export const DEMO = new Uint8Array(readFileSync(resolve(REPO, "model/demo/tokenizer.model")));
export const utf8 = new TextEncoder();

export type Files = Readonly<Record<string, Uint8Array>>;

export function open(files: Files, vocabSize?: number): Promise<Coder> {
  const [file = ""] = Object.keys(files);
  const info = { kind: file.endsWith(".model") ? "sentencepiece" : "tokenizers", file, files };
  const read = (name: string): Promise<Uint8Array> =>
    files[name] ? Promise.resolve(files[name]) : Promise.reject(new Error(`${name} is not there`));
  return loadCoder(info, read, vocabSize);
}

export function model(data: Uint8Array, config: object = {}): Promise<Coder> {
  return open({ "tokenizer.model": data, "tokenizer_config.json": utf8.encode(JSON.stringify(config)) });
}

/** A tokenizer.json of 260 tokens: byte-level BPE with one merge and markup. */
export function small(changes: object = {}): Record<string, unknown> {
  const printable = [...Array(256).keys()].map((byte) => {
    const plain = (0x21 <= byte && byte <= 0x7e) || (0xa1 <= byte && byte <= 0xac) || 0xae <= byte;
    return String.fromCharCode(plain ? byte : byte <= 0x20 ? 256 + byte : byte <= 0xa0 ? 256 + 33 + byte - 0x7f : 323);
  });
  const vocab = Object.fromEntries([...printable.sort(), "he"].map((token, id) => [token, id]));
  const added = ["<s>", "</s>", "<|user|>"].map((content, at) => ({ id: 257 + at, content, special: true }));
  return {
    added_tokens: added,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: ["h e"] },
    ...changes,
  };
}

export function json(changes: object = {}, config: object = {}): Promise<Coder> {
  const encode = (value: object): Uint8Array => utf8.encode(JSON.stringify(value));
  return open({ "tokenizer.json": encode(small(changes)), "tokenizer_config.json": encode(config) });
}
