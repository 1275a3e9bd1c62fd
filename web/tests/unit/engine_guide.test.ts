/** Answers held to calls: whatever is drawn, thoughts end, calls follow; see tests/runtime/test_guide.py. */
import { describe, expect, it } from "vitest";
import { hashWords } from "../../src/engine/sampling/cpuSampler.js";
import { Grammars, type AnswerMatcher, type RequiredCall } from "../../src/engine/masked/grammars.js";
import { hasToken } from "../../src/engine/masked/masking.js";
import { formOf, thoughtsOf, type Forms } from "../../src/text/tools/forms.js";
import { AnswerParser } from "../../src/text/tools/parser.js";
import type { Delta } from "../../src/text/tools/deltas.js";
import type { Coder } from "../../src/text/types.js";
import { coderOf } from "./engine_letters.js";

const [END, FIRST_BYTE, SIZE] = [0, 3, 304];
const BEGIN = "<\uff5ctool\u2581call\u2581begin\uff5c>";
const MARKS = new Map([["<think>", 300], ["</think>", 301], ["<tool_call>", 302]]);
const SCHEMA = JSON.stringify({ type: "object", properties: { n: { enum: [1, 23] } }, required: ["n"] });
const NAMES = ["one", "other"];
const SCHEMAS = NAMES.map((name) => ({ name, schema: SCHEMA, path: "tools", strict: true }));
const SOURCES = {
  hermes: "tools <tool_call>",
  listed: "tools [TOOL_CALLS]",
  args: "tools [TOOL_CALLS] [ARGS]",
  granite: "tools <|tool_call|>",
  phi: "tools <|tool_call|> <|/tool_call|>",
  plain: "tools",
};
const SEVERAL = ["hermes", "listed", "granite", "phi"];

/** A token for every byte; with `special` the marks have tokens of their own, which stand for no text. */
function bytesCoder(special: boolean): Coder {
  const bytes = (text: string): number[] => Array.from(new TextEncoder().encode(text), (byte) => FIRST_BYTE + byte);
  const encode: Coder["encode"] = (text, options) => {
    if (!special || !options?.parseSpecial) return bytes(text);
    const parts = text.split(/(<think>|<\/think>|<tool_call>)/);
    return parts.flatMap((part) => MARKS.get(part) ?? bytes(part));
  };
  const piece: Coder["piece"] = (id) => ({
    data: id >= FIRST_BYTE && id < FIRST_BYTE + 256 ? Uint8Array.of(id - FIRST_BYTE) : new Uint8Array(0),
    droppable: false,
  });
  return { ...coderOf(""), specialIds: special ? MARKS : new Map(), encode, piece };
}

function textOf(id: number, special: boolean): string {
  for (const [mark, token] of MARKS) if (special && token === id) return mark;
  return id >= FIRST_BYTE && id < FIRST_BYTE + 256 ? String.fromCharCode(id - FIRST_BYTE) : "";
}

interface Drawn {
  readonly deltas: readonly Delta[];
  readonly count: number;
}

/** Any answer: tokens at random, and those that must come at once, now and then. */
function drawn(matcher: AnswerMatcher, parser: AnswerParser, begun: string, seed: number, special: boolean): Drawn {
  const deltas: Delta[] = [...parser.push(begun)];
  let [count, draws] = [0, 0];
  const chance = (most: number): number => hashWords(seed, (draws += 1), 5) % most;
  for (;;) {
    let ids = count && chance(2) ? [...matcher.follows(1 + chance(9))] : [];
    if (!ids.length) {
      const mask = matcher.mask();
      const allowed = Array.from({ length: SIZE }, (_, id) => id).filter((id) => hasToken(mask, id));
      ids = [allowed[chance(allowed.length)] ?? END];
      if (ids[0] === END) break;
      matcher.advance(ids[0] ?? END);
    }
    count += ids.length;
    for (const id of ids) deltas.push(...parser.push(textOf(id, special)));
    if (parser.done) break;
    expect(count).toBeLessThan(900);
  }
  return { deltas: [...deltas, ...parser.flush()], count };
}

const textOfKind = (deltas: readonly Delta[], kind: Delta["kind"]): string =>
  deltas.filter((each) => each.kind === kind).map(({ text }) => text).join("");

describe("answers that are held to calls", () => {
  const forms = Object.entries(SOURCES);
  const settings = forms.flatMap(([form, source]) =>
    [true, false].flatMap((special) =>
      [true, false].flatMap((thinking) => [true, false].map((several) => ({ form, source, special, thinking, several }))),
    ),
  );

  it.each(settings)("have them, and nothing else: %j", async ({ form, source, special, thinking, several }) => {
    const coder = bytesCoder(special);
    const tokens = new Set(special ? MARKS.keys() : []);
    const model: Forms = { calls: formOf(source), thoughts: thoughtsOf(thinking ? `${source} </think>` : source, tokens) };
    const call = await new Grammars(coder, SIZE, [END]).ofCalls(model, SCHEMAS, { several });
    const begun = !thinking && !call.mayThink;
    const numbers: number[] = [];
    let thoughts = 0;
    for (let seed = 0; seed < 12; seed += 1) {
      const parser = new AnswerParser(model.calls, begun ? null : model.thoughts, {
        names: NAMES, strings: new Map(), thinking, mostCalls: call.most,
      });
      const matcher = call.matchers({ begun, thinking })(false, 800);
      const { deltas } = drawn(matcher, parser, begun ? call.begins : "", seed, special);
      const names = deltas.filter(({ kind }) => kind === "call").map(({ text }) => text);
      numbers.push(names.length);
      if (textOfKind(deltas, "reasoning")) thoughts += 1;
      expect(NAMES).toEqual(expect.arrayContaining(names));
      for (let index = 0; index < names.length; index += 1) {
        const own = deltas.filter((each) => each.kind === "arguments" && each.index === index);
        expect([{ n: 1 }, { n: 23 }]).toContainEqual(JSON.parse(own.map(({ text }) => text).join("")));
      }
      expect(textOfKind(deltas, "text")).toBe("");
    }
    const most = several && SEVERAL.includes(form) ? 16 : 1;
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(most);
    expect(Math.max(...numbers) > 1).toBe(most > 1);
    expect(thoughts > 0).toBe(thinking || (special && form !== "plain"));
  });
});

