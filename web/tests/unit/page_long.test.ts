// @vitest-environment jsdom
/** A long conversation: a token changes one of its messages, and nothing else on the page. */
import { expect, it, describe, vi } from "vitest";
import type { Actions } from "../../src/page/actions.js";
import { MarkdownView } from "../../src/page/markdown.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { initialState, reduce, type Action, type AppState } from "../../src/page/state/state.js";
import type { ChatMessage, Conversation } from "../../src/page/state/conversations.js";
import { Sidebar } from "../../src/page/views/sidebar.js";
import { Transcript } from "../../src/page/views/transcript.js";

const MESSAGES = 400; // what a token changes does not depend on how many there are
const CHATS = 100;
const actions = { announce: () => undefined, now: () => 1 } as unknown as Actions;

function chat(id: string, count: number): Conversation {
  const messages = Array.from({ length: count }, (_, at): ChatMessage => {
    const content = `message ${at}`;
    return at % 2 ? { id: `${id}-${at}`, role: "assistant", content, finish: "stop" } : { id: `${id}-${at}`, role: "user", content };
  });
  return { id, title: id, named: true, created: 1, updated: 1, messages };
}

function long(): AppState {
  const chats = [chat("long", MESSAGES - 2), ...Array.from({ length: CHATS }, (_, at) => chat(`chat${at}`, 2))];
  const asked: Action = {
    type: "asked",
    question: { id: "q", role: "user", content: "go on" },
    from: null,
    answer: { id: "a", role: "assistant", content: "" },
    now: 2,
  };
  const before: Action[] = [
    { type: "conversations-read", conversations: chats },
    { type: "chat-opened", id: "long" },
    asked,
  ];
  return before.reduce(reduce, initialState({ ...DEFAULT_SETTINGS }, "auto", 1));
}

/** Waits until the first message is drawn, which is the last one to be. */
async function allDrawn({ element }: Transcript): Promise<void> {
  const first = (): string | null | undefined => element.querySelector(".question-text")?.textContent;
  await vi.waitFor(() => expect(first()).toBe("message 0"), { timeout: 30_000 });
}

describe("a long conversation", () => {
  it("is drawn once; a token touches the last message alone, and no list of chats", async () => {
    let state = long();
    const [transcript, sidebar] = [new Transcript(actions), new Sidebar(actions)];
    document.body.append(transcript.element, sidebar.element);
    for (const view of [transcript, sidebar]) view.update(state);
    expect(transcript.element.querySelectorAll(".message")).toHaveLength(MESSAGES);
    expect(sidebar.element.querySelectorAll(".chat-entry")).toHaveLength(CHATS + 1);
    const seen: MutationRecord[] = [];
    const observer = new MutationObserver((records) => seen.push(...records));
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    for (const text of ["A", "A word", "A word more"]) {
      state = reduce(state, { type: "answer-text", text });
      for (const view of [transcript, sidebar]) view.update(state);
    }
    await Promise.resolve();
    seen.push(...observer.takeRecords());
    observer.disconnect();
    const last = transcript.element.querySelector(".message-group:last-child > .message:last-child");
    expect(last?.textContent).toContain("A word more");
    expect(seen.length).toBeGreaterThan(0);
    const outside = seen.filter(({ target }) => !last?.contains(target) && target !== transcript.element);
    expect(outside.map(({ target }) => target.nodeName)).toEqual([]);
    await allDrawn(transcript);
  });

  it("is opened at its end at once; the rest is drawn later, and no more often than once", async () => {
    const done = new Set<string>();
    const drawn = vi.spyOn(MarkdownView.prototype, "finish");
    const transcript = new Transcript(actions);
    document.body.replaceChildren(transcript.element);
    const state = long();
    transcript.update(state);
    expect(drawn.mock.calls.length).toBeLessThan(32);
    expect(transcript.element.textContent).toContain(`message ${MESSAGES - 3}`);
    expect(transcript.element.querySelectorAll(".question-text")[0]?.textContent).toBe("");
    transcript.update({ ...state, elsewhere: new Set(["long"]) }); // which changes what every message shows
    expect(drawn.mock.calls.length).toBeLessThan(32);
    await allDrawn(transcript);
    expect(drawn.mock.calls.length).toBe((MESSAGES - 2) / 2);
    for (const [text] of drawn.mock.calls) done.add(text);
    expect(done.size).toBe((MESSAGES - 2) / 2);
    drawn.mockRestore();
  });

  it("that is left before it is drawn is drawn no further", async () => {
    const drawn = vi.spyOn(MarkdownView.prototype, "finish");
    const transcript = new Transcript(actions);
    document.body.replaceChildren(transcript.element);
    let state = long();
    transcript.update(state);
    state = reduce(state, { type: "chat-opened", id: "chat1" });
    transcript.update(state);
    const before = drawn.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(drawn.mock.calls.length).toBe(before);
    drawn.mockRestore();
  });

  it("is held in groups, so that the children next to one that grows are few", () => {
    const transcript = new Transcript(actions);
    transcript.update(long());
    const groups = [...transcript.element.querySelectorAll(".messages > *")];
    expect(groups.map(({ childElementCount }) => childElementCount)).toEqual([...Array<number>(12).fill(32), 16]);
  });
});
