// @vitest-environment jsdom
/** What a model thinks before it answers: told apart from its answer, folded, and not sent again. */
import { afterEach, describe, expect, it } from "vitest";
import type { Actions } from "../../src/page/actions.js";
import { requestFor } from "../../src/page/answer.js";
import { partsOf } from "../../src/page/reading/reasoning.js";
import { newConversation, type ChatMessage } from "../../src/page/state/conversations.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { AnswerView } from "../../src/page/views/answerView.js";
import type { MessageContext } from "../../src/page/views/messageContext.js";

afterEach(() => document.body.replaceChildren());

describe("an answer's parts", () => {
  it.each([
    ["<think>why</think>so", "why", true, "so"],
    ["\n<think>\nwhy\n</think>\n\nso", "why", true, "so"],
    ["<think>why", "why", false, ""],
    ["<think>why</thi", "why", false, ""],
    ["<think>a < b", "a < b", false, ""],
    ["<think>\n\n</think>\n\nso", null, true, "so"],
    ["why\n</think>\n\nso", "why", true, "so"],
    ["so", null, true, "so"],
    ["", null, true, ""],
    ["The mark `</think>` ends it.", null, true, "The mark `</think>` ends it."],
    ["So:\n```\n<think>\nx\n</think>\n```", null, true, "So:\n```\n<think>\nx\n</think>\n```"],
    ["I say <think>not this</think>", null, true, "I say <think>not this</think>"],
    ["<thinker>", null, true, "<thinker>"],
    ["<think>a</think>b</think>c", "a", true, "b</think>c"],
  ])("of %j", (text, reasoning, reasoned, answer) => {
    expect(partsOf(text)).toEqual({ reasoning, reasoned, answer });
  });

  it("never show a part of a mark while it is written", () => {
    const text = "<think>ab</think>cd";
    for (let end = 1; end <= text.length; end += 1) {
      const { reasoning, answer } = partsOf(text.slice(0, end), true);
      expect(`${reasoning ?? ""}${answer}`).not.toContain("<");
    }
    expect(partsOf("<thi").answer).toBe("<thi"); // unless that is all that ever came
  });

  it.each(["<think>".repeat(20_000), "</think>\n".repeat(20_000), `<think>${"<".repeat(100_000)}`])(
    "take no long time to be found: %.20s",
    (text) => {
      expect(partsOf(text, true)).toBeTruthy();
    },
  );
});

describe("reasoning on the page", () => {
  const CONTEXT = { progress: null, interrupted: false, last: true, canAsk: true, canChange: true } as const;
  const REST = { versions: null, failure: null } as const;

  function show(view: AnswerView, content: string, phase: MessageContext["phase"]): void {
    view.update({ id: "a", role: "assistant", content }, { ...CONTEXT, ...REST, phase });
  }

  function create(): { view: AnswerView; said: string[] } {
    const said: string[] = [];
    const actions = { announce: (text: string) => said.push(text) } as unknown as Actions;
    const view = new AnswerView(actions, { id: "a", role: "assistant", content: "" });
    document.body.append(view.element);
    return { view, said };
  }

  function foldIn({ element }: AnswerView): { fold: HTMLDetailsElement; thought: HTMLElement; line: () => string } {
    const fold = element.querySelector("details");
    const thought = fold?.querySelector<HTMLElement>(".markdown");
    if (!fold || !thought) throw new Error("there is no fold");
    return { fold, thought, line: () => fold.querySelector("summary")?.textContent ?? "" };
  }

  it("is folded under a line that tells where it is, and is not said", () => {
    const { view, said } = create();
    show(view, "<think>Let me **see**.\n\nYes.", "writing");
    const { fold, line } = foldIn(view);
    expect(fold.hidden).toBe(false);
    expect(fold.open).toBe(false);
    expect(line()).toBe("Thinking\u2026");
    show(view, "<think>Let me **see**.\n\nYes.</think>\n\nIt is *4*.", "writing");
    expect(line()).toBe("Reasoning");
    show(view, "<think>Let me **see**.\n\nYes.</think>\n\nIt is *4*.", null);
    expect(said).toEqual(["It is 4."]);
    expect(view.element.querySelector(":scope > .markdown")?.textContent?.trim()).toBe("It is 4.");
  });

  it("is drawn when it is opened, goes on while it is open, and can do no harm", () => {
    const { view } = create();
    show(view, "<think>**a** <img src=x onerror=alert(1)>", "writing");
    const { fold, thought, line } = foldIn(view);
    expect(thought.textContent).toBe("");
    fold.open = true;
    fold.dispatchEvent(new Event("toggle"));
    expect(thought.querySelector("strong")?.textContent).toBe("a");
    expect(thought.querySelector("img")).toBeNull();
    show(view, "<think>**a** and **b**", "writing");
    expect(thought.querySelectorAll("strong")).toHaveLength(2);
    show(view, "<think>**a** and **b**", null);
    expect(line()).toBe("Reasoning, cut short");
  });

  it("is not there where a model does not reason", () => {
    const { view } = create();
    show(view, "So it is.", null);
    expect(view.element.querySelector("details")).toBeNull();
  });
});

describe("reasoning in later turns", () => {
  const message = (role: "user" | "assistant", content: string): ChatMessage => ({ id: content, role, content });

  function sent(...messages: ChatMessage[]): string[] {
    const conversation = { ...newConversation(1), messages };
    const request = requestFor(conversation, DEFAULT_SETTINGS, new AbortController().signal);
    return request.messages.map(({ content }) => String(content));
  }

  const [q, r, s] = ["q", "r", "s"].map((text) => message("user", text)) as [ChatMessage, ChatMessage, ChatMessage];

  // What templates of reasoning models make of it: "lets the template find the thoughts", text_prompt.test.ts.
  it("is left to the model's template where there is an answer", () => {
    const answered = message("assistant", "<think>why</think>\n\nso");
    expect(sent(q, answered, r)).toEqual(["q", "<think>why</think>\n\nso", "r"]);
  });

  it("is left out where there is none, and its question joins the next", () => {
    expect(sent(q, message("assistant", "<think>why"), r)).toEqual(["q\n\nr"]);
    expect(sent(q, message("assistant", "<think>why</think>\n"), r, message("assistant", "so"), s)).toEqual([
      "q\n\nr",
      "so",
      "s",
    ]);
  });

  it("goes on where the answer is to go on", () => {
    expect(sent(q, message("assistant", "<think>why"))).toEqual(["q", "<think>why"]);
  });
});
