/** Calls of tools and thoughts of the toy model, whose tokens are what a test has it say. */

import { describe, expect, it } from "vitest";

import type { ChatCompletion, ChatRequest, Tool } from "../../src/engine/api.js";
import type { Forms } from "../../src/text/tools/forms.js";
import { LLAMA, MISTRAL_ARGS, TOLD } from "../../src/text/tools/forms.js";
import type { StreamDecoder } from "../../src/text/types.js";
import { coderOf, setUp } from "./engine_letters.js";

const END = 0;
const LETTERS = ["", ...'{}[]",:\n _-.eE0123456789abcdfghijklmnopqrstuvwxyzARGS<>/'];
const TOOLS: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "get_time",
      parameters: { type: "object", properties: { zone: { enum: ["cet", "utc"] } }, required: ["zone"] },
    },
  },
  { type: "function", function: { name: "stop" } },
];
const CALL = '<tool_call>{"name": "get_time", "arguments": {"zone": "cet"}}</tool_call>';
const THINKING: Forms = { calls: TOLD, thoughts: { open: "<think>", close: "</think>" } };

const ask = (more: Partial<ChatRequest>): ChatRequest => ({
  messages: [{ role: "user", content: "ab" }],
  temperature: 0,
  ...more,
});

/** The answer of a model that says these texts, one for each token whatever it is, and then no more. */
async function said(
  texts: readonly string[],
  more: Partial<ChatRequest>,
  forms?: Forms,
): Promise<ChatCompletion["choices"][0] & { readonly usage: ChatCompletion["usage"] }> {
  const stream = (): StreamDecoder => {
    const left = [...texts];
    return { push: () => left.shift() ?? "", flush: () => "" };
  };
  const { chat } = setUp([], { ...coderOf(LETTERS), stream }, forms);
  const { choices, usage } = await chat.complete(ask({ max_tokens: texts.length, ...more }));
  return { ...choices[0], usage };
}

const calls = ({ message }: ChatCompletion["choices"][0]): (readonly [string, string])[] =>
  (message.tool_calls ?? []).map((call) => [call.function.name, call.function.arguments]);

describe("a call", () => {
  it("comes out of an answer that may have one", async () => {
    const choice = await said([CALL], { tools: TOOLS });
    expect(calls(choice)).toEqual([["get_time", '{"zone": "cet"}']]);
    expect(choice.message).toMatchObject({ role: "assistant", content: null, refusal: null });
    expect(choice.message.tool_calls?.[0]?.id).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(choice.finish_reason).toBe("length"); // it was told to say no more
  });

  it("is text where it is not wanted", async () => {
    for (const more of [{}, { tools: TOOLS, tool_choice: "none" as const }]) {
      const choice = await said([CALL], more);
      expect(choice.message.content).toBe(CALL);
      expect(choice.message.tool_calls).toBeUndefined();
    }
  });

  it("ends an answer that may have only one", async () => {
    const choice = await said([CALL + CALL], { tools: TOOLS, parallel_tool_calls: false, max_tokens: 9 });
    expect(calls(choice)).toHaveLength(1);
    expect(choice.finish_reason).toBe("tool_calls");
    const begun = CALL.slice(0, CALL.lastIndexOf("et"));
    const cut = await said([begun], { tools: TOOLS, parallel_tool_calls: false });
    expect(calls(cut)).toEqual([["get_time", '{"zone": "c']]);
    expect(cut.finish_reason).toBe("length");
  });

  it("has marks that are seen, though they are special tokens", async () => {
    const special = { ...coderOf(["", ""]), specialIds: new Map([["[TOOL_CALLS]", 1]]) };
    const { chat } = setUp([], special, { calls: MISTRAL_ARGS, thoughts: null });
    const request = ask({ logit_bias: { 1: 100 }, max_tokens: 1 });
    const seen = await chat.complete({ ...request, tools: TOOLS });
    expect(seen.choices[0].message.content).toBe("[TOOL_CALLS]"); // behind which no call came
    expect((await chat.complete(request)).choices[0].message.content).toBe("");
  });

  it("streams in pieces", async () => {
    const all = coderOf(["", CALL]);
    const request = ask({ tools: TOOLS, logit_bias: { 1: 100 }, max_tokens: 1 });
    const deltas = [];
    for await (const chunk of await setUp([], all).chat.stream(request)) {
      deltas.push(...chunk.choices.map(({ delta }) => delta));
    }
    const first = { index: 0, type: "function", function: { name: "get_time", arguments: "" } };
    expect(deltas[1]?.tool_calls?.[0]).toMatchObject(first);
    expect(deltas[2]?.tool_calls).toEqual([{ index: 0, function: { arguments: '{"zone": "cet"}' } }]);
  });
});

