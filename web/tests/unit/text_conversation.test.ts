/** Conversations: what fits the context, and what is written to and read from a file. */

import { describe, expect, it } from "vitest";

import { ConversationFitter, fewestOf, fitPrompt } from "../../src/text/conversation.js";
import type { PromptEncoder } from "../../src/text/prompt.js";
import { loadTranscript, saveTranscript } from "../../src/text/transcript.js";
import type { Message } from "../../src/text/types.js";

/** A prompt with one id for each character of the messages. */
const prompts: PromptEncoder = {
  encode: (messages) => prompts.prompt(messages).ids,
  prompt: (messages) => {
    const text = messages.map(({ content }) => content).join("");
    return { text, ids: [...text].map((char) => char.charCodeAt(0)) };
  },
  remember: () => undefined,
  forget: () => undefined,
};
const TALK: Message[] = [
  { role: "system", content: "sys" },
  { role: "user", content: "aaaa" },
  { role: "assistant", content: "bbbb" },
  { role: "user", content: "cccc" },
  { role: "assistant", content: "dddd" },
  { role: "user", content: "eeee" },
];

describe("a conversation", () => {
  it("is left whole where it fits", () => {
    const fitted = fitPrompt(prompts, TALK, { context: 23, policy: "stop", maxNew: 100 });
    expect([fitted.prompt.text, fitted.droppedTurns]).toEqual(["sysaaaabbbbccccddddeeee", 0]);
    expect(fitted.messages).toEqual(TALK);
  });

  it("is refused where it does not, and may not slide", () => {
    const fit = (): unknown => fitPrompt(prompts, TALK, { context: 22, policy: "stop", maxNew: 1 });
    expect(fit).toThrow("the conversation is 23 tokens, the context holds 22");
    expect(fit).toThrow(expect.objectContaining({ code: "context", help: expect.stringContaining("new chat") }));
  });

  it.each([
    [22, 1, "sysccccddddeeee", 1],
    [24, 2, "sysccccddddeeee", 1], // 23 would fit, but two more tokens would not
    [16, 100, "syseeee", 2], // a quarter of the context stays free
    [7, 100, "syseeee", 2], // what is left may fill the context
  ])("slides in a context of %i with %i tokens to come", (context, maxNew, text, dropped) => {
    const fitted = fitPrompt(prompts, TALK, { context, policy: "slide", maxNew });
    expect([fitted.prompt.text, fitted.droppedTurns]).toEqual([text, dropped]);
    expect(fitted.messages.at(-1)).toEqual(TALK.at(-1));
  });

  it("keeps system prompt and question whatever happens", () => {
    const fit = (): unknown => fitPrompt(prompts, TALK, { context: 6, policy: "slide", maxNew: 1 });
    expect(fit).toThrow("the conversation is 7 tokens, the context holds 6");
  });
});

describe("the fewest turns that must go", () => {
  it("are found wherever they begin", () => {
    for (let low = 0; low < 9; low += 1)
      for (let high = 0; high < 24; high += 1)
        for (let threshold = 0; threshold < 26; threshold += 1) {
          const expected = Math.max(low, threshold);
          expect(fewestOf(low, high, (count) => count >= threshold)).toBe(expected > high ? null : expected);
        }
  });

  it("of a long chat are found without a prompt of each length", () => {
    const turn = (at: number): Message[] => [
      { role: "user", content: `question ${at}` },
      { role: "assistant", content: "a".repeat(10) },
    ];
    const talk = [...Array.from({ length: 1000 }, (_, at) => turn(at)).flat(), turn(1000)[0]!];
    let rendered = 0;
    const counted: PromptEncoder = {
      ...prompts,
      prompt: (messages) => {
        rendered += messages.length;
        return prompts.prompt(messages);
      },
    };
    const { droppedTurns } = fitPrompt(counted, talk, { context: 400, policy: "slide", maxNew: 10 });
    expect(droppedTurns).toBeGreaterThan(980);
    expect(rendered).toBeLessThan(talk.length + 200); // the whole chat once, and then a few times what fits
  });
});

describe("a conversation that goes on", () => {
  const turn = (at: number): Message[] => [
    { role: "user", content: `question ${String(at).padStart(2, "0")}` },
    { role: "assistant", content: "an answer.." },
  ];
  const options = { context: 200, policy: "slide", maxNew: 12 } as const;

  it("slides now and then, as at the command line, and not at every turn", () => {
    const fitter = new ConversationFitter();
    let messages: Message[] = [{ role: "system", content: "sys" }];
    const dropped: number[] = [];
    for (let at = 0; at < 30; at += 1) {
      messages = [...messages, ...turn(at)];
      dropped.push(fitter.fit(prompts, messages.slice(0, -1), options).droppedTurns);
    }
    const slid = dropped.filter((count, at) => count > (dropped[at - 1] ?? 0)).length;
    expect(slid).toBeGreaterThan(4); // a turn is 22 tokens, a quarter of the context 50
    expect(slid).toBeLessThanOrEqual(12);
    expect(fitter.fit(prompts, turn(99).slice(0, 1), options).droppedTurns).toBe(0); // another conversation
  });

  it("keeps turns where no number of them frees a quarter", () => {
    const system: Message = { role: "system", content: "s".repeat(140) };
    const talk = [...turn(0), ...turn(1), ...turn(2).slice(0, 1)];
    expect(fitPrompt(prompts, [system, ...talk], options).droppedTurns).toBe(1);
  });
});

describe("a saved conversation", () => {
  const answered = TALK.slice(0, 5);

  it("comes back as it was", () => {
    const odd: Message[] = [...answered.slice(1, 4), { role: "assistant", content: "\u2028\ud83d\ude80 \"\\\n" }];
    expect(loadTranscript(saveTranscript(answered))).toEqual(answered);
    expect(loadTranscript(saveTranscript(odd))).toEqual(odd);
    expect(loadTranscript(saveTranscript([]))).toEqual([]);
  });

  it("is the file that the command line writes", () => {
    const text = '{\n "format": "kernelc-conversation",\n "version": 1,\n "messages": []\n}';
    expect(saveTranscript([])).toBe(text);
  });

  const file = (messages: unknown): string => JSON.stringify({ format: "kernelc-conversation", version: 1, messages });
  it.each([
    ["{", "this is no JSON text"],
    ["[]", "wanted a JSON object"],
    ["{}", "got format undefined, version undefined"],
    ['{"format": "kernelc-conversation", "version": 2}', "version 2"],
    [file(3), "messages: wanted a list"],
    [file([3]), "messages[0]: wanted an object"],
    [file([{ role: "tool", content: "" }]), "messages[0]: wanted an object"],
    [file([TALK[1], TALK[1]]), "messages[1]: got role user, wanted assistant"],
    [file([TALK[0], TALK[2]]), "messages[1]: got role assistant, wanted user"],
    [file([TALK[1]]), "the last one is the user's"],
  ])("is refused by name: %s", (text, wanted) => {
    expect(() => loadTranscript(text)).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => loadTranscript(text)).toThrow(wanted);
  });
});
