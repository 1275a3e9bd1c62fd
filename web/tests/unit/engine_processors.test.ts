/** Logit processors: a page's own code between the scores and the draw. */

import { describe, expect, it } from "vitest";
import type { LogitProcessorFactory } from "../../src/engine/sampling/logitProcessors.js";
import { loadProcessors } from "../../src/engine/sampling/ownProcessors.js";
import type { ChatRequest } from "../../src/engine/openai/completions.js";
import { coder, setUp, type Setup } from "./engine_letters.js";

/** Makes answers repeat one text, which the request gives. */
const say: LogitProcessorFactory = (options, { encode }) => {
  const ids = encode(String(options));
  return (logits, { said }) => {
    const wanted = ids[said.length % ids.length] ?? 0;
    logits.forEach((_, id) => id === wanted || (logits[id] = -Infinity));
  };
};

const made = (factories: Readonly<Record<string, LogitProcessorFactory>>): Setup => setUp([], coder, undefined, factories);

function ask(logit_processor: NonNullable<ChatRequest["logit_processor"]> | null, more: Partial<ChatRequest> = {}): ChatRequest {
  return { messages: [{ role: "user", content: "Hello" }], max_tokens: 6, seed: 1, logit_processor, ...more };
}

describe("a logit processor", () => {
  it("decides what may be drawn, at any temperature", async () => {
    const { chat } = made({ say });
    const { choices } = await chat.complete(ask({ name: "say", options: "abc" }, { temperature: 2, n: 2 }));
    expect(choices.map(({ message }) => message.content)).toEqual(["abcabc", "abcabc"]);
  });

  it("is made anew for each answer, and told of prompt and answer", async () => {
    const told: [string, number[]][] = [];
    let times = 0;
    const listen: LogitProcessorFactory = (_, { decode, vocabSize, endIds }) => {
      expect([vocabSize, endIds]).toEqual([64, []]);
      times += 1;
      const seen: number[] = [];
      return (_logits, { prompt, said }) => void told.push([decode(prompt), [...seen.splice(0), said.length]]);
    };
    const { texts } = made({ listen });
    await texts.complete({ prompt: ["ab", "cd"], max_tokens: 2, logit_processor: "listen" });
    expect(told).toEqual([["ab", [0]], ["ab", [1]], ["cd", [0]], ["cd", [1]]]);
    expect(times).toBe(2);
  });

  it("leaves the answer alone where it changes nothing", async () => {
    const [plain, listening] = [made({}), made({ idle: () => () => undefined })];
    const wanted = await plain.chat.complete(ask(null, { temperature: 0.8 }));
    const found = await listening.chat.complete(ask("idle", { temperature: 0.8 }));
    expect(found.choices[0].message.content).toBe(wanted.choices[0].message.content);
  });

  it.each<[string, NonNullable<ChatRequest["logit_processor"]>, string]>([
    ["is none of the engine's", "other", 'logit_processor is "other", wanted one of "say", "throws", "nothing"'],
    ["throws", "throws", 'the logit processor "throws" failed: no'],
    ["leaves no token", { name: "nothing" }, 'the logit processor "nothing" ruled out every token at position 0'],
  ])("is refused where it %s", async (_, choice, message) => {
    const throws: LogitProcessorFactory = () => () => {
      throw new Error("no");
    };
    const nothing: LogitProcessorFactory = () => (logits) => void logits.fill(-Infinity);
    const { chat } = made({ say, throws, nothing });
    await expect(chat.complete(ask(choice))).rejects.toMatchObject({ code: "usage", message, param: "logit_processor" });
    expect((await chat.complete(ask({ name: "say", options: "ab" }))).choices[0].message.content).toBe("ababab");
  });

  it("is refused where the engine was opened without any", async () => {
    const message = 'logit_processor is "say", wanted none: the engine was opened without any';
    await expect(made({}).chat.complete(ask("say"))).rejects.toMatchObject({ code: "usage", message });
  });

  it("comes from a module, whose default export makes it", async () => {
    const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
    const code = "export default (by) => (logits) => { logits[3] += by; }";
    const factory = (await loadProcessors({ add: url(code), own: say })).get("add");
    const logits = new Float32Array(8);
    factory?.(2.5, {} as never)(logits, { prompt: [], said: [] });
    expect([...logits]).toEqual([0, 0, 0, 2.5, 0, 0, 0, 0]);
    const wrong = loadProcessors({ add: url("export const x = 1") });
    await expect(wrong).rejects.toThrow(/"add" did not load from data:.*its default export is no function/);
  });
});
