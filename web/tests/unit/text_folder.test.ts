/** What a tokenizer takes from the files beside its vocabulary, and what no file may make it do. */

import { describe, expect, it } from "vitest";

import { DEMO, json, model, open, small, utf8 } from "./text_files.js";

const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
const MARKUP: Readonly<Record<string, number>> = { "<s>": 257, "</s>": 258, "<|user|>": 259 };

/** A post-processor that puts these tokens before a text, and </s> after it. */
function template(...names: string[]): object {
  const special = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  return {
    type: "TemplateProcessing",
    single: [...names.map(special), { Sequence: { id: "A", type_id: 0 } }, special("</s>")],
    special_tokens: Object.fromEntries([...names, "</s>"].map((id) => [id, { id, ids: [MARKUP[id]], tokens: [id] }])),
  };
}

describe("a plain prompt", () => {
  // What AutoTokenizer of transformers 5.24 puts before a text, whatever add_bos_token says.
  it.each([
    [null, []],
    [BYTE_LEVEL, []],
    [template("<s>"), [257]],
    [template("<s>", "<|user|>"), [257, 259]],
    [{ type: "Sequence", processors: [BYTE_LEVEL, template("<s>")] }, [257]],
    [{ type: "RobertaProcessing", sep: ["</s>", 258], cls: ["<s>", 257] }, [257]],
  ])("begins as the post-processor says: %j", async (post_processor, wanted) => {
    for (const add of [{}, { add_bos_token: true }, { add_bos_token: false }]) {
      const coder = await json({ post_processor }, { bos_token: "<s>", ...add });
      expect([coder.promptPrefix, coder.bosId]).toEqual([wanted, 257]);
    }
  });

  it("begins as the config says with a sentencepiece model", async () => {
    expect((await model(DEMO)).promptPrefix).toEqual([1]);
    expect((await model(DEMO, { add_bos_token: false })).promptPrefix).toEqual([]);
  });

  it.each([
    [{ ...template("<s>"), special_tokens: {} }, 'got no entry "<s>"'],
    [{ type: "RobertaProcessing", cls: ["<s>"] }, "cls: wanted a token id"],
    [{ ...template("<s>"), special_tokens: { "<s>": { ids: [300] } } }, "got ids 300, beyond the vocabulary"],
  ])("cannot begin with nonsense: %j", async (post_processor, wanted) => {
    await expect(json({ post_processor })).rejects.toThrow(wanted);
  });
});

describe("a token without a row in the model", () => {
  const pad = { content: "[PAD]", special: true };
  const added = [...(small()["added_tokens"] as object[]), { id: 260, ...pad }];
  const files = (tokens: object[], config: object, older?: object): Record<string, Uint8Array> => ({
    "tokenizer.json": utf8.encode(JSON.stringify(small({ added_tokens: tokens }))),
    "tokenizer_config.json": utf8.encode(JSON.stringify(config)),
    ...(older ? { "added_tokens.json": utf8.encode(JSON.stringify(older)) } : {}),
  });
  it.each([
    ["tokenizer.json", files(added, { eos_token: "[PAD]" })],
    ["tokenizer_config.json", files(added.slice(0, 3), { added_tokens_decoder: { "260": pad } })],
    ["added_tokens.json", files(added.slice(0, 3), {}, { "[PAD]": 260 })],
  ])("is left out: %s", async (_, each) => {
    expect((await open(each)).encode("[PAD]", { parseSpecial: true })).toEqual([260]);
    const coder = await open(each, 260);
    expect([coder.vocabSize, coder.eosId, coder.token(260)]).toEqual([260, null, ""]);
    expect(coder.decode(coder.encode("[PAD]", { parseSpecial: true }))).toBe("[PAD]");
  });

  it("is left out of a sentencepiece model", async () => {
    const config = { added_tokens_decoder: { "2048": pad } };
    const beside = { "tokenizer.model": DEMO, "tokenizer_config.json": utf8.encode(JSON.stringify(config)) };
    expect((await open(beside)).vocabSize).toBe(2049);
    const coder = await open(beside, 2048);
    expect(coder.vocabSize).toBe(2048);
    expect(coder.encode("[PAD]", { parseSpecial: true })).not.toContain(2048);
  });
});

describe("a token without a row that a unigram vocabulary has as a word", () => {
  const vocab = [["<unk>", 0], ["a", -3], ["[", -3], ["]", -3], ["[a]", 0]];
  const unigram = { model: { type: "Unigram", unk_id: 0, vocab }, pre_tokenizer: null, decoder: { type: "Fuse" } };
  const files = { "tokenizer.json": utf8.encode(JSON.stringify(small({ ...unigram, added_tokens: [{ id: 4, content: "[a]", special: true }] }))) };

  it("is left out, and cannot be read out of a text", async () => {
    expect((await open(files)).encode("[a]", { parseSpecial: true })).toEqual([4]);
    const coder = await open(files, 4);
    expect([coder.vocabSize, coder.encode("a[")]).toEqual([4, [1, 2]]);
    expect(() => coder.encode("a[a]")).toThrow('the text holds "[a]", a token that the model has no row for');
  });
});