describe("a call that is required", () => {
  it.each([TOLD, LLAMA, MISTRAL_ARGS])("comes, in the form $name", async (form) => {
    for (const [seed, choice] of [
      [1, "required"],
      [2, "required"],
      [3, { type: "function", function: { name: "stop" } }],
    ] as const) {
      const { chat } = setUp([END], coderOf(LETTERS), { calls: form, thoughts: null });
      const request = ask({ tools: TOOLS, tool_choice: choice, temperature: 1, seed });
      const { choices } = await chat.complete(request);
      const [[name, given] = ["", ""]] = calls(choices[0]);
      expect(choices[0].finish_reason).toBe("tool_calls");
      expect(choices[0].message.content).toBeNull();
      if (typeof choice === "object") expect(name).toBe("stop");
      const wanted = name === "stop" ? [{}] : [{ zone: "cet" }, { zone: "utc" }];
      expect(wanted).toContainEqual(JSON.parse(given));
    }
  });
});

describe("a thought", () => {
  it("comes apart from the answer", async () => {
    const choice = await said(["<think>hm", "\n</think>\n", "Hi."], {}, THINKING);
    expect(choice.message).toMatchObject({ content: "Hi.", reasoning_content: "hm" });
    expect(choice.usage.completion_tokens_details).toEqual({ reasoning_tokens: 2 });
  });

  it("stays where it is for those who want that", async () => {
    const choice = await said(["<think>hm</think>Hi."], { reasoning_format: "none" }, THINKING);
    expect(choice.message.content).toBe("<think>hm</think>Hi.");
    expect(choice.message.reasoning_content).toBeUndefined();
    expect(choice.usage.completion_tokens_details).toBeUndefined();
  });

  it("may take half of the answer where the prompt begins one and a call must come", async () => {
    const { chat, remembered } = setUp([END], coderOf(LETTERS), THINKING);
    const messages = [{ role: "user", content: "<think>" }] as const; // its template writes nothing else
    const request = ask({ messages, tools: TOOLS, tool_choice: "required", seed: 1, max_tokens: 60 });
    const forced = await chat.complete(request);
    expect(forced.choices[0].message.reasoning_content).toBeTruthy();
    const whole = (remembered[0] ?? []).map((id) => LETTERS[id]).join("");
    expect(whole).toMatch(/^<think>[^]{20,30}<\/think>\n\n<tool_call>\n/);
    const free = await said(["hm</think>Hi."], { messages, tools: TOOLS }, THINKING);
    expect(free.message).toMatchObject({ content: "Hi.", reasoning_content: "hm" });
  });

  it("goes on where the answer's beginning has one", async () => {
    const messages = [
      { role: "user", content: "ab" },
      { role: "assistant", content: "<think>so" },
    ] as const;
    const choice = await said(["hm</think>Hi."], { messages, continue_final_message: true }, THINKING);
    expect(choice.message).toMatchObject({ content: "Hi.", reasoning_content: "hm" });
    const over = [messages[0], { role: "assistant", content: "<think>so</think>" }] as const;
    const rest = await said(["<think>Hi."], { messages: over, continue_final_message: true }, THINKING);
    expect(rest.message.content).toBe("<think>Hi.");
  });
});
