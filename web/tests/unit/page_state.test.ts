import { describe, expect, it } from "vitest";
import { describeFailure } from "../../src/page/state/failures.js";
import { contextChoices, loadFraction, usualContext, type Steps } from "../../src/page/state/modelState.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { initialState, reduce, usedTokens, type Action, type AppState } from "../../src/page/state/state.js";
import { stepDetail } from "../../src/page/views/loadProgress.js";
import { STEPS } from "../../src/page/state/modelState.js";

const FAILURE = describeFailure(new Error("x"), { userAgent: "", secureContext: true });

function after(...actions: Action[]): AppState {
  return actions.reduce(reduce, initialState({ ...DEFAULT_SETTINGS }, "auto", 1));
}

function asked(id: string, content: string, now: number, from: string | null = null): Action {
  return {
    type: "asked",
    question: { id, role: "user", content },
    from,
    answer: { id: `${id}-answer`, role: "assistant", content: "" },
    now,
  };
}

const ended = (text: string, now: number): Action => ({
  type: "answer-ended",
  text,
  finish: "stop",
  stats: { promptTokens: 10, completionTokens: 4, firstTokenMs: 5, tokensPerSecond: 6 },
  failure: null,
  now,
});
const contents = (state: AppState): string[] => state.current.messages.map((message) => message.content);

describe("an answer", () => {
  it("goes from reading to writing to done, in the list of chats too", () => {
    let state = after(asked("q", "hello", 2));
    expect(state.answering).toMatchObject({ phase: "reading" });
    state = reduce(state, { type: "answer-text", text: "Hi" });
    expect(state.answering).toMatchObject({ phase: "writing" });
    state = reduce(state, ended("Hi there", 3));
    expect(state.answering).toBeNull();
    expect(contents(state)).toEqual(["hello", "Hi there"]);
    expect(state.conversations[0]).toEqual(state.current);
    expect(usedTokens(state.current)).toBe(14);
  });

  it("is one at a time", () => {
    const state = after(asked("q", "one", 2));
    expect(reduce(state, asked("r", "two", 3))).toBe(state);
  });

  it("goes into its own chat while another one is shown", () => {
    const first = after(asked("q", "one", 2));
    const state = [
      { type: "chat-started", now: 3 } as const,
      { type: "answer-text", text: "A" } as const,
      ended("Answer", 4),
    ].reduce(reduce, first);
    expect(state.current.messages).toEqual([]);
    expect(state.conversations[0]?.messages[1]?.content).toBe("Answer");
  });

  it("replaces what followed where a message is edited or answered again", () => {
    let state = after(asked("q", "one", 2), ended("1", 3), asked("r", "two", 4), ended("2", 5));
    expect(contents(reduce(state, asked("s", "TWO", 6, "r")))).toEqual(["one", "1", "TWO", ""]);
    state = reduce(state, {
      type: "asked",
      question: null,
      from: "r-answer",
      answer: { id: "again", role: "assistant", content: "" },
      now: 7,
    });
    expect(contents(state)).toEqual(["one", "1", "two", ""]);
  });

  it("keeps its failure until the next question", () => {
    let state = after(asked("q", "one", 2), {
      type: "answer-ended",
      text: "par",
      finish: "failed",
      stats: null,
      failure: FAILURE,
      now: 3,
    });
    expect(state.answerFailure).toEqual({ messageId: "q-answer", failure: FAILURE });
    state = reduce(state, asked("r", "two", 4));
    expect(state.answerFailure).toBeNull();
  });

  it("that comes after its chat was deleted goes nowhere", () => {
    const state = after(asked("q", "one", 2));
    const gone = reduce(reduce(state, { type: "chat-deleted", id: state.current.id, now: 3 }), ended("late", 4));
    expect(gone.conversations).toEqual([]);
    expect(gone.current.messages).toEqual([]);
  });
});