describe("a protected token", () => {
  const token = { content: "<|im_start|>", special: false };
  it.each([
    ["json", () => json({}, { added_tokens_decoder: { "260": token } }), 260],
    ["sentencepiece", () => model(DEMO, { added_tokens_decoder: { "2048": token } }), 2048],
  ] as const)("is markup that shows: %s", async (_, load, id) => {
    const coder = await load();
    expect(coder.encode("<|im_start|>he")).toContain(id);
    coder.protect(["<|im_start|>", "<|unknown|>"]);
    expect(coder.encode("<|im_start|>he")).not.toContain(id);
    expect(coder.encode("<|im_start|>he", { parseSpecial: true })[0]).toBe(id);
    expect([coder.decode([id]), coder.markup.get("<|im_start|>")]).toEqual(["<|im_start|>", id]);
    expect(coder.specialIds.has("<|im_start|>")).toBe(false);
  });
});

describe("a tokenizer.json", () => {
  it("may have an empty token", async () => {
    const own = small()["model"] as { vocab: object };
    const coder = await json({
      model: { ...own, vocab: { ...own.vocab, ...MARKUP, "": 260 } },
      added_tokens: [...(small()["added_tokens"] as object[]), { id: 261, content: "", special: true }],
    });
    expect([coder.encode("he"), coder.decode([260, 256]), coder.vocabSize]).toEqual([[256], "he", 261]);
  });

  const replacement = (content: string, pattern: object = { String: "a" }): object => ({ type: "Replace", pattern, content });
  it.each([
    { type: "Sequence", normalizers: Array.from({ length: 30 }, () => replacement("aa")) },
    replacement("a".repeat(65)),
    replacement("a".repeat(64), { Regex: "" }),
    { type: "Sequence", normalizers: Array.from({ length: 4 }, () => ({ type: "ByteLevel" })) },
    { type: "Sequence", normalizers: Array.from({ length: 4 }, () => ({ type: "Prepend", prepend: "ab" })) },
    { type: "Prepend", prepend: "a".repeat(64) },
  ])("whose normaliser grows texts is refused", async (normalizer) => {
    await expect(json({ normalizer })).rejects.toThrow("it may make a text more than 64 times as long");
  });

  it("whose pre-tokeniser grows texts is refused", async () => {
    const pretokenizers = Array.from({ length: 4 }, () => ({ type: "ByteLevel" }));
    const refused = json({ pre_tokenizer: { type: "Sequence", pretokenizers } });
    await expect(refused).rejects.toThrow("pre_tokenizer: it may make a text more than 64 times as long");
  });

  const split = (pattern: string): object => ({ type: "Split", pattern: { Regex: pattern }, behavior: "Isolated" });
  const endless = ["(a+)+$", "(?:x*y){2,}z", "((a|b)*c)*", "(a{1,})*", "(a|aa)+$", "(?:a?){50}a{50}", "(a|b|ab)*c",
    "a?".repeat(50) + "a{50}", "(?=(a|aa)+$)b", "(?:a|a){30}b", "a*a*a*a*b", "(a{1,2}){40}b", "((?>a|aa))+$",
    "(?<x>a|aa)+$", "\\(?:(a|aa)+\\)"];
  it.each(endless)("whose pattern may search for ever is refused: %s", async (pattern) => {
    const decoder = { type: "ByteLevel" };
    await expect(json({ pre_tokenizer: split(pattern), decoder })).rejects.toThrow("may search without end");
  });

  // The last three are those of GPT-4o, Tekken as llama.cpp writes it, and digits in threes from the right.
  it.each(["(?i:'s|'t)?[^\\r\\n]+", "[(a+)+]+", "\\(a+\\)+", "(?:ab){2,3}c+", "\\s+(?!\\S)|\\s+", "(ab)+", "[(a|aa)+]+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}",
    "[^\\r\\n\\p{L}\\p{N}]?((?=[\\p{L}])([^a-z]))*((?=[\\p{L}])([^A-Z]))+", "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?:\\P{N}|$))"])(
    "may have the pattern %s",
    async (pattern) => {
      await expect(json({ pre_tokenizer: split(pattern), decoder: { type: "ByteLevel" } })).resolves.toBeDefined();
    },
  );

  it("has a bounded number of added tokens", async () => {
    const many = Object.fromEntries(Array.from({ length: 65_537 }, (_, id) => [id, { content: `<${id}>` }]));
    await expect(json({}, { added_tokens_decoder: many })).rejects.toThrow("got 65537 added tokens, wanted at most 65536");
  });
});
