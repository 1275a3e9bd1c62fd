/** Engines in the AI SDK, with its real packages; the toy model says what a test has it say. */

import { embedMany, generateText, isStepCount, jsonSchema, Output, streamText, tool } from "ai";
import { describe, expect, it } from "vitest";
import { createKernelc, embeddingModel, languageModel } from "../../src/adapters/aiSdk.js";
import { KernelcError } from "../../src/artifact/errors.js";
import type { ChatRequest, EmbeddingRequest, Engine } from "../../src/engine/api.js";
import type { Forms } from "../../src/text/tools/forms.js";
import { TOLD } from "../../src/text/tools/forms.js";
import type { StreamDecoder } from "../../src/text/types.js";
import { coderOf, setUp } from "./engine_letters.js";

globalThis.AI_SDK_LOG_WARNINGS = false;

const LETTERS = ["", ...'{}[]",:\n _-.eE0123456789abcdfghijklmnopqrstuvwxyzARGS<>/'];
const THINKING: Forms = { calls: TOLD, thoughts: { open: "<think>", close: "</think>" } };

interface Told {
  readonly engine: Engine;
  readonly requests: ChatRequest[];
}

/** An engine that gives these answers, each in these pieces, and remembers what it was asked. */
function saying(...answers: readonly (readonly string[])[]): Told {
  const left = [...answers];
  const stream = (): StreamDecoder => {
    const pieces = [...(left.shift() ?? [])];
    return { push: () => pieces.shift() ?? "", flush: () => "" };
  };
  const { chat } = setUp([], { ...coderOf(LETTERS), stream }, THINKING);
  const requests: ChatRequest[] = [];
  const create = (request: ChatRequest): Promise<unknown> => {
    requests.push(request);
    return request.stream ? chat.stream(request) : chat.complete(request);
  };
  const embed = async ({ input }: EmbeddingRequest): Promise<unknown> => ({
    data: (input as string[]).map((text) => ({ embedding: [text.length, 1] })), usage: { total_tokens: 7 },
  });
  const parts = { model: { name: "toy" }, chat: { completions: { create } }, embeddings: { create: embed } };
  return { engine: parts as unknown as Engine, requests };
}

