/** Tokenizers in the page: published vectors, text that streams whole, markup that stays text, damaged files. */

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";

import { KernelcError } from "../../src/artifact/errors.js";
import { mergeSymbols } from "../../src/text/merging.js";
import { TextTable } from "../../src/text/textTable.js";
import { loadCoder } from "../../src/text/tokenizer.js";
import type { Coder } from "../../src/text/types.js";
import { DEMO, json, model, open, REPO, utf8 } from "./text_files.js";

vi.setConfig({ testTimeout: 120_000 }); // large files, on machines that are busy with other tests

const DATA = resolve(process.env["KERNELC_TEST_DATA"] || resolve(REPO, "../shared/data"), "tokenizers");

describe.skipIf(!existsSync(DATA))("published tokenizers", () => {
  const published = (folder: string, file: string): Promise<Coder> =>
    open(
      Object.fromEntries(
        [file, "tokenizer_config.json"].map((name) => [name, new Uint8Array(readFileSync(resolve(DATA, folder, name)))]),
      ),
    );

  it.each([
    ["llama2", "tokenizer.model", "llama-spm"],
    ["llama2", "tokenizer.json", "llama-spm"],
    ["llama3", "tokenizer.json", "llama-bpe"],
  ])("%s %s gives every published vector of %s", async (folder, file, vectors) => {
    const coder = await published(folder, file);
    const base = resolve(DATA, `vectors/ggml-vocab-${vectors}.gguf`);
    const texts = readFileSync(`${base}.inp`, "utf-8").split("\n__ggml_vocab_test__\n");
    const lines = readFileSync(`${base}.out`, "utf-8").split("\n");
    const wanted = lines.map((line) => line.split(" ").filter(Boolean).map(Number));
    expect(texts).toHaveLength(47);
    expect(texts.map((text) => coder.encode(text))).toEqual(wanted);
    expect(wanted.map((ids) => coder.decode(ids))).toEqual(texts);
  });

  it.each([
    ["llama2", "tokenizer.model"],
    ["llama3", "tokenizer.json"],
  ])("%s %s streams whole characters only", async (folder, file) => {
    const coder = await published(folder, file);
    const text = "x 🦙ក字é 👩‍👩‍👧";
    const stream = coder.stream();
    const shown = coder.encode(text).map((id) => stream.push(id));
    expect(shown.join("") + stream.flush()).toBe(text);
    expect(shown.join("")).not.toContain("\ufffd");
    expect(shown).toContain(""); // some token held back a part of a character
    expect(coder.encode("<s> </s> <|eot_id|>").some((id) => [...coder.specialIds.values()].includes(id))).toBe(false);
  });
});

describe("the demo model's tokenizer", () => {
  it("reads markup only when asked, and BOS where it is wanted", async () => {
    const coder = await model(DEMO);
    expect(coder.encode("<s>", { parseSpecial: true })).toEqual([1]);
    expect(coder.encode("<s>")).not.toContain(1);
    expect(coder.decode(coder.encode("<s>"))).toBe("<s>");
    expect(coder.encode("a", { bos: true })).toEqual([1, ...coder.encode("a")]);
    expect([coder.bosId, coder.eosId, coder.promptPrefix, coder.token(1)]).toEqual([1, 2, [1], "<s>"]);
  });

  it("shows a character that never became complete at the end", async () => {
    const coder = await model(DEMO);
    const ids = coder.encode("x 🦙").slice(0, -1);
    const stream = coder.stream();
    expect(ids.map((id) => stream.push(id)).join("").trim()).toBe("x");
    expect(stream.flush()).toBe("\ufffd");
  });

  it("writes texts that UTF-8 cannot carry", async () => {
    const coder = await model(DEMO);
    expect(coder.decode(coder.encode("a\ud800b\0\udc00"))).toBe("a\ufffdb\0\ufffd");
    expect(coder.encode("")).toEqual([]);
  });

  it("encodes long texts", async () => {
    const coder = await model(DEMO);
    const text = "once upon a time ".repeat(20000) + "x".repeat(50000) + " ".repeat(50000);
    expect(coder.decode(coder.encode(text))).toBe(text);
  });

  it("looks at each pair of symbols a few times only, however long the text is", () => {
    for (const count of [10, 1000, 100_000]) {
      let looks = 0;
      const rank = (left: number): number => ((looks += 1), left % 7);
      mergeSymbols(new Int32Array(count).fill(1), { rank, join: () => undefined });
      expect(looks).toBeLessThanOrEqual(3 * count); // with the square of the length, 100,000 times as often
    }
  });
});

