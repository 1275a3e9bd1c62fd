/** Answers with a shape (`response_format`) of the toy model, whose choices know nothing of JSON. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import type { ResponseFormat } from "../../src/engine/api.js";
import { Grammars } from "../../src/engine/masked/grammars.js";
import { drawAllowed } from "../../src/engine/masked/masking.js";
import type { AnswerFormat } from "../../src/engine/request/format.js";
import { checkedSampling } from "../../src/engine/sampling/sampling.js";
import { Matcher } from "../../src/grammar/matcher.js";
import { VOCAB } from "./engine_fakes.js";
import { coderOf, setUp } from "./engine_letters.js";

const END = 0;
const MARKUP = 1; // written like a brace
const LETTERS = [
  "", "{", ..."{}[]\",:\n\\-+.eE0123456789abcdfghijklmnopqrstuvwxyzTZ@", '":', '","', '{"', "true", "]}", "\\u00",
];
const coder = coderOf(LETTERS, new Map([["{", MARKUP]]));
const messages = [{ role: "user", content: "ab" }] as const;

type Check = (value: never) => unknown;

/** Schemas whose answers are short, with what must hold for each answer. */
const SCHEMAS: readonly (readonly [schema: Record<string, unknown>, check: Check])[] = [
  [{ type: "boolean" }, (value: unknown) => typeof value === "boolean"],
  [{ type: "integer", minimum: 7, maximum: 150 }, (n: number) => Number.isInteger(n) && n >= 7 && n <= 150],
  [{ type: "number", exclusiveMinimum: 0, maximum: 1 }, (n: number) => n > 0 && n <= 1],
  [{ type: "integer", multipleOf: 12, minimum: 100, maximum: 999 }, (n: number) => n >= 100 && n % 12 === 0],
  [{ type: "string", minLength: 3, maxLength: 6, pattern: "^[a-c]" }, (text: string) => /^[a-c].{2,5}$/s.test(text)],
  [{ type: "string", format: "date" }, (text: string) => !Number.isNaN(Date.parse(text))],
  [{ enum: ["red", "blue", 7, null] }, (value: unknown) => ["red", "blue", 7, null].includes(value as null)],
  [{ type: "array", items: { type: "boolean" }, minItems: 2, maxItems: 3 }, (all: unknown[]) =>
    all.length >= 2 && all.length <= 3 && all.every((each) => typeof each === "boolean")],
  [
    {
      type: "object",
      properties: { ok: { type: "boolean" }, why: { type: "string", maxLength: 5 }, n: { enum: [1, 2] } },
      required: ["ok", "n"],
      additionalProperties: false,
    },
    ({ ok, why, n, ...more }: Record<string, unknown>) =>
      typeof ok === "boolean" && ["undefined", "string"].includes(typeof why) && [1, 2].includes(n as number) &&
      !Object.keys(more).length,
  ],
];

function formatOf(schema: Readonly<Record<string, unknown>>): ResponseFormat {
  return { type: "json_schema", json_schema: { name: "x", schema } };
}

async function answers(response_format: ResponseFormat, more: object): Promise<{ text: string; why: string }[]> {
  const { chat } = setUp([END], coder);
  const { choices } = await chat.complete({ messages, response_format, ...more });
  return choices.map(({ message, finish_reason }) => ({ text: message.content ?? "", why: finish_reason }));
}

async function refusal(answer: Promise<unknown>): Promise<KernelcError> {
  return answer.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: unknown) => error as KernelcError,
  );
}