describe("a model of the AI SDK", () => {
  it("answers, with usage, thoughts and all settings", async () => {
    const { engine, requests } = saying(["<think>hm", "</think>", "It is ", "42."]);
    const settings = { temperature: 0, topP: 0.9, topK: 4, seed: 3, stopSequences: ["!"], presencePenalty: 0.5 };
    const result = await generateText({
      model: languageModel(engine), system: "Be brief.", prompt: "What?", maxOutputTokens: 4, ...settings,
    });
    expect([result.text, result.reasoningText, result.finishReason]).toEqual(["It is 42.", "hm", "length"]);
    expect(result.usage).toMatchObject({ inputTokens: 14, outputTokens: 4 });
    expect(result.response.modelId).toBe("toy");
    expect(requests[0]).toMatchObject({
      messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "What?" }],
      max_tokens: 4, temperature: 0, top_p: 0.9, top_k: 4, seed: 3, stop: ["!"], presence_penalty: 0.5,
    });
  });

  it("streams", async () => {
    const { engine } = saying(["<think>h", "m</think>", "It ", "is."]);
    const result = streamText({ model: languageModel(engine), prompt: "What?", maxOutputTokens: 4 });
    const pieces: string[] = [];
    for await (const piece of result.textStream) pieces.push(piece);
    expect(pieces.join("")).toBe("It is.");
    expect(pieces.length).toBeGreaterThan(1);
    expect([await result.reasoningText, await result.finishReason]).toEqual(["hm", "length"]);
    expect((await result.usage).outputTokens).toBe(4);
  });

  it.each(["whole", "streamed"])("calls tools and goes on with their results, %s", async (how) => {
    const call = '<tool_call>{"name": "get_time", "arguments": {"zone": "cet"}}</tool_call>';
    const { engine, requests } = saying(["So. ", call.slice(0, 40), call.slice(40), "!"], ["It is ", "late.", "!"]);
    const asked: unknown[] = [];
    const get_time = tool({
      description: "The time",
      inputSchema: jsonSchema<{ zone: string }>({ type: "object", properties: { zone: { type: "string" } } }),
      execute: async (input) => {
        asked.push(input);
        return { hour: 23 };
      },
    });
    const options = { model: languageModel(engine), prompt: "When?", stopSequences: ["!"], tools: { get_time }, stopWhen: isStepCount(2) };
    const text = how === "whole" ? (await generateText(options)).text : await streamText(options).text;
    expect([text, asked]).toEqual(["It is late.", [{ zone: "cet" }]]);
    const [, assistant, result] = requests[1]?.messages ?? [];
    const called = { name: "get_time", arguments: '{"zone":"cet"}' };
    expect(assistant).toMatchObject({ role: "assistant", content: "So.", tool_calls: [{ function: called }] });
    expect(result).toEqual({ role: "tool", tool_call_id: assistant?.tool_calls?.[0]?.id, content: '{"hour":23}' });
  });

  it("gives objects that follow a schema", async () => {
    const { chat } = setUp([0], coderOf(LETTERS));
    const requests: ChatRequest[] = [];
    const create = (request: ChatRequest): Promise<unknown> => {
      requests.push(request);
      return chat.complete(request);
    };
    const engine = { model: { name: "toy" }, chat: { completions: { create } } } as unknown as Engine;
    const schema = jsonSchema<{ a: number }>({ type: "object", properties: { a: { enum: [1] } }, required: ["a"] });
    const model = languageModel(engine);
    const { output } = await generateText({ model, prompt: "?", temperature: 0, output: Output.object({ schema }) });
    expect(output).toEqual({ a: 1 });
    expect(requests[0]?.response_format).toMatchObject({ type: "json_schema", json_schema: { schema: { required: ["a"] } } });
  });

  it("stops where it is asked to, by the name that the SDK knows", async () => {
    const { engine } = saying(Array.from({ length: 40 }, () => "a"));
    const stopping = new AbortController();
    const result = streamText({ model: languageModel(engine), prompt: "?", abortSignal: stopping.signal });
    const kinds: string[] = [];
    for await (const { type } of result.fullStream) {
      kinds.push(type);
      if (type === "text-delta") stopping.abort();
    }
    expect(kinds.at(-1)).toBe("abort");
    expect(kinds).not.toContain("error");
    const late = generateText({ model: languageModel(engine), prompt: "?", abortSignal: stopping.signal, maxRetries: 0 });
    await expect(late).rejects.toMatchObject({ name: "AbortError" });
  });

  it("refuses files, and tells what is not done", async () => {
    const { engine } = saying(["yes"]);
    const model = languageModel(engine);
    const data = new Uint8Array(3);
    const content = [{ type: "file" as const, data, mediaType: "image/png" }];
    const refused = generateText({ model, messages: [{ role: "user", content }], maxRetries: 0 });
    await expect(refused).rejects.toThrow('a message has a part of type "file"');
    const { warnings } = await generateText({ model, prompt: "?", maxOutputTokens: 1, reasoning: "high" });
    expect(warnings).toEqual([{ type: "unsupported", feature: "reasoning", details: "models think as they do" }]);
  });
});

describe("a provider of the AI SDK", () => {
  it("opens each model once, when it is first used, and again after a failure", async () => {
    const opened: string[] = [];
    const { engine } = saying(["a"], ["b"]);
    const kernelc = createKernelc(async (id) => {
      opened.push(id);
      if (id === "broken") throw new KernelcError("network", "no");
      return engine;
    });
    const ask = (id: string): Promise<{ text: string }> =>
      generateText({ model: kernelc.languageModel(id), prompt: "?", maxOutputTokens: 1, maxRetries: 0 });
    expect(opened).toEqual([]);
    expect([(await ask("toy")).text, (await ask("toy")).text]).toEqual(["a", "b"]);
    await expect(ask("broken")).rejects.toThrow("no");
    await expect(ask("broken")).rejects.toThrow("no");
    expect(opened).toEqual(["toy", "broken", "broken"]);
    expect(() => kernelc.imageModel("toy")).toThrow("kernelc has no model for pictures");
  });

  it("makes embeddings", async () => {
    const { embeddings, usage } = await embedMany({ model: embeddingModel(saying().engine), values: ["ab", "c"] });
    expect([embeddings, usage.tokens]).toEqual([[[2, 1], [1, 1]], 7]);
  });
});