/** What loading a file comes to: a usable tokenizer, or the name of the error. */
async function outcome(loading: Promise<Coder>): Promise<string> {
  try {
    const coder = await loading;
    coder.decode(coder.encode("Hello <s> 🚀", { parseSpecial: true }));
    return "usable";
  } catch (error) {
    if (error instanceof KernelcError && error.code === "bad-artifact") return "refused";
    throw error;
  }
}

describe("damaged sentencepiece models", () => {
  it("are refused or used, never worse, wherever they are cut off", async () => {
    const found = new Set<string>();
    for (let length = 0; length < DEMO.length; length += 331) found.add(await outcome(model(DEMO.slice(0, length))));
    expect(found).toEqual(new Set(["refused"]));
  });

  it("are refused or used, never worse, whichever bytes are changed", async () => {
    const found: string[] = [];
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 150; round += 1) {
      const data = DEMO.slice();
      for (let change = 0; change <= round % 4; change += 1) data[random(data.length)] = random(256);
      found.push(await outcome(model(data)));
    }
    expect(found.filter((each) => each === "refused").length).toBeGreaterThan(10);
    expect(found.filter((each) => each === "usable").length).toBeGreaterThan(10);
  });

  it.each([
    [[], "it has no pieces"],
    [[0x0a, 0x7f, 0x01], "cut off"],
    [[0x0b], "a field of kind 3"],
    [[0x08, ...Array<number>(11).fill(0xff)], "a number without end"],
    [[0x0a, 0x02, 0x0a, 0x00], "piece 0 is empty"],
    [[0x0a, 0x03, 0x0a, 0x01, 0xff], "not UTF-8"],
    [[0x0a, 0x03, 0x0a, 0x01, 0x61, 0x0a, 0x03, 0x0a, 0x01, 0x61], "piece 1 repeats piece 0"],
    [[0x0a, 0x03, 0x0a, 0x01, 0x61], "no piece for unknown characters"],
    [[0x0a, 0x05, 0x0a, 0x01, 0x61, 0x18, 0x02, 0x0a, 0x05, 0x0a, 0x01, 0x62, 0x18, 0x02], "both the unknown one"],
    [[0x0a, 0x05, 0x0a, 0x01, 0x61, 0x18, 0x02, 0x12, 0x02, 0x18, 0x03], 'kind "word"'],
    [[0x0a, 0x05, 0x0a, 0x01, 0x61, 0x18, 0x02, 0x1a, 0x03, 0x12, 0x01, 0x00], "character map"],
  ])("are named: %j", async (bytes, wanted) => {
    const error = await model(Uint8Array.from(bytes)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "bad-artifact", message: expect.stringContaining(wanted) as string });
    expect(error).toMatchObject({ message: expect.stringContaining("tokenizer.model") as string });
  });

  it("that are of another model are named", async () => {
    await expect(model(DEMO, { bos_token: "<nowhere>" })).rejects.toThrow('bos_token: got "<nowhere>"');
    await expect(open({ "tokenizer.model": DEMO }, 2047)).rejects.toThrow("wanted at most the model's 2047");
    expect((await open({ "tokenizer.model": DEMO }, 2112)).vocabSize).toBe(2048); // padded matrices
  });
});

