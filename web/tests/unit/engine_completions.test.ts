/** Text completions, several answers to one request, and the usage at the end of a stream. */

import { beforeEach, describe, expect, it } from "vitest";
import type { ChatChunk, ChatRequest, TextChunk, TextRequest } from "../../src/engine/api.js";
import { joined, TextLogprobTable } from "../../src/engine/answers/logprobs.js";
import type { Coder } from "../../src/text/types.js";
import { CONTEXT, VOCAB } from "./engine_fakes.js";
import { coder, setUp, type Setup } from "./engine_letters.js";

const ASK: ChatRequest = { messages: [{ role: "user", content: "Tell me more" }], temperature: 0, max_tokens: 12 };
const TELL: TextRequest = { prompt: "Once upon", temperature: 0, max_tokens: 10 };

async function collect<Chunk>(stream: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** The texts of the choices, in their order. */
function texts(chunks: readonly (ChatChunk | TextChunk)[]): string[] {
  const found: string[] = [];
  for (const { choices } of chunks) {
    for (const choice of choices) {
      const text = "delta" in choice ? (choice.delta.content ?? "") : choice.text;
      found[choice.index] = (found[choice.index] ?? "") + text;
    }
  }
  return found;
}

let it_: Setup;
beforeEach(() => {
  it_ = setUp();
});

describe("several answers", () => {
  const several: ChatRequest = { ...ASK, temperature: 1, seed: 2 ** 32 - 1, n: 3 };

  it("are those of so many requests, each with the next seed", async () => {
    const { choices, usage, kernelc } = await it_.chat.complete(several);
    const alone = setUp();
    const wanted: string[] = [];
    for (const seed of [2 ** 32 - 1, 0, 1]) {
      const one = await alone.chat.complete({ ...several, n: 1, seed });
      wanted.push(one.choices[0].message.content ?? "");
    }
    expect(choices.map(({ message }) => message.content)).toEqual(wanted);
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(wanted).size).toBe(3);
    expect(usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 36, total_tokens: 48 });
    expect(kernelc.seed).toBe(2 ** 32 - 1);
  });

  it("come one after the other in a stream, and only the last chunk has the usage", async () => {
    const chunks = await collect(await it_.chat.stream({ ...several, stream: true }));
    const whole = await setUp().chat.complete(several);
    expect(texts(chunks)).toEqual(whole.choices.map(({ message }) => message.content));
    const order = chunks.map(({ choices }) => choices[0]?.index ?? -1);
    expect(order).toEqual([...order].sort());
    expect(chunks.filter(({ usage }) => usage).map(({ usage }) => usage)).toEqual([whole.usage]);
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
    const ends = chunks.filter(({ choices }) => choices[0]?.finish_reason);
    expect(ends.map(({ kernelc }) => kernelc?.seed)).toEqual([2 ** 32 - 1, 0, 1]);
  });
});

describe("stream_options.include_usage", () => {
  it("adds a chunk without choices, and leaves null in the others", async () => {
    const request = { ...ASK, stream: true, stream_options: { include_usage: true } };
    const chunks = await collect(await it_.chat.stream(request));
    const [last, ...others] = [...chunks].reverse();
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 12, total_tokens: 24 } });
    expect(others.every(({ usage }) => usage === null)).toBe(true);
    expect(others[0]?.kernelc).toMatchObject({ finish: "length" });
    const text = await collect(await it_.texts.stream({ ...TELL, stream: true, stream_options: { include_usage: true } }));
    expect(text.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 10 } });
  });

  it("is refused without a stream", async () => {
    const request = { ...ASK, stream_options: { include_usage: true } };
    await expect(it_.chat.complete(request)).rejects.toMatchObject({ code: "usage", param: "stream_options" });
  });
});

