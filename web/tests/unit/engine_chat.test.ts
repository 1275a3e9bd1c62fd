import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ChatChunk, ChatRequest } from "../../src/engine/api.js";
import { checkedRequest } from "../../src/engine/request/chat.js";
import { StopMatcher } from "../../src/engine/answers/stopStrings.js";
import { VOCAB } from "./engine_fakes.js";
import { coder, setUp, type Setup } from "./engine_letters.js";

const ASK: ChatRequest = { messages: [{ role: "user", content: "Tell me more" }], temperature: 0, max_tokens: 12 };

async function collect(stream: AsyncIterable<ChatChunk>): Promise<ChatChunk[]> {
  const chunks: ChatChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

function textOf(chunks: readonly ChatChunk[]): string {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

describe("chat completions", () => {
  let it_: Setup;
  let answer: string;

  beforeEach(async () => {
    it_ = setUp();
    answer = (await setUp().chat.complete(ASK)).choices[0].message.content ?? "";
  });

  it("answer whole, in OpenAI's words", async () => {
    const completion = await it_.chat.complete({ ...ASK, model: "named" });
    expect(completion).toMatchObject({
      object: "chat.completion",
      model: "named",
      choices: [{ index: 0, message: { role: "assistant" }, finish_reason: "length", logprobs: null }],
      usage: { prompt_tokens: 12, completion_tokens: 12, total_tokens: 24 },
      kernelc: { finish: "length", reused_tokens: 0 },
    });
    expect(completion.id).toMatch(/^chatcmpl-/);
    expect(completion.choices[0].message.content).toHaveLength(12);
    expect(it_.remembered).toEqual([coder.encode(`Tell me more${answer}`)]);
  });

  it("stream the same text: the role first, the reason and the usage last", async () => {
    const chunks = await collect(await it_.chat.stream(ASK));
    expect(textOf(chunks)).toBe(answer);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    const reasons = chunks.map((chunk) => chunk.choices[0]?.finish_reason);
    expect(reasons).toEqual([...new Array<null>(chunks.length - 1).fill(null), "length"]);
    expect(chunks.filter((chunk) => chunk.usage)).toEqual([chunks.at(-1)]);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
  });

  it("go on where the answer so far ends, and return only what follows", async () => {
    const begun = answer.slice(0, 5);
    const messages = [...ASK.messages, { role: "assistant" as const, content: begun }];
    await it_.chat.complete({ ...ASK, max_tokens: 5 });
    const rest = await it_.chat.complete({ ...ASK, messages, continue_final_message: true, max_tokens: 7 });
    const { content } = rest.choices[0].message;
    expect(content).toHaveLength(7);
    expect(it_.remembered.at(-1)).toEqual(coder.encode(`Tell me more${begun}${content}`));
    expect(rest.usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 7 });
    expect(rest.kernelc.reused_tokens).toBe(16); // what was said is still in the cache
    const wrong = { ...ASK, continue_final_message: true };
    await expect(it_.chat.complete(wrong)).rejects.toThrow("continue_final_message");
  });

  it("tell how far the prompt is read where that is wanted, and stop reading where nobody listens", async () => {
    const long: ChatRequest = { ...ASK, messages: [{ role: "user", content: "ab".repeat(30) }], return_progress: true };
    const chunks = await collect(await it_.chat.stream(long));
    const told = chunks.flatMap(({ prompt_progress }) => prompt_progress ?? []);
    expect(told.at(-1)).toEqual({ total: 60, cached: 0, processed: 60 });
    expect(told.every(({ total, processed }) => total === 60 && processed > 0)).toBe(true);
    expect(textOf(chunks)).toHaveLength(12);
    const silent = await collect(await it_.chat.stream({ ...long, return_progress: false }));
    expect(silent.some(({ prompt_progress }) => prompt_progress)).toBe(false);
    expect(textOf(silent)).toBe(textOf(chunks));
    const other = setUp();
    for await (const chunk of await other.chat.stream(long)) if (chunk.prompt_progress) break;
    expect(other.engine.ids.length).toBeLessThan(72);
    expect((await other.chat.complete(ASK)).choices[0].message.content).toBe(answer);
  });

  it("end before a stop string, of which nothing is shown", async () => {
    const stop = answer.slice(5, 8);
    const chunks = await collect(await it_.chat.stream({ ...ASK, stop: ["nowhere", stop] }));
    expect(textOf(chunks)).toBe(answer.slice(0, answer.indexOf(stop)));
    expect(chunks.at(-1)).toMatchObject({ kernelc: { finish: "stop-string" } });
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("end where the model ends them, and where the context is full", async () => {
    const last = coder.encode(answer)[7] ?? 0;
    const stopped = await setUp([last]).chat.complete(ASK);
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop" });
    expect(stopped.choices[0].message.content).toBe(answer.slice(0, coder.encode(answer).indexOf(last)));
    const { messages } = ASK;
    const full = await it_.chat.complete({ messages, temperature: 0 });
    expect(full).toMatchObject({ choices: [{ finish_reason: "length" }], kernelc: { finish: "context" } });
  });

  it("compute nothing twice that the cache has", async () => {
    await it_.chat.complete(ASK);
    const messages = [...ASK.messages, { role: "assistant" as const, content: answer }, ...ASK.messages];
    const second = await it_.chat.complete({ ...ASK, messages });
    expect(second.kernelc.reused_tokens).toBe(23); // the last token of the answer was never run
    const fresh = await setUp().chat.complete({ ...ASK, messages });
    expect(fresh.kernelc.reused_tokens).toBe(0);
  });

  it("tell log probabilities, from the processor, with the same text", async () => {
    const completion = await it_.chat.complete({ ...ASK, logprobs: true, top_logprobs: 3 });
    expect(completion.choices[0].message.content).toBe(answer);
    const content = completion.choices[0].logprobs?.content ?? [];
    expect(content.map(({ token }) => token).join("")).toBe(answer);
    for (const each of content) {
      expect(each.top_logprobs).toHaveLength(3);
      expect(each.top_logprobs[0]).toMatchObject({ token: each.token, logprob: each.logprob });
      expect(each.bytes).toEqual([...new TextEncoder().encode(each.token)]);
    }
  });

  it("follow biases and penalties by count", async () => {
    const only = coder.encode("z")[0] ?? 0;
    const biased = await it_.chat.complete({ ...ASK, logit_bias: { [only]: 100 }, max_tokens: 4 });
    expect(biased.choices[0].message.content).toBe("zzzz");
    const both = { logit_bias: { [only]: 9 }, frequency_penalty: 2 };
    const penalised = await it_.chat.complete({ ...ASK, ...both, max_tokens: 30 });
    const count = [...(penalised.choices[0].message.content ?? "")].filter((letter) => letter === "z").length;
    expect(count).toBeGreaterThan(2);
    expect(count).toBeLessThan(30);
  });

  it("repeat with a seed, and tell the one that was drawn", async () => {
    const first = await it_.chat.complete({ ...ASK, temperature: 1 });
    const again = await it_.chat.complete({ ...ASK, temperature: 1, seed: first.kernelc.seed });
    const other = await it_.chat.complete({ ...ASK, temperature: 1, seed: (first.kernelc.seed + 1) % 2 ** 32 });
    expect(again.choices).toEqual(first.choices);
    expect(other.choices).not.toEqual(first.choices);
  });

  it("throw before the stream begins what can be known then", async () => {
    const long = { ...ASK, messages: [{ role: "user" as const, content: "x".repeat(97) }] };
    await expect(it_.chat.stream(long)).rejects.toThrow("the conversation is 97 tokens, the context holds 96");
    await expect(it_.chat.complete(long)).rejects.toMatchObject({ code: "context" });
    await expect(it_.chat.stream({ ...ASK, top_p: 2 })).rejects.toMatchObject({ code: "usage" });
    expect((await it_.chat.complete(ASK)).choices[0].message.content).toBe(answer);
  });

  it("wait for one another", async () => {
    const [a, b] = await Promise.all([it_.chat.complete(ASK), it_.chat.complete(ASK)]);
    expect([a, b].map((each) => each.choices[0].message.content)).toEqual([answer, answer]);
  });

  it("stop on request; what came before stays, and the next one goes on", async () => {
    const controller = new AbortController();
    const chunks: ChatChunk[] = [];
    const reading = (async () => {
      for await (const chunk of await it_.chat.stream({ ...ASK, signal: controller.signal })) {
        if (chunks.push(chunk) === 5) controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    expect(answer.startsWith(textOf(chunks))).toBe(true);
    expect(it_.remembered).toHaveLength(1);
    expect((await it_.chat.complete(ASK)).choices[0].message.content).toBe(answer);
  });

  it("stop at once while they wait for another", async () => {
    const release = await it_.mutex.acquire();
    const controller = new AbortController();
    const waiting = it_.chat.complete({ ...ASK, signal: controller.signal });
    const later = it_.chat.complete(ASK);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    expect(it_.engine.ids).toEqual([]); // the later one still waits for the first
    release();
    expect((await later).choices[0].message.content).toBe(answer);
  });

  it("leave nothing on the signal of those who stop reading", async () => {
    const { signal } = new AbortController();
    const listening = new Set<unknown>();
    const add = vi.spyOn(signal, "addEventListener").mockImplementation((_, listener) => void listening.add(listener));
    vi.spyOn(signal, "removeEventListener").mockImplementation((_, listener) => void listening.delete(listener));
    for await (const chunk of await it_.chat.stream({ ...ASK, signal })) if (chunk.choices[0]?.delta.content) break;
    expect(add).toHaveBeenCalled();
    expect(listening.size).toBe(0);
  });

  it("leave out the oldest turns where that is asked for", async () => {
    const turns = ["a", "b", "c"].flatMap((letter) => [
      { role: "user" as const, content: letter.repeat(20) },
      { role: "assistant" as const, content: letter.repeat(20) },
    ]);
    const messages = [...turns, { role: "user" as const, content: "x" }];
    await expect(it_.chat.complete({ ...ASK, messages })).rejects.toMatchObject({ code: "context" });
    const slid = await it_.chat.complete({ ...ASK, messages, context_policy: "slide" });
    expect(slid).toMatchObject({ usage: { prompt_tokens: 41 }, kernelc: { dropped_turns: 2 } }); // a quarter is free
    const whole = await it_.chat.complete({ ...ASK, context_policy: "slide" });
    expect(whole.kernelc.dropped_turns).toBe(0);
  });

  it("let the cache go when a stream is stopped that nobody reads, or left early", async () => {
    const controller = new AbortController();
    await it_.chat.stream({ ...ASK, signal: controller.signal });
    controller.abort();
    expect((await it_.chat.complete(ASK)).choices[0].message.content).toBe(answer);
    for await (const chunk of await it_.chat.stream(ASK)) if (chunk.choices[0]?.delta.content) break;
    expect((await it_.chat.complete(ASK)).choices[0].message.content).toBe(answer);
    await expect(it_.chat.complete({ ...ASK, signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("what a request leaves out", () => {
  const own = { temperature: 0.2, top_k: 40, top_p: 0.9, min_p: 0.1, repetition_penalty: 1.1 };
  const { messages } = ASK;

  it("is as the model's authors want it, or as in OpenAI's API", () => {
    expect(checkedRequest({ messages }, VOCAB, own).sampling).toMatchObject(own);
    expect(checkedRequest({ messages, temperature: 0.7, top_k: 0 }, VOCAB, own).sampling).toMatchObject({
      ...own,
      temperature: 0.7,
      top_k: 0,
    });
    expect(checkedRequest({ messages }, VOCAB).sampling).toMatchObject({ temperature: 1, top_k: 0, top_p: 1 });
  });

  it("may be a message's content, and content may be parts", () => {
    const given: ChatRequest["messages"] = [
      { role: "developer", content: "be kind" },
      { role: "user", content: [{ type: "text", text: "one" }, { type: "text", text: "two" }] },
      { role: "assistant", content: null },
      { role: "tool", tool_call_id: "a" },
    ];
    expect(checkedRequest({ messages: given }, VOCAB).messages).toEqual([
      { role: "system", content: "be kind" },
      { role: "user", content: "one\ntwo" },
      { role: "assistant", content: "" },
      { role: "tool", content: "", tool_call_id: "a" },
    ]);
  });
});

describe("a request", () => {
  it("takes null for what is left out, as OpenAI's does", () => {
    const empty = { stop: null, seed: null, logit_bias: null, logprobs: null, frequency_penalty: null, max_tokens: null };
    const checked = checkedRequest({ ...ASK, ...empty } as unknown as ChatRequest, VOCAB);
    expect(checked).toMatchObject({ lockStep: false, topLogprobs: null });
  });

  it("defaults to temperature 1 and no limit", () => {
    const { messages } = ASK;
    const checked = checkedRequest({ messages }, VOCAB);
    expect(checked.sampling).toMatchObject({ temperature: 1, top_p: 1, top_k: 0 });
    expect(checked.maxNew).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("stop strings", () => {
  /** What is shown of `text` in pieces of `size`, and what the flush adds. */
  function shown(text: string, size: number, stops: readonly string[]): string {
    const matcher = new StopMatcher(stops);
    let result = "";
    for (let at = 0; at < text.length; at += size) result += matcher.push(text.slice(at, at + size));
    return result + matcher.flush();
  }

  it.each([
    ["one two three", ["two"], "one "],
    ["ababac", ["abac"], "ab"],
    ["aaab", ["ab", "aab"], "a"],
    ["hello", ["world"], "hello"],
    ["almost sto", ["stop"], "almost sto"],
    ["stop", ["stop"], ""],
    ["x\n\ny", ["\n\n"], "x"],
    ["xabcdy", ["abcd", "bc"], "xa"],
    ["xabcy", ["bc", "abc"], "x"],
  ])("end %j before the first of %j, however it is cut", (text, stops, wanted) => {
    for (let size = 1; size <= text.length; size += 1) expect(shown(text, size, stops)).toBe(wanted);
  });

  it("hold back nothing that cannot become one", () => {
    const matcher = new StopMatcher(["</s>"]);
    expect(matcher.push("a < b")).toBe("a < b");
    expect(matcher.push("</")).toBe("");
    expect(matcher.push("p>")).toBe("</p>");
  });
});