describe("calls of strict tools", () => {
  const forms = ["hermes", "listed", "args", "granite", "phi"] as const;
  const settings = forms.flatMap((form) =>
    [true, false].flatMap((special) => [true, false].map((thinking) => ({ form, special, thinking }))),
  );

  it.each(settings)("follow their schema wherever they come: %j", async ({ form, special, thinking }) => {
    const coder = bytesCoder(special);
    const source = thinking ? `${SOURCES[form]} </think>` : SOURCES[form];
    const model: Forms = { calls: formOf(source), thoughts: thoughtsOf(source, new Set(special ? MARKS.keys() : [])) };
    const [first, second] = SCHEMAS;
    const schemas = [first, second && { ...second, schema: null }].filter((each) => each !== undefined);
    const call = await new Grammars(coder, SIZE, [END]).ofCalls(model, schemas, { several: false, free: true });
    const mark = model.calls.opens[0] ?? "";
    let made = 0;
    for (let seed = 0; seed < 6; seed += 1) {
      const matcher = call.matchers({ begun: false, thinking })(false, 800);
      const parser = new AnswerParser(model.calls, model.thoughts, {
        names: NAMES, strings: new Map(), thinking, mostCalls: null,
      });
      // It writes text and marks as it likes; a mark within a thought is none.
      const said = thinking ? `${mark} no x</think>Hello ${mark}` : `Hello ${mark}`;
      const wanted = [...coder.encode(said, { parseSpecial: true })];
      const deltas: Delta[] = [];
      for (let draws = 0; draws < 900; draws += 1) {
        const mask = matcher.mask();
        const allowed = Array.from({ length: SIZE }, (_, id) => id).filter((id) => hasToken(mask, id));
        const drawn = allowed[hashWords(seed, draws, 6) % allowed.length] ?? END;
        const id = wanted.shift() ?? (allowed.includes(END) ? END : drawn);
        matcher.advance(id);
        if (id === END) break;
        deltas.push(...parser.push(textOf(id, special)));
      }
      deltas.push(...parser.flush());
      expect(textOfKind(deltas, "text").trim()).toBe("Hello");
      for (const { text, index } of deltas.filter(({ kind }) => kind === "call")) {
        made += 1;
        const own = deltas.filter((each) => each.kind === "arguments" && each.index === index);
        const given: unknown = JSON.parse(own.map((each) => each.text).join(""));
        if (text === "one") expect([{ n: 1 }, { n: 23 }]).toContainEqual(given);
        else expect(given).toBeTypeOf("object");
      }
    }
    expect(made).toBeGreaterThanOrEqual(6);
  });

  it("are refused where no grammar knows their schema, and others have any object then", async () => {
    const grammars = new Grammars(bytesCoder(false), SIZE, [END]);
    const model: Forms = { calls: formOf(SOURCES.hermes), thoughts: null };
    const schema = JSON.stringify({ type: "object", not: {} });
    const made = (strict: boolean): Promise<RequiredCall> =>
      grammars.ofCalls(model, [{ name: "one", schema, path: "tools[0]", strict }], { several: false });
    await expect(made(true)).rejects.toMatchObject({ code: "usage", param: "tools[0]" });
    const matcher = (await made(false)).matchers({ begun: true, thinking: false })(false, 800);
    for (const id of bytesCoder(false).encode('{"name": "one", "arguments": {"any": [null]}}')) {
      expect(hasToken(matcher.mask(), id)).toBe(true);
      matcher.advance(id);
    }
    expect(hasToken(matcher.mask(), END)).toBe(true);
  });

  const GUIDED = { several: false, free: true };
  const free = async (source: string, coder: Coder): Promise<AnswerMatcher> => {
    const model: Forms = { calls: formOf(source), thoughts: null };
    const call = await new Grammars(coder, SIZE, [END]).ofCalls(model, SCHEMAS, GUIDED);
    return call.matchers({ begun: false, thinking: false })(false, 800);
  };

  it("begin with no token that leads through the text of their mark", async () => {
    const [LONG, coder] = [303, bytesCoder(false)];
    const piece: Coder["piece"] = (id) =>
      id === LONG ? { data: new TextEncoder().encode(">\n"), droppable: false } : coder.piece(id);
    const matcher = await free(SOURCES.hermes, { ...coder, piece });
    for (const id of coder.encode("so: <tool_cal")) matcher.advance(id);
    expect(hasToken(matcher.mask(), LONG)).toBe(true);
    for (const id of coder.encode("l")) matcher.advance(id);
    expect(hasToken(matcher.mask(), LONG)).toBe(false);
    for (const id of coder.encode(">")) matcher.advance(id);
    expect(matcher.follows(9).slice(0, 1)).toEqual(coder.encode("\n"));
  });

  it("begin with each mark of their form, such as DeepSeek's after the first", async () => {
    const coder = bytesCoder(false);
    const matcher = await free(`tools ${BEGIN} \`\`\`json`, coder);
    for (const id of coder.encode(`so: ${BEGIN}`)) matcher.advance(id);
    const wanted = coder.encode("function");
    expect(matcher.follows(wanted.length)).toEqual(wanted);
  });
});
