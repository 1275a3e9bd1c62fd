/**
 * The requests that both runtimes read alike, as the page's engine reads them: tests/requests/golden.json, which
 * tests/requests/test_golden_requests.py holds the native runtime to.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import { Grammars } from "../../src/engine/masked/grammars.js";
import { checkedRequest } from "../../src/engine/request/chat.js";
import { characters } from "../../src/engine/request/fields.js";
import { CHAT, CHAT_UNSUPPORTED, nearest, TEXT, TEXT_UNSUPPORTED } from "../../src/engine/request/names.js";
import { checkedText } from "../../src/engine/request/text.js";
import { callSchemas } from "../../src/engine/request/tools.js";
import { TOLD } from "../../src/text/tools/forms.js";
import { coder } from "./engine_letters.js";

type Json = Record<string, unknown>;

interface Entry {
  readonly name: string;
  readonly endpoint: "chat" | "text";
  readonly only?: "page" | "native";
  readonly request: unknown;
  readonly normal?: Json;
  readonly refused?: { readonly param: string | null; readonly message: string };
}

interface Golden {
  readonly vocab_size: number;
  readonly defaults: Readonly<Record<Entry["endpoint"], Json>>;
  readonly entries: readonly Entry[];
}

const PATH = resolve(import.meta.dirname, "../../../tests/requests/golden.json");
const GOLDEN = JSON.parse(readFileSync(PATH, "utf-8")) as Golden;
const ENTRIES = GOLDEN.entries.filter(({ only }) => only !== "native");

/** A model's own sampling, which shows where a request left something out. */
const OWN = { temperature: 0.91, top_k: 17, top_p: 0.93, min_p: 0.04, repetition_penalty: 1.05 };

/** The value that an entry writes in few words; see golden.json. */
function expanded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [name, given] = entries[0] ?? ["", null];
  if (entries.length === 1 && name === "$deep") return nested(given as number);
  if (entries.length === 1 && Array.isArray(given)) {
    const [one, two] = given as [unknown, unknown];
    if (name === "$times") return new Array<unknown>(two as number).fill(expanded(one));
    if (name === "$chars") return (one as string).repeat(two as number);
    if (name === "$named") {
      return Object.fromEntries(Array.from({ length: one as number }, (_, at) => [String(at), expanded(two)]));
    }
  }
  return Object.fromEntries(entries.map(([key, each]) => [key, expanded(each)])); // own fields, "__proto__" too
}

function nested(depth: number): unknown[] {
  let inner: unknown[] = [];
  for (let at = 0; at < depth; at += 1) inner = [inner];
  return inner;
}

/** The checked request as golden.json writes it. */
function normalForm({ endpoint }: Entry, request: Json): Json {
  const checked =
    endpoint === "chat"
      ? checkedRequest(request as never, GOLDEN.vocab_size, OWN)
      : checkedText(request as never, GOLDEN.vocab_size, OWN);
  const { seed: first, ...sampling } = checked.sampling;
  const drawn = (request["seed"] ?? null) === null;
  expect(checked.seeds[0]).toBe(first);
  expect(new Set(checked.seeds).size).toBe(checked.seeds.length);
  const { bias, frequencyPenalty, presencePenalty } = checked.adjustments;
  const changed = bias.size > 0 || frequencyPenalty !== 0 || presencePenalty !== 0;
  const held = "tools" in checked && Boolean(checked.tools?.held.length);
  const grammar = ("format" in checked && checked.format !== null) || held;
  expect(checked.lockStep).toBe(changed || checked.processor !== null || checked.topLogprobs !== null || grammar);
  const found = {
    model: checked.model ?? null,
    stream: checked.stream,
    include_usage: checked.includeUsage,
    max_new: checked.maxNew === Number.MAX_SAFE_INTEGER ? null : checked.maxNew,
    sampling,
    seeds: checked.seeds.map((seed) => (drawn ? null : seed)),
    stop: checked.stops,
    logit_bias: Object.fromEntries(bias),
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    top_logprobs: checked.topLogprobs,
    grammar,
    logit_processor: checked.processor,
  };
  if (!("messages" in checked)) return { ...found, prompts: checked.prompts, echo: checked.echo };
  const { messages, contextPolicy, continues, reportsProgress, splitsThoughts } = checked;
  const tools = checked.tools && omit(checked.tools, "strict"); // which natively is in their grammars
  const own = { context_policy: contextPolicy, continues, reports_progress: reportsProgress };
  return { ...found, ...own, messages, tools, splits_thoughts: splitsThoughts };
}

function omit<T extends object>(given: T, name: keyof T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([each]) => each !== name)) as Partial<T>;
}

