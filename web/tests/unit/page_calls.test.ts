// @vitest-environment jsdom
/** Calls of tools in an answer: told apart from its text, folded under their names, and able to do no harm. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Actions } from "../../src/page/actions.js";
import type { Called } from "../../src/page/reading/callForms.js";
import { callsIn as found, loadReader } from "../../src/page/reading/callMarks.js";
import { AnswerView } from "../../src/page/views/answerView.js";
import type { MessageContext } from "../../src/page/views/messageContext.js";

afterEach(() => document.body.replaceChildren());

const callsIn = (text: string, writing = false): Called => found(text, writing);
const START = `I look.\n<tool_call>{"name": "f", "arguments": {}}</tool_call>`;

describe("what reads calls", () => {
  it("is loaded for the first mark, and the text ends before that until then", async () => {
    expect(callsIn("no mark")).toEqual({ before: "no mark", calls: [], after: "" });
    let began: Called | null = null;
    await new Promise<void>((loaded) => (began = found(START, false, loaded)));
    expect(began).toEqual({ before: "I look.", calls: [], after: "" });
    expect(callsIn(START)).toEqual({ before: "I look.", calls: [{ name: "f", args: "{}", whole: true }], after: "" });
  });
});

const CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>';
const whole = (name: string, args: string): object => ({ name, args, whole: true });

describe("the calls of an answer", () => {
  beforeAll(loadReader);

  it.each<[string, string, readonly object[], string]>([
    ["I look.\n" + CALL, "I look.", [whole("weather", '{"city": "Paris"}')], ""],
    [CALL + "\n" + CALL + "\n\nSo.", "", [whole("weather", '{"city": "Paris"}'), whole("weather", '{"city": "Paris"}')], "So."],
    ["<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>", "", [whole("add", '{"a": 1}')], ""],
    ['[TOOL_CALLS][{"name": "add", "arguments": {"a": 1}}]', "", [whole("add", '{"a": 1}')], ""],
    ['[TOOL_CALLS]add[ARGS]{"a": 1}', "", [whole("add", '{"a": 1}')], ""],
    ['<|tool_call|>[{"name": "add", "arguments": {"a": 1}}]<|/tool_call|>', "", [whole("add", '{"a": 1}')], ""],
    ['<|python_tag|>{"name": "add", "parameters": {"a": 1}}', "", [whole("add", '{"a": 1}')], ""],
    ['<tool_call>{"name": "add", "arguments": {"a": 1', "", [{ name: "add", args: '{"a": 1', whole: false }], ""],
    ['{"name": "add", "arguments": {"a": 1}}', '{"name": "add", "arguments": {"a": 1}}', [], ""],
    ["The mark `<tool_call>` begins it.", "The mark `<tool_call>` begins it.", [], ""],
    ["So:\n```\n" + CALL + "\n```", "So:\n```\n" + CALL + "\n```", [], ""],
    ["```\n<tool_call>\n```\n" + CALL, "```\n<tool_call>\n```", [whole("weather", '{"city": "Paris"}')], ""],
    ["<tool_call>what", "<tool_call>what", [], ""],
    ["so", "so", [], ""],
    ["", "", [], ""],
  ])("of %j", (text, before, calls, after) => {
    expect(callsIn(text)).toEqual({ before, calls, after });
  });

  it("are what the engine finds in the same answers", () => {
    const file = resolve(import.meta.dirname, "../../../tests/answers/answers.json");
    const { answers } = JSON.parse(readFileSync(file, "utf8")) as {
      answers: { form: string | null; text: string; thoughts?: unknown; most_calls?: number; deltas: [string, string][] }[];
    };
    const alike = answers.filter(({ form, thoughts, most_calls, text }) => {
      return form === "hermes" && !thoughts && !most_calls && /^[^`]*<tool_call>/.test(text);
    });
    const called = alike.filter(({ deltas }) => deltas.some(([kind]) => kind === "call"));
    expect(called.length).toBeGreaterThan(5);
    for (const { text, deltas } of called) {
      const names = deltas.flatMap(([kind, name]) => (kind === "call" ? [name] : []));
      expect(callsIn(text).calls.map(({ name }) => name).slice(0, names.length)).toEqual(names);
    }
  });

  it("never show a part of a mark while they are written", () => {
    const text = `So\n${CALL}`;
    for (let end = 1; end <= text.length; end += 1) {
      const { before, after } = callsIn(text.slice(0, end), true);
      expect(before + after).toMatch(/^So\n?$|^S$/);
    }
    expect(callsIn("So <tool").before).toBe("So <tool"); // unless that is all that ever came
  });

  it.each(["<tool_call>".repeat(10_000), "```\n<tool_call>\n".repeat(10_000), `<tool_call>${"{".repeat(50_000)}`])(
    "take no long time to be found: %.20s",
    (text) => {
      expect(callsIn(text, true)).toBeTruthy();
    },
  );
});

describe("calls on the page", () => {
  beforeAll(loadReader);

  const CONTEXT = { progress: null, interrupted: false, last: true, canAsk: true, canChange: true } as const;
  const REST = { versions: null, failure: null } as const;

  function show(view: AnswerView, content: string, phase: MessageContext["phase"]): void {
    view.update({ id: "a", role: "assistant", content }, { ...CONTEXT, ...REST, phase });
  }

  function create(): { view: AnswerView; said: string[]; folds: () => HTMLDetailsElement[] } {
    const said: string[] = [];
    const actions = { announce: (text: string) => said.push(text) } as unknown as Actions;
    const view = new AnswerView(actions, { id: "a", role: "assistant", content: "" });
    document.body.append(view.element);
    return { view, said, folds: () => [...view.element.querySelectorAll<HTMLDetailsElement>("details.call")] };
  }

  const line = (fold: HTMLElement | undefined): string => fold?.querySelector("summary")?.textContent ?? "";

  it("are folded under their names, between the texts around them, and said once", () => {
    const { view, said, folds } = create();
    show(view, "I look it up.", "writing");
    show(view, 'I look it up.\n<tool_call>\n{"name": "weather", "arguments": {"ci', "writing");
    expect(folds().map(line)).toEqual(["Calling weather\u2026"]);
    show(view, `I look it up.\n${CALL}`, "writing");
    show(view, `I look it up.\n${CALL}\nIt rains.`, "writing");
    show(view, `I look it up.\n${CALL}\nIt rains.`, null);
    expect(folds().map(line)).toEqual(["Call of weather"]);
    expect(folds()[0]?.open).toBe(false);
    expect(said).toEqual(["I look it up.", "Call of weather", "It rains."]);
    const texts = [...view.element.querySelectorAll(":scope > .markdown, :scope > .calls")];
    expect(texts.map((each) => each.textContent?.trim())).toEqual(["I look it up.", "Call of weather", "It rains."]);
    show(view, "Something else.", null);
    expect(folds().every(({ hidden }) => hidden)).toBe(true);
  });

  it("have their arguments as code when they are opened, and can do no harm", () => {
    const { view, folds } = create();
    const args = { html: "<img src=x onerror=alert(1)>", fence: "```\n# out", list: [1] };
    show(view, `<tool_call>${JSON.stringify({ name: "<b>bold</b>", arguments: args })}</tool_call>`, null);
    const [fold] = folds();
    if (!fold) throw new Error("there is no fold");
    expect(fold.querySelector("pre")).toBeNull();
    fold.open = true;
    fold.dispatchEvent(new Event("toggle"));
    expect(line(fold)).toBe("Call of <b>bold</b>");
    expect(JSON.parse(fold.querySelector("pre code")?.textContent ?? "")).toEqual(args);
    expect(view.element.querySelector("img, h1, summary b")).toBeNull();
    expect(fold.querySelector("button")?.getAttribute("aria-label") ?? fold.querySelector("button")?.textContent).toContain("Copy");
  });

  it("say where they were cut off, and are not said where they were there before", () => {
    const { view, said, folds } = create();
    show(view, '<tool_call>{"name": "weather", "arguments": {"ci', null);
    expect(folds().map(line)).toEqual(["Call of weather, cut short"]);
    expect(said).toEqual([]);
  });
});