describe("an answer under a schema", () => {
  it.each(SCHEMAS)("validates, and ends by itself: %j", async (schema, check) => {
    for (const temperature of [0, 1, 50]) {
      const found = await answers(formatOf(schema), { temperature, seed: 5, n: temperature ? 6 : 1 });
      for (const { text, why } of found) {
        expect(why, text).toBe("stop");
        expect(check(JSON.parse(text) as never), text).toBe(true);
      }
      const different = new Set(found.map(({ text }) => text)).size;
      if (temperature === 50 && schema["type"] === "string") expect(different).toBeGreaterThan(2);
    }
  });

  it("ends exactly where it may", async () => {
    for (const { text } of await answers(formatOf({ const: "abc" }), { temperature: 50, n: 8 })) {
      expect(text).toBe('"abc"');
    }
    const format = formatOf({ type: "integer", minimum: 1, maximum: 99_999_999 });
    const found = await answers(format, { temperature: 50, n: 16, seed: 1 });
    expect(new Set(found.map(({ text }) => text.length)).size).toBeGreaterThan(1);
  });

  it("is the beginning of one where it is cut", async () => {
    const [cut] = await answers(formatOf({ const: "abcdefghij" }), { max_tokens: 4 });
    expect(cut).toEqual({ text: '"abc', why: "length" });
  });

  it("never has markup, however likely it is", async () => {
    const { chat, remembered } = setUp([END], coder);
    const bias = { logit_bias: { [MARKUP]: 100 }, temperature: 1 };
    const format = formatOf({ type: "object", properties: { a: { const: 1 } }, required: ["a"] });
    await chat.complete({ messages, response_format: format, n: 8, ...bias });
    expect(remembered).toHaveLength(8);
    expect(remembered.filter((ids) => ids.includes(MARKUP))).toEqual([]);
  });

  it("is the same where the device is lost after a token was chosen, and chosen again", async () => {
    // With a bias the device does not draw by itself.
    const response_format = formatOf({ type: "string", minLength: 4, maxLength: 6 });
    const request = { messages, response_format, seed: 3, temperature: 1, logit_bias: { "5": 1 } };
    const [whole] = await answers(request.response_format, request);
    const { chat, engine } = setUp([END], coder);
    const { executor } = engine;
    const write = executor.write.bind(executor);
    let chosen = 0;
    executor.write = (buffer, offset, data) => {
      if (data.length === 1 && (chosen += 1) === 3) throw new KernelcError("device-lost", "the toy was taken away");
      write(buffer, offset, data);
    };
    const { choices } = await chat.complete(request);
    expect(engine.executor).not.toBe(executor);
    expect(choices[0]?.message.content).toBe(whole?.text);
  });

  it("is the same in a stream, and with log probabilities, which are the model's own", async () => {
    const response_format = formatOf({ enum: ["red", "blue"] });
    const request = { messages, response_format, seed: 3, temperature: 1 };
    const [whole] = await answers(response_format, request);
    let text = "";
    for await (const chunk of await setUp([END], coder).chat.stream({ ...request, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(whole?.text);
    const { choices } = await setUp([END], coder).chat.complete({ ...request, logprobs: true, top_logprobs: 20 });
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content.map(({ token }) => token).join("")).toBe(text);
    expect(content.some(({ top_logprobs }) => top_logprobs.some(({ logprob }) => logprob === -Infinity))).toBe(false);
  });
});

describe("an answer of a regular expression or a grammar", () => {
  it.each<readonly [ResponseFormat, RegExp]>([
    [{ type: "regex", regex: "(?:ab|ba){2,3}" }, /^(?:ab|ba){2,3}$/],
    [{ type: "grammar", grammar: 'root ::= "[" list "]"\nlist ::= [a-c] ("," list)?' }, /^\[[a-c](?:,[a-c])*\]$/],
  ])("is one, or the beginning of one: %j", async (format, wanted) => {
    for (const temperature of [0, 50]) {
      const found = await answers(format, { temperature, n: temperature ? 8 : 1, seed: 2 });
      for (const { text, why } of found) if (why === "stop") expect(text).toMatch(wanted);
      if (temperature) expect(found.some(({ why }) => why === "stop")).toBe(true);
    }
  });

  it("is refused with its field", async () => {
    const { chat } = setUp([END], coder);
    const error = await refusal(chat.complete({ messages, response_format: { type: "grammar", grammar: "a" } }));
    expect(error).toMatchObject({ code: "usage", param: "response_format.grammar" });
    const left = { type: "grammar", grammar: 'root ::= root "a" | "b"' } as const;
    expect((await refusal(chat.complete({ messages, response_format: left }))).message).toContain("left recursion");
  });
});

describe("JSON mode", () => {
  it("gives objects, or the beginning of one", async () => {
    const found = await answers({ type: "json_object" }, { temperature: 50, n: 16, seed: 1 });
    const whole = found.filter(({ why }) => why === "stop");
    expect(whole.length).toBeGreaterThan(0);
    for (const { text } of whole) expect(Object.keys(JSON.parse(text) as object)).toBeInstanceOf(Array);
    for (const { text } of found) expect(text[0]).toBe("{");
  });
});

describe("a schema is refused", () => {
  it("before anything is computed, with the field and the place", async () => {
    const { chat, engine } = setUp([END], coder);
    const format = formatOf({ type: "object", properties: { a: { not: {} } } });
    const error = await refusal(chat.complete({ messages, response_format: format }));
    expect(error).toMatchObject({ code: "usage", param: "response_format.json_schema.schema" });
    expect(error.message).toContain("response_format.json_schema.schema: #/properties/a/not: the keyword 'not'");
    expect(engine.ids).toEqual([]);
  });

  it("where no text fits, or the tokens cannot write it, or none ends an answer", async () => {
    const ask = (schema: Record<string, unknown>, stopIds = [END]): Promise<KernelcError> =>
      refusal(setUp(stopIds, coder).chat.complete({ messages, response_format: formatOf(schema) }));
    expect((await ask({ type: "integer", minimum: 2, maximum: 1 })).message).toContain("no text at all fits");
    expect((await ask({ const: "Q" })).message).toContain("model's tokens");
    expect((await ask({ const: "a" }, [])).message).toContain("no token that ends");
  });

  it("where it is no JSON", async () => {
    const circle: Record<string, unknown> = {};
    circle["items"] = circle;
    const error = await refusal(setUp([END], coder).chat.complete({ messages, response_format: formatOf(circle) }));
    expect(error).toMatchObject({ code: "usage", param: "response_format.json_schema.schema" });
    expect(error.message).toContain("is no JSON");
  });
});

describe("grammars", () => {
  it("are made once for the same schema, and eight of them are kept", async () => {
    let read = 0;
    const counted = { ...coder, piece: (id: number) => (read += 1, coder.piece(id)) };
    const grammars = new Grammars(counted, VOCAB, [END]);
    const kept = Reflect.get(grammars, "kept") as Map<string, object>;
    const format = (at: number): AnswerFormat => ({ type: "json_schema", text: `{"const":${at}}`, path: "x" });
    await grammars.of(format(1));
    const first = kept.get('json_schema {"const":1}');
    for (let at = 2; at < 9; at += 1) await grammars.of(format(at));
    await grammars.of(format(1));
    expect(kept.get('json_schema {"const":1}')).toBe(first);
    await grammars.of({ type: "json_object", text: "", path: "x" });
    const names = [3, 4, 5, 6, 7, 8, 1].map((at) => `json_schema ${format(at).text}`);
    expect([...kept.keys()]).toEqual([...names, "json_object "]);
    expect(read).toBe(VOCAB);
  });

  it("are loaded only where a request needs them: other files know their types alone", () => {
    const src = resolve(import.meta.dirname, "../../src");
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const imports = files
      // The first is loaded with them, and the second may load nothing later.
      .filter((file) => ![join("engine", "masked", "grammars.ts"), join("engine", "clients", "serve.ts")].includes(file))
      .filter((file) => !file.startsWith("grammar"))
      .flatMap((file) => readFileSync(join(src, file), "utf8").split("\n"))
      .filter((line) => line.includes("import") && /\/grammar\/|masked\/grammars\.js|"\.\/grammars\.js"|maskedGeneration/.test(line))
      .filter((line) => !line.includes("markupOf")) // of the page, for another kind of grammars
      .map((line) => line.trim());
    expect(imports.filter((line) => !line.startsWith("import type "))).toEqual([
      'export type Grammars = typeof import("./masked/grammars.js");',
      'return loaded("response_format", import("./masked/grammars.js"));',
    ]);
  });
});

describe("drawing what is allowed", () => {
  const sampling = checkedSampling({ temperature: 1, top_k: 3, top_p: 0.5, seed: 1 });
  const maskOf = (...ids: number[]): Uint32Array => {
    const mask = new Uint32Array(3);
    for (const id of ids) mask[id >>> 5] = (mask[id >>> 5] ?? 0) | (1 << (id & 31));
    return mask;
  };

  it.each([0, 1])("holds for any scores, at temperature %d", (temperature) => {
    for (const score of [-Infinity, NaN, -1e38, 0]) {
      for (const ids of [[31], [63, 70], [5, 32, 69]]) {
        const logits = new Float32Array(71).fill(50);
        for (const id of ids) logits[id] = score;
        expect(ids).toContain(drawAllowed(logits, { ...sampling, temperature }, 9, maskOf(...ids)));
      }
    }
  });

  it("is the likeliest of them where nothing is drawn", () => {
    const logits = Float32Array.from({ length: 71 }, (_, id) => id);
    expect(drawAllowed(logits, { ...sampling, temperature: 0 }, 9, maskOf(3, 40, 12))).toBe(40);
  });
});

describe("the mask of a token", () => {
  it.each([
    ["while its step runs, which was submitted before the last id was there", {}, "run run result mask"],
    ["while its step runs, and before its logits are there", { logit_bias: { "5": 1 } }, "result run mask result"],
  ])("is found %s", async (_, more, wanted) => {
    const { chat, engine } = setUp([END], coder);
    const order: string[] = [];
    const { executor } = engine;
    const { mask } = Matcher.prototype;
    vi.spyOn(Matcher.prototype, "mask").mockImplementation(function (this: Matcher) {
      if (order.at(-1) !== "mask") order.push("mask");
      return mask.call(this);
    });
    const run = executor.run.bind(executor);
    executor.run = (...given) => {
      const ticket = run(...given);
      order.push("run");
      const result = ticket.result.bind(ticket);
      ticket.result = () => (order.push("result"), result());
      return ticket;
    };
    const response_format = formatOf({ type: "string", minLength: 5, maxLength: 9 });
    await chat.complete({ messages, response_format, ...more });
    vi.restoreAllMocks();
    expect(order.join(" ")).toContain(wanted);
  });
});