describe("tokenizer.json", () => {
  it("encodes and decodes", async () => {
    const coder = await json({}, { bos_token: { content: "<s>" }, eos_token: "</s>" });
    expect([coder.bosId, coder.eosId, coder.vocabSize, coder.promptPrefix]).toEqual([257, 258, 260, []]);
    expect(coder.encode("hehe<s>", { parseSpecial: true, bos: true })).toEqual([257, 256, 256, 257]);
    expect(coder.decode(coder.encode("hé \0🚀<s>"))).toBe("hé \0🚀<s>");
    expect(coder.decode([260, 1000000, -1, 256])).toBe("he");
  });

  it("takes tokens that only tokenizer_config.json declares", async () => {
    const token = { content: "<|new|>", special: true };
    const coder = await json({}, { added_tokens_decoder: { "260": token }, eos_token: "<|new|>" });
    expect([coder.eosId, coder.vocabSize]).toEqual([260, 261]);
    expect(coder.encode("he<|new|>", { parseSpecial: true })).toEqual([256, 260]);
    await expect(json({}, { added_tokens_decoder: { "3": token } })).rejects.toThrow("is declared with id 3");
  });

  it("cannot smuggle markup through a unigram vocabulary", async () => {
    const vocab = [["<unk>", 0], ["<s>", 0], ["<", -3], ["s", -3], [">", -3]];
    const added = ["<unk>", "<s>"].map((content, id) => ({ id, content, special: true }));
    const decoder = { type: "Metaspace", replacement: "▁", prepend_scheme: "always" };
    const coder = await json({ model: { type: "Unigram", unk_id: 0, vocab }, added_tokens: added, pre_tokenizer: null, decoder });
    expect(coder.encode("ss<")).toEqual([3, 3, 2]);
    expect(() => coder.encode("s<s>")).toThrow('the text holds "<s>"');
    expect(coder.encode("s<s>", { parseSpecial: true })).toEqual([3, 1]);
  });

  it("keeps a byte order mark, and the first of equally good ways to cut", async () => {
    const coder = await json();
    expect(coder.decode(coder.encode("\ufeffhe"))).toBe("\ufeffhe");
    const vocab = [["<unk>", 0], ["a", -1], ["b", -1], ["ab", -2]];
    const pieces = { model: { type: "Unigram", unk_id: 0, vocab }, added_tokens: [], pre_tokenizer: null };
    expect((await json({ ...pieces, decoder: { type: "Fuse" } })).encode("abba")).toEqual([3, 2, 1]);
  });

  it.each([
    [{ model: null }, "model: got nothing, wanted BPE or Unigram"],
    [{ model: { type: "WordPiece", vocab: {} } }, 'model: got "WordPiece"'],
    [{ model: { type: "BPE", vocab: {} } }, "vocab: got 0 tokens"],
    [{ model: { type: "BPE", vocab: 3 } }, "vocab: got 3, wanted an object"],
    [{ model: { type: "BPE", vocab: { a: 2 ** 30 } } }, "wanted an id below 1048576"],
    [{ model: { type: "BPE", vocab: { a: -5 } } }, "got -5"],
    [{ model: { type: "BPE", vocab: { a: 0, b: 0 } } }, '"a" and "b" both have id 0'],
    [{ model: { type: "BPE", vocab: { a: 0 }, merges: [3] } }, "merges: got 3"],
    [{ model: { type: "BPE", vocab: { a: 0 }, merges: ["ab"] } }, "wanted two tokens"],
    [{ model: { type: "BPE", vocab: { a: 0 }, unk_token: "b" } }, "unk_token"],
    [{ model: { type: "BPE", vocab: { a: 0 }, end_of_word_suffix: "</w>" } }, "end_of_word_suffix"],
    [{ model: { type: "Unigram", vocab: [["a", "b"]] } }, "wanted a token and its score"],
    [{ normalizer: { type: "Ghost" } }, 'normaliser "Ghost"'],
    [{ normalizer: { type: "Replace", pattern: { Regex: "(" }, content: "" } }, "regular expression"],
    [{ normalizer: { type: "Replace", pattern: { Regex: "a".repeat(5000) }, content: "" } }, "wanted at most 4096"],
    [{ pre_tokenizer: { type: "Ghost" } }, 'pre-tokenizer "Ghost"'],
    [{ pre_tokenizer: { type: "Split", pattern: { String: "a" }, behavior: "Odd" } }, 'behavior: got "Odd"'],
    [{ pre_tokenizer: nested(20) }, "nested more than 8 deep"],
    [{ decoder: null }, "decoder: got nothing"],
    [{ decoder: { type: "WordPiece" } }, 'decoder: type: got "WordPiece"'],
    [{ decoder: { type: "Sequence", decoders: [3] } }, "wanted an object"],
    [{ decoder: { type: "Sequence", decoders: [{ type: "Fuse" }, { type: "ByteFallback" }] } }, "Fuse, Byte"],
    [{ decoder: { type: "Strip", content: " ", start: 1, stop: 0 } }, "Strip without Fuse"],
    [{ decoder: { type: "Replace", pattern: { Regex: "a" }, content: "" } }, "wanted a plain string"],
    [{ added_tokens: [3] }, "added_tokens: got 3, wanted an object"],
    [{ added_tokens: [{ id: -1, content: "a" }] }, "id: got -1"],
    [{ added_tokens: [{ id: 300, content: "x".repeat(1025) }] }, "content: got 1025 characters"],
    [{ added_tokens: 1 }, "added_tokens: got 1, wanted a list"],
  ])("is refused by name: %j", async (changes, wanted) => {
    const error = await json(changes).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "bad-artifact", message: expect.stringContaining(wanted) as string });
    expect(error).toMatchObject({ message: expect.stringContaining("tokenizer.json") as string });
  });

  it.each([
    [{ eos_token: 3 }, "eos_token: got 3, wanted a string"],
    [{ eos_token: { content: "" } }, "content: got 0 characters"],
    [{ legacy: "yes" }, 'legacy: got "yes", wanted true or false'],
    [{ added_tokens_decoder: [] }, "added_tokens_decoder: got a list of 0, wanted an object"],
    [{ added_tokens_decoder: { x: { content: "a" } } }, "added_tokens_decoder: x: wanted a token id"],
    [{ added_tokens_decoder: { "9999999": { content: "a" } } }, "wanted a token id below 1048576"],
    [{ added_tokens_decoder: { "1": "a" } }, 'got "a", wanted an object'],
    [{ added_tokens_decoder: { "1": { content: "a", lstrip: 1 } } }, "lstrip: got 1, wanted true"],
  ])("is refused with settings that are wrong: %j", async (config, wanted) => {
    await expect(json({}, config)).rejects.toThrow(wanted);
    await expect(model(DEMO, config)).rejects.toThrow(wanted);
  });

  it("whose merges make no token is named when that shows", async () => {
    const coder = await json({ model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: ["a b"] }, added_tokens: [] });
    expect(() => coder.encode("ab")).toThrow('they make "ab", which is no token');
  });

  it("that is no JSON, or no tokenizer of a known kind, is named", async () => {
    await expect(open({ "tokenizer.json": utf8.encode("{") })).rejects.toThrow("tokenizer.json: not valid JSON");
    await expect(open({ "tokenizer.json": Uint8Array.of(0xff) })).rejects.toThrow("not valid JSON");
    const info = { kind: "tiktoken", file: "tokenizer.model", files: {} };
    await expect(loadCoder(info, () => Promise.resolve(DEMO))).rejects.toThrow('kind "tiktoken"');
  });
});

function nested(depth: number): object {
  return depth === 0 ? { type: "ByteLevel" } : { type: "Sequence", pretokenizers: [nested(depth - 1)] };
}

describe("the table of texts", () => {
  it("finds stretches and joined texts as a map would", () => {
    const texts = ["", "a", "ab", "b c", "é🚀", "ab"];
    const table = new TextTable(texts, (number) => number !== 1);
    expect(texts.map((text) => table.find(text))).toEqual([0, -1, 5, 3, 4, 5]);
    expect([table.find("xaby", 1, 3), table.find("xaby", 1, 4), table.find("b cd", 0, 3)]).toEqual([5, -1, 3]);
    expect([table.findJoined("b", " ", "c"), table.findJoined("b ", "", "c"), table.findJoined("b", "", "c")]).toEqual([3, 3, -1]);
    expect(new TextTable([]).find("a")).toBe(-1);
  });
});
