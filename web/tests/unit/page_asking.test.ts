/** What the page does about questions and answers. */

import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { loaded, page, until } from "./page_made.js";

describe("asking", () => {
  it("sends the conversation so far with the settings, and keeps it", async () => {
    const { services, store, chats } = await loaded({ answer: () => "An answer." });
    store.dispatch({
      type: "settings-changed",
      settings: { ...DEFAULT_SETTINGS, system: "Be brief.", temperature: 0, seed: 5 },
    });
    await chats.ask("  one ");
    await chats.ask("two");
    expect(services.requests[1]).toMatchObject({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "one" },
        { role: "assistant", content: "An answer." },
        { role: "user", content: "two" },
      ],
      stream: true,
      temperature: 0,
      seed: 5,
      max_tokens: 1024,
    });
    const kept = await services.conversations.list();
    expect(kept[0]?.messages.map((message) => message.content)).toEqual(["one", "An answer.", "two", "An answer."]);
    expect(kept[0]?.messages[3]?.stats).toMatchObject({ promptTokens: 20, completionTokens: 2 });
  });

  it("sends the site's system prompt where nobody wrote one, and loads what the site computed of it", async () => {
    const warm = { file: "warm.json", bytes: 7, sha256: "a".repeat(64) };
    const models = [{ name: "demo", title: "Demo", bytes: 10, context: 512, system: "Be kind.", warm }];
    const { services, store, chats } = await loaded({ answer: () => "An answer.", models });
    expect(services.loadedWarm.at(-1)).toEqual(warm);
    await chats.ask("one");
    store.dispatch({ type: "settings-changed", settings: { ...DEFAULT_SETTINGS, system: "Be brief." } });
    await chats.ask("two");
    expect(services.requests.map(({ messages }) => messages[0]?.content)).toEqual(["Be kind.", "Be brief."]);
  });

  it("sends a chat's own system prompt in place of that of the settings, and keeps it with the chat", async () => {
    const { services, store, chats } = await loaded({ answer: () => "An answer." });
    const systems = (): unknown[] => services.requests.map(({ messages }) => messages[0]);
    store.dispatch({ type: "settings-changed", settings: { ...DEFAULT_SETTINGS, system: "Be brief." } });
    await chats.instruct("Rhyme.");
    await chats.ask("one");
    expect((await services.conversations.list())[0]?.system).toBe("Rhyme.");
    await chats.instruct(" ");
    await chats.ask("two");
    expect((await services.conversations.list())[0]?.system).toBeUndefined();
    await chats.instruct("Sing.");
    store.dispatch({ type: "chat-started", now: 9 });
    await chats.ask("three");
    expect(systems().map((message) => (message as { content: string }).content)).toEqual([
      "Rhyme.",
      "Be brief.",
      "Be brief.",
    ]);
    expect((await services.conversations.list()).map(({ system }) => system)).toContain("Sing.");
  });

  it("answers on where the oldest turns may be left out, and tells how far the prompt is read", async () => {
    const progress = [{ total: 900, cached: 0, processed: 512 }];
    const { services, store, chats } = await loaded({ progress });
    const told: unknown[] = [];
    store.subscribe(({ answering }) => void (answering?.progress && told.push(answering.progress)));
    await chats.ask("one");
    expect(told[0]).toEqual(progress[0]);
    expect(services.requests[0]).toMatchObject({ context_policy: "stop", return_progress: true });
    await chats.slide();
    expect(services.requests[1]).toMatchObject({ context_policy: "slide", continue_final_message: true });
    expect((await services.conversations.list())[0]?.slides).toBe(true);
  });

  it("keeps a growing answer while it grows, and not only at its end", async () => {
    const made = await loaded({ answer: () => "word ".repeat(2000), pause: 1 });
    const { services, store, chats } = made;
    let time = 0;
    services.clock = () => (time += 40); // a second every few pieces
    const asking = chats.ask("go on");
    await until(store, (state) => (state.current.messages[1]?.content.length ?? 0) > 100);
    const [kept] = await services.conversations.list();
    expect(kept?.messages[1]?.content.startsWith("word")).toBe(true);
    expect(kept?.messages[1]?.finish).toBeUndefined();
    chats.stop();
    await asking;
  });

  it("draws a seed for each answer where none is set", async () => {
    const { services, chats } = await loaded();
    await chats.ask("one");
    await chats.regenerate();
    const seeds = services.requests.map((request) => request.seed ?? -1);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
    expect(seeds[0]).not.toBe(seeds[1]);
  });

  it("stops, and keeps what had come", async () => {
    const { store, chats } = await loaded({ answer: () => "word ".repeat(200), pause: 1 });
    const asking = chats.ask("go on");
    await until(store, (state) => state.answering?.phase === "writing");
    chats.stop();
    await asking;
    const last = store.state.current.messages.at(-1);
    expect(last?.finish).toBe("stopped");
    expect(last?.content.startsWith("word")).toBe(true);
    expect(store.state.answerFailure).toBeNull();
  });

  it("keeps half an answer and says why it ended; the engine is put away where it is of no more use", async () => {
    const lost = await loaded({ failAfter: { pieces: 2, code: "device-lost", message: "gone" } });
    await lost.chats.ask("one two three");
    expect(lost.store.state.answerFailure?.failure.code).toBe("device-lost");
    expect(lost.store.state.current.messages[1]).toMatchObject({ content: "You said:", finish: "failed" });
    expect(lost.store.state.model).toMatchObject({ loaded: null, status: { kind: "failed" } });
    const full = await loaded({ failAfter: { pieces: 0, code: "context", message: "full" } });
    await full.chats.ask("one");
    expect(full.store.state.model.loaded).not.toBeNull();
  });

  it("asks nothing where nothing is written or loaded", async () => {
    const { services, chats } = await loaded();
    await chats.ask("  \n ");
    expect(services.requests).toEqual([]);
    const empty = page();
    await empty.chats.ask("hello");
    expect(empty.store.state.conversations).toEqual([]);
  });

  it("goes on where chats cannot be kept, and says so once", async () => {
    const { services, store, chats } = await loaded();
    services.conversations.save = async () => Promise.reject(new Error("quota"));
    await chats.ask("one");
    expect(store.state.current.messages[1]?.content).toBe("You said: one");
    expect(store.state.toasts.map((toast) => toast.text)).toEqual([
      "Conversations cannot be kept in this browser: quota",
    ]);
  });

  it("deletes a chat that is being answered", async () => {
    const { services, store, chats } = await loaded({ answer: () => "word ".repeat(200), pause: 1 });
    const asking = chats.ask("go on");
    await until(store, (state) => state.answering?.phase === "writing");
    await chats.delete(store.state.current.id);
    await asking;
    expect(store.state.conversations).toEqual([]);
    expect(await services.conversations.list()).toEqual([]);
  });
});