describe("chats", () => {
  it("are the latest first; an empty one is not listed, and not started twice", () => {
    let state = after(asked("a", "one", 2), ended("1", 3), { type: "chat-started", now: 4 });
    const { current } = state;
    state = reduce(state, { type: "chat-started", now: 5 });
    expect(state.current).toBe(current);
    state = [asked("b", "two", 6), ended("2", 7)].reduce(reduce, state);
    expect(state.conversations.map((chat) => chat.title)).toEqual(["two", "one"]);
  });

  it("open, take names and go", () => {
    let state = after(asked("a", "one", 2), ended("1", 3));
    const { id } = state.current;
    state = [
      { type: "chat-started", now: 4 } as const,
      { type: "chat-renamed", id, title: "First" } as const,
      { type: "chat-opened", id } as const,
    ].reduce(reduce, state);
    expect([state.current.title, state.view]).toEqual(["First", "chat"]);
    expect(reduce(state, { type: "chat-opened", id: "none" })).toBe(state);
    expect(reduce(state, { type: "chat-deleted", id, now: 5 }).current.messages).toEqual([]);
  });

  it("that are read late do not undo the one being written", () => {
    const state = after(asked("a", "one", 2), { type: "answer-text", text: "so far" });
    const old = { ...state.current, messages: [] };
    expect(
      reduce(state, { type: "conversations-read", conversations: [old] }).conversations[0]?.messages[1]?.content,
    ).toBe("so far");
  });

  it("take over what another tab added to the one that is shown", () => {
    const state = after(asked("a", "one", 2), ended("1", 3));
    const theirs = { ...state.current, updated: 9, title: "theirs" };
    expect(reduce(state, { type: "conversations-read", conversations: [theirs] }).current.title).toBe("theirs");
    expect(
      reduce(state, { type: "conversations-read", conversations: [{ ...theirs, updated: 2 }] }).current.title,
    ).toBe("one");
  });
});

describe("a model", () => {
  const chosen: Action = { type: "model-selected", name: "demo", context: 512, rate: null };

  it("stays loaded while another one is looked at", () => {
    const state = after(
      chosen,
      { type: "load-started" },
      { type: "load-ready" },
      { type: "model-selected", name: "other", context: 256, rate: null },
    );
    expect(state.model).toMatchObject({
      selected: "other",
      loaded: { name: "demo", context: 512 },
      status: { kind: "idle" },
    });
    expect(state.view).toBe("chat");
  });

  it("collects its phases, which run beside each other", () => {
    const state = after(
      chosen,
      { type: "load-started" },
      { type: "load-progress", progress: { phase: "pipelines", done: 1, total: 4 } },
      { type: "load-progress", progress: { phase: "weights", loadedBytes: 5, totalBytes: 10 } },
    );
    expect(state.model.status).toMatchObject({
      kind: "loading",
      phase: "weights",
      steps: { pipelines: { done: 1 }, weights: { loadedBytes: 5 } },
    });
  });

  it("takes no progress once it is cancelled", () => {
    const state = after(
      chosen,
      { type: "load-started" },
      { type: "load-cancelled" },
      { type: "load-progress", progress: { phase: "weights" } },
    );
    expect(state.model.status).toEqual({ kind: "idle" });
  });

  it("offers contexts that double, up to its own", () => {
    expect(contextChoices(1000)).toEqual([256, 512, 1000]);
    expect(contextChoices(1024)).toEqual([256, 512, 1024]);
    expect(contextChoices(100)).toEqual([100]);
    expect([usualContext(131_072), usualContext(512)]).toEqual([4096, 512]);
  });
});

describe("progress", () => {
  const halfway: Steps = {
    manifest: { phase: "manifest" },
    tokenizer: { phase: "tokenizer" },
    pipelines: { phase: "pipelines", done: 24, total: 24 },
    weights: { phase: "weights", loadedBytes: 5e6, totalBytes: 1e7, bytesPerSecond: 1e6, fromCacheBytes: 1e6 },
  };

  it("is a share from 0 to 1 that ends at 1", () => {
    expect(loadFraction({})).toBe(0);
    expect(loadFraction(halfway)).toBeCloseTo(0.55);
    expect(loadFraction({ ...halfway, ready: { phase: "ready" } })).toBe(1);
    expect(loadFraction({ weights: { phase: "weights", loadedBytes: 20, totalBytes: 10 } })).toBeLessThanOrEqual(1);
    expect(loadFraction({ weights: { phase: "weights", loadedBytes: 0, totalBytes: 0 } })).toBeCloseTo(0.8);
  });

  it("is told in bytes, speed and time", () => {
    expect(STEPS.map((step) => stepDetail(step, halfway))).toEqual([
      "",
      "24 of 24",
      "5.0 MB of 10.0 MB · 1.0 MB from this device · 1.0 MB/s · 5.0 s left",
      "",
    ]);
  });
});