function wanted({ endpoint, normal }: Entry): Json {
  const own = endpoint === "chat" ? { context_policy: "stop", continues: false, reports_progress: false } : {};
  const form: Json = { logit_processor: null, ...GOLDEN.defaults[endpoint], ...own, ...(expanded(normal) as Json) };
  return { ...form, sampling: { ...OWN, ...(form["sampling"] as object) } };
}

/** How a request is refused, by what it is or by the schema that it holds. */
async function refusalOf({ endpoint, request }: Entry): Promise<KernelcError> {
  try {
    if (endpoint === "text") checkedText(expanded(request) as never, GOLDEN.vocab_size, OWN);
    else {
      const { format, tools } = checkedRequest(expanded(request) as never, GOLDEN.vocab_size, OWN);
      const grammars = new Grammars(coder, GOLDEN.vocab_size, [0]);
      if (format) await grammars.of(format);
      if (tools?.held.length) await grammars.ofCalls({ calls: TOLD, thoughts: null }, callSchemas(tools), tools);
    }
  } catch (error) {
    if (error instanceof KernelcError) return error;
    throw error;
  }
  throw new Error("the request was not refused");
}

describe("a golden request", () => {
  it.each(ENTRIES.filter(({ normal }) => normal).map((entry) => [entry.name, entry] as const))(
    "is read as it is meant: %s",
    (_, entry) => {
      expect(normalForm(entry, expanded(entry.request) as Json)).toEqual(wanted(entry));
    },
  );

  it.each(ENTRIES.filter(({ refused }) => refused).map((entry) => [entry.name, entry] as const))(
    "is refused by its field: %s",
    async (_, entry) => {
      const error = await refusalOf(entry);
      expect(error.code).toBe("usage");
      expect(error.param ?? null).toBe(entry.refused?.param);
      expect(error.message).toContain(entry.refused?.message);
      expect(error.message.length).toBeLessThan(400);
    },
  );

  it("is there for every field, and there are enough", () => {
    expect(ENTRIES.length).toBeGreaterThan(80);
    for (const [endpoint, names] of [
      ["chat", [...CHAT, ...CHAT_UNSUPPORTED.keys()]],
      ["text", [...TEXT, ...TEXT_UNSUPPORTED.keys()]],
    ] as const) {
      const requests = ENTRIES.filter((entry) => entry.endpoint === endpoint).map(({ request }) => request);
      const used = new Set(requests.flatMap((request) => Object.keys(request ?? {})));
      expect(names.filter((name) => !used.has(name))).toEqual(["signal"]); // which is no JSON
    }
  });
});

describe("a request of a page", () => {
  const messages = [{ role: "user", content: "hi" }] as const;

  it("may leave fields undefined, and have a signal", () => {
    const { signal } = new AbortController();
    const given = { messages, temperature: undefined, tools: undefined, foo: undefined, signal };
    expect(checkedRequest(given as never, 64).signal).toBe(signal);
  });

  it.each([NaN, -0.5, Infinity])("is refused for a temperature of %d", (temperature) => {
    expect(() => checkedRequest({ messages, temperature }, 64)).toThrow(/temperature is .*, wanted a number from 0/);
  });

  it("crosses to a worker with the field that is refused", async () => {
    const error = await refusalOf({ name: "", endpoint: "chat", request: { messages, tools: [] } });
    expect(KernelcError.fromJSON(structuredClone(error.toJSON()))).toMatchObject({ code: "usage", param: "tools" });
  });

  it("is refused in no time where it is huge", () => {
    const begin = performance.now();
    const entries = Array.from({ length: 300_000 }, (_, at) => [`${at}`, 1] as const);
    for (const value of [nested(100_000), new Array(1_000_000).fill("x"), Object.fromEntries(entries)]) {
      for (const name of [...CHAT, "unknown"]) {
        try {
          checkedRequest({ messages, [name]: value } as never, 64);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelcError);
        }
      }
    }
    expect(performance.now() - begin).toBeLessThan(30_000);
  });
});

describe("characters", () => {
  it("are counted once, whatever units they take", () => {
    for (const text of ["", "abc", "é字", "a\u{1f600}b", "\ud83d", "\ude00\ud83d"]) {
      expect(characters(text)).toBe([...text].length);
    }
  });
});

describe("names", () => {
  it("that are near are found, the first of equals", () => {
    expect(nearest("stp", ["step", "stop"])).toBe("step");
    expect(nearest("zzzz", ["step", "stop"])).toBeNull();
    expect(nearest("n".repeat(65), ["n"])).toBeNull();
  });
});