describe("text completions", () => {
  it("go on from a prompt as it is", async () => {
    const done = await it_.texts.complete({ ...TELL, model: "named" });
    expect(done).toMatchObject({
      object: "text_completion",
      model: "named",
      choices: [{ index: 0, finish_reason: "length", logprobs: null }],
      usage: { prompt_tokens: 9, completion_tokens: 10, total_tokens: 19 },
      kernelc: { finish: "length", reused_tokens: 0 },
    });
    expect(done.id).toMatch(/^cmpl-/);
    const ids = coder.encode("Once upon");
    const same = await setUp().texts.complete({ ...TELL, prompt: ids });
    expect(same.choices).toEqual(done.choices);
    expect(coder.encode(done.choices[0].text)).toHaveLength(10);
    expect((await it_.texts.complete({ prompt: "Once upon" })).usage.completion_tokens).toBe(16);
  });

  it("answer each prompt as often as asked, with the prompt before it where that is wanted", async () => {
    const request: TextRequest = { ...TELL, prompt: ["Once", coder.encode("Then")], n: 2, seed: 1, temperature: 1, echo: true };
    const { choices, usage } = await it_.texts.complete(request);
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(choices.map(({ text }) => text.slice(0, 4))).toEqual(["Once", "Once", "Then", "Then"]);
    expect(new Set(choices.map(({ text }) => text)).size).toBe(4);
    expect(usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 40 });
    const chunks = await collect(await setUp().texts.stream({ ...request, stream: true }));
    expect(texts(chunks)).toEqual(choices.map(({ text }) => text));
    expect(chunks.at(-1)?.usage).toMatchObject({ completion_tokens: 40 });
  });

  it("end before a stop string, whose tokens have no log probability", async () => {
    const { choices: [{ text }] } = await setUp().texts.complete(TELL);
    const done = await it_.texts.complete({ ...TELL, stop: text.slice(4, 6), logprobs: 2 });
    const [{ text: shown, finish_reason, logprobs }] = done.choices;
    expect([shown, finish_reason]).toEqual([text.slice(0, text.indexOf(text.slice(4, 6))), "stop"]);
    expect(logprobs?.tokens.join("")).toBe(shown);
    expect(logprobs?.text_offset).toEqual([...shown].map((_, at) => at));
    for (const [at, top] of (logprobs?.top_logprobs ?? []).entries()) {
      expect(Object.keys(top)).toHaveLength(2);
      expect(top[shown[at] ?? ""]).toBe(logprobs?.token_logprobs[at]);
    }
  });

  it("refuse prompts that are empty or too long before anything is fed", async () => {
    await expect(it_.texts.complete({ prompt: "" })).rejects.toMatchObject({ code: "usage", message: "the prompt is empty" });
    const long = ["a", "b".repeat(CONTEXT + 1)];
    await expect(it_.texts.complete({ prompt: long })).rejects.toMatchObject({ code: "context" });
    await expect(it_.texts.complete({ prompt: [VOCAB] })).rejects.toMatchObject({ param: "prompt[0]" });
    expect(it_.engine.ids).toEqual([]);
  });

  it("let the cache go when they are stopped", async () => {
    const controller = new AbortController();
    await it_.texts.stream({ ...TELL, stream: true, signal: controller.signal });
    controller.abort();
    expect((await it_.texts.complete(TELL)).choices[0].text).toHaveLength(10);
    await expect(it_.texts.complete({ ...TELL, signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("log probabilities of texts", () => {
  const bytes = [[0xc3], [0xa9], []];
  const halves: Coder = {
    ...coder,
    piece: (id) => ({ data: Uint8Array.from(bytes[id] ?? []), droppable: false }),
    token: () => "<2>",
  };
  const chosen = (id: number, logprob = -1): { id: number; logprob: number; top: { id: number; logprob: number }[] } => ({
    id, logprob, top: [{ id: 0, logprob: -0.5 }],
  });

  it("spell halves of characters by their bytes, and count characters", () => {
    const table = new TextLogprobTable(halves, 5);
    const found = joined([table.of([chosen(0)]), null, table.of([chosen(1, -Infinity), chosen(2)])]);
    expect(found.tokens).toEqual(["bytes:\\xc3", "bytes:\\xa9", "<2>"]);
    expect(found.text_offset).toEqual([5, 5, 6]);
    expect(found.token_logprobs).toEqual([-1, -9999, -1]);
    expect(found.top_logprobs).toEqual([
      { "bytes:\\xc3": -0.5 },
      { "bytes:\\xc3": -0.5, "bytes:\\xa9": -9999 },
      { "bytes:\\xc3": -0.5, "<2>": -1 },
    ]);
  });
});
