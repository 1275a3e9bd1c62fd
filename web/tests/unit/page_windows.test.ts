/** Two windows of one browser, on the same chats: what one does, the other knows; and what a killed one leaves. */
import { describe, expect, it } from "vitest";
import { ChatController } from "../../src/page/chatController.js";
import { MemoryShelf } from "../../src/page/keeping/conversationStore.js";
import { ModelController } from "../../src/page/modelController.js";
import { lastChat, unsentDraft } from "../../src/page/keeping/resume.js";
import type { Change, Sharing } from "../../src/page/keeping/sharing.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { initialState, isInterrupted, reduce, type AppState } from "../../src/page/state/state.js";
import { Store } from "../../src/page/state/store.js";
import { fakeServices, type FakeOptions } from "./fakeEngine.js";

/** What windows share: their chats, their channel and their locks. */
class Desk {
  readonly shelf = new MemoryShelf();
  private readonly listeners = new Map<Sharing, (change: Change) => void>();
  private readonly held = new Map<string, { by: Sharing; waiting: (() => void)[] }>();

  sharing(): Sharing {
    const own: Sharing = {
      tell: (change) => {
        for (const [window, listen] of this.listeners) if (window !== own) listen(change);
      },
      listen: (listener) => void this.listeners.set(own, listener),
      alone: async (id, work) => {
        if (this.held.has(id)) return "busy";
        this.held.set(id, { by: own, waiting: [] });
        try {
          return await work();
        } finally {
          this.release(id);
        }
      },
      answered: async () => new Set(this.held.keys()),
      free: async (id) => new Promise((resolve) => this.held.get(id)?.waiting.push(resolve) ?? resolve()),
    };
    return own;
  }

  /** Ends a window as the browser does: nothing of it runs on. */
  kill(window: Sharing): void {
    this.listeners.delete(window);
    for (const [id, { by }] of this.held) if (by === window) this.release(id);
  }

  private release(id: string): void {
    const waiting = this.held.get(id)?.waiting ?? [];
    this.held.delete(id);
    for (const each of waiting) each();
  }
}

async function open(desk: Desk, options: FakeOptions = {}) {
  const sharing = desk.sharing();
  const services = fakeServices({ ...options, shelf: desk.shelf, sharing });
  const store = new Store(initialState({ ...DEFAULT_SETTINGS }, "auto", 1), reduce);
  const models = new ModelController(store, services);
  const chats = new ChatController(store, models, services);
  await models.start();
  await models.load();
  await chats.start();
  return { desk, sharing, services, store, chats };
}

const until = async (store: { state: AppState }, done: (state: AppState) => boolean): Promise<void> => {
  for (let turn = 0; !done(store.state); turn += 1) {
    if (turn > 4000) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
const LONG = { answer: () => "word ".repeat(200), pause: 1 };
const saidIn = (state: AppState): string[] => state.current.messages.map(({ content }) => content);
const lastOf = ({ current }: AppState) => current.messages.at(-1);

/** The other window, looking at the latest chat of the first. */
async function beside(one: { desk: Desk }, options: FakeOptions = {}) {
  const other = await open(one.desk, options);
  other.store.dispatch({ type: "chat-opened", id: other.store.state.conversations[0]?.id ?? "" });
  return other;
}

describe("two windows on one chat", () => {
  it("show the same, and what one renames or deletes, the other does not have either", async () => {
    const one = await open(new Desk());
    await one.chats.ask("first");
    const other = await beside(one);
    await other.chats.ask("second");
    await until(one.store, (state) => state.current.messages.length === 4);
    expect(saidIn(one.store.state)).toEqual(["first", "You said: first", "second", "You said: second"]);
    const { id } = one.store.state.current;
    await one.chats.rename(id, "Ours");
    await until(other.store, (state) => state.current.title === "Ours");
    await one.chats.delete(id);
    await until(other.store, (state) => state.conversations.length === 0 && state.current.messages.length === 0);
  });

  it("do not both answer: the second waits, sees the text grow, and is free again at the end", async () => {
    const one = await open(new Desk(), { answer: () => "word ".repeat(1200), pause: 1 });
    const asking = one.chats.ask("go on");
    await until(one.store, (state) => state.answering?.phase === "writing");
    const other = await beside(one);
    expect(other.store.state.elsewhere.has(one.store.state.current.id)).toBe(true);
    expect(await other.chats.ask("me too")).toBe(false);
    expect(other.store.state.toasts.map(({ text }) => text).join()).toContain("in another window");
    const last = lastOf(other.store.state);
    expect(last && isInterrupted(last, other.store.state.current, other.store.state)).toBe(false);
    await until(other.store, (state) => (lastOf(state)?.content.length ?? 0) > 0);
    one.chats.stop();
    await asking;
    await until(other.store, (state) => lastOf(state)?.finish === "stopped" && state.elsewhere.size === 0);
    expect(await other.chats.ask("and now")).toBe(true);
  });

  it("ask what the other one has stored meanwhile, even where no message came", async () => {
    const one = await open(new Desk());
    await one.chats.ask("first");
    const other = await beside(one);
    one.desk.kill(other.sharing); // its messages are lost from here on, as those of a frozen page are
    await one.chats.ask("second");
    await other.chats.ask("third");
    expect(saidIn(other.store.state).filter((_, at) => at % 2 === 0)).toEqual(["first", "second", "third"]);
  });

  it("delete all: the other one has none either", async () => {
    const one = await open(new Desk());
    await one.chats.ask("first");
    const other = await beside(one);
    await one.chats.deleteAll();
    await until(other.store, (state) => state.conversations.length === 0 && state.current.messages.length === 0);
    expect(await one.services.conversations.list()).toEqual([]);
  });
});

describe("a window that is killed in mid-answer", () => {
  it("leaves what was stored, marked as interrupted, and another one continues it", async () => {
    const one = await open(new Desk(), { answer: () => "word ".repeat(3000), pause: 1 });
    void one.chats.ask("go on");
    await until(one.store, (state) => (lastOf(state)?.content.length ?? 0) > 200);
    await one.chats.keepNow();
    one.desk.kill(one.sharing);
    const next = await open(one.desk, { answer: () => " and the end" });
    const id = lastChat(next.store.state, next.services.session);
    expect(id).toBe(one.store.state.current.id);
    next.store.dispatch({ type: "chat-opened", id: id ?? "" });
    const before = lastOf(next.store.state);
    expect(before?.content.length).toBeGreaterThan(200);
    expect(before && isInterrupted(before, next.store.state.current, next.store.state)).toBe(true);
    await next.chats.continue();
    expect(next.services.requests[0]).toMatchObject({ continue_final_message: true });
    expect(next.services.requests[0]?.messages.at(-1)).toEqual({ role: "assistant", content: before?.content });
    const after = lastOf(next.store.state);
    expect(after?.content).toBe(`${before?.content} and the end`);
    expect([after?.finish, after?.id]).toEqual(["stop", before?.id]);
    one.chats.stop();
  });

  it("while another one watches: that one learns of the end", async () => {
    const one = await open(new Desk(), { answer: () => "word ".repeat(3000), pause: 1 });
    void one.chats.ask("go on");
    await until(one.store, (state) => state.answering?.phase === "writing");
    const other = await beside(one);
    await until(other.store, (state) => state.elsewhere.size === 1);
    one.desk.kill(one.sharing);
    await until(other.store, (state) => state.elsewhere.size === 0);
    const last = lastOf(other.store.state);
    expect(last && isInterrupted(last, other.store.state.current, other.store.state)).toBe(true);
    one.chats.stop();
  });

  it("before the first word: the question is there, and no empty answer is sent after it", async () => {
    const one = await open(new Desk(), { ...LONG, pause: 500 });
    void one.chats.ask("go on");
    await until(one.store, (state) => state.answering !== null);
    await one.chats.keepNow();
    one.desk.kill(one.sharing);
    one.chats.stop();
    const next = await beside({ desk: one.desk });
    expect(saidIn(next.store.state)).toEqual(["go on", ""]);
    await next.chats.ask("please");
    expect(next.services.requests[0]?.messages).toEqual([{ role: "user", content: "go on\n\nplease" }]);
  });
});

describe("a draft", () => {
  it("comes back, unless it was sent", async () => {
    const { services, store, chats } = await open(new Desk());
    services.preferences.write("draft", "half a quest");
    expect(unsentDraft(store.state, services.preferences)).toBe("half a quest");
    await chats.ask("half a quest");
    expect(unsentDraft(store.state, services.preferences)).toBeNull();
  });

  it("stays in the window of its chat: a window that was loaded again shows the chat it showed", async () => {
    const { services, store, chats } = await open(new Desk());
    await chats.ask("one");
    expect(lastChat(store.state, services.session)).toBeNull();
    services.session.write("chat", "that one");
    expect(lastChat(store.state, services.session)).toBe("that one");
  });
});
