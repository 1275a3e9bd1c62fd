import { describe, expect, it } from "vitest";
import {
  append,
  change,
  MAX_CONTENT,
  MAX_CONVERSATIONS,
  MAX_MESSAGES,
  MAX_SYSTEM_LENGTH,
  MAX_TITLE,
  newConversation,
  newId,
  rename,
  titleOf,
  type ChatMessage,
  type Conversation,
} from "../../src/page/state/conversations.js";
import { readConversation } from "../../src/page/state/readConversation.js";
import { before } from "../../src/page/state/versions.js";
import { ConversationStore, MemoryShelf } from "../../src/page/keeping/conversationStore.js";

function said(role: "user" | "assistant", content: string): ChatMessage {
  return { id: newId(), role, content };
}

function talk(...contents: string[]): Conversation {
  return contents.reduce(
    (chat, content, index) => append(chat, said(index % 2 ? "assistant" : "user", content), 5),
    newConversation(1),
  );
}

const SOUND = {
  id: "a",
  title: "T",
  named: false,
  created: 1,
  updated: 2,
  messages: [{ id: "m", role: "user", content: "hello" }],
};

describe("a conversation", () => {
  it("takes its title from the first question, until a person names it", () => {
    expect(talk("  What is\n 417 - 58? ", "359").title).toBe("What is 417 - 58?");
    const named = rename(newConversation(1), " My  chat ");
    expect(append(named, said("user", "x"), 2).title).toBe("My chat");
    expect(rename(talk("x"), "   ").title).toBe("x");
    expect(rename(talk("x"), "y".repeat(500)).title).toHaveLength(MAX_TITLE);
  });

  it("cuts a long title at a word's end", () => {
    expect(titleOf("Tell me a very long story about an owl that lived in a lighthouse")).toBe(
      "Tell me a very long story about an owl that…",
    );
    expect(titleOf("x".repeat(100))).toBe(`${"x".repeat(48)}…`);
  });

  it("goes back to before a message, and changes one, without touching the old value", () => {
    const chat = talk("a", "b", "c", "d");
    const third = chat.messages[2]?.id ?? "";
    expect(before(chat, third).messages.map((message) => message.content)).toEqual(["a", "b"]);
    expect(before(chat, "none")).toBe(chat);
    expect(change(chat, third, { content: "C" }).messages[2]?.content).toBe("C");
    expect(chat.messages[2]?.content).toBe("c");
  });

  it("has ids that differ", () => {
    expect(new Set(Array.from({ length: 1000 }, newId)).size).toBe(1000);
  });
});

describe("what storage gives back", () => {
  it("is taken where it is sound, without what does not belong", () => {
    expect(readConversation({ ...SOUND, extra: 1 })).toEqual(SOUND);
    const stats = { promptTokens: 1, completionTokens: 2, firstTokenMs: 3.5, tokensPerSecond: 4 };
    const answer = { id: "n", role: "assistant", content: "", finish: "stopped", stats };
    expect(readConversation({ ...SOUND, messages: [answer] })?.messages).toEqual([answer]);
  });

  it("has its own system prompt, where that is one", () => {
    expect(readConversation({ ...SOUND, system: "Be brief." })).toEqual({ ...SOUND, system: "Be brief." });
    for (const system of ["", " ", 5, null, "x".repeat(MAX_SYSTEM_LENGTH + 1)])
      expect(readConversation({ ...SOUND, system })).toEqual(SOUND);
  });

  it("loses numbers that are none, but not the message", () => {
    const answer = { id: "n", role: "assistant", content: "x", finish: "odd", stats: { promptTokens: "1" } };
    expect(readConversation({ ...SOUND, messages: [answer] })?.messages).toEqual([
      { id: "n", role: "assistant", content: "x" },
    ]);
  });

  const message = SOUND.messages[0];
  it.each([
    ["null", null],
    ["a list", []],
    ["a text", "x"],
    ["no id", { ...SOUND, id: "" }],
    ["a long id", { ...SOUND, id: "x".repeat(101) }],
    ["a title that is no text", { ...SOUND, title: { toString: "x" } }],
    ["a long title", { ...SOUND, title: "x".repeat(MAX_TITLE + 1) }],
    ["a time that is none", { ...SOUND, updated: NaN }],
    ["no messages", { ...SOUND, messages: null }],
    ["too many messages", { ...SOUND, messages: Array(MAX_MESSAGES + 1).fill(message) }],
    ["another role", { ...SOUND, messages: [{ ...message, role: "system" }] }],
    ["content that is no text", { ...SOUND, messages: [{ ...message, content: 5 }] }],
    ["endless content", { ...SOUND, messages: [{ ...message, content: "x".repeat(MAX_CONTENT + 1) }] }],
  ])("is refused: %s", (_, value) => {
    expect(readConversation(value)).toBeNull();
  });
});

describe("the store", () => {
  it("lists the latest first, and what is not sound not at all", async () => {
    const store = new ConversationStore(
      new MemoryShelf([
        ["a", SOUND],
        ["b", { ...SOUND, id: "b", updated: 9 }],
        ["c", "damaged"],
      ]),
    );
    expect((await store.list()).map((chat) => chat.id)).toEqual(["b", "a"]);
  });

  it("saves, saves again and deletes", async () => {
    const store = new ConversationStore(new MemoryShelf());
    const chat = talk("a");
    await store.save(chat);
    await store.save({ ...chat, title: "new" });
    expect((await store.list()).map((entry) => entry.title)).toEqual(["new"]);
    await store.delete(chat.id);
    expect(await store.list()).toEqual([]);
  });

  it("lets go of the oldest above its bound", async () => {
    const entries = Array.from({ length: MAX_CONVERSATIONS + 3 }, (_, index): [string, unknown] => [
      `${index}`,
      { ...SOUND, id: `${index}`, updated: index },
    ]);
    const shelf = new MemoryShelf(entries);
    const listed = await new ConversationStore(shelf).list();
    expect(listed).toHaveLength(MAX_CONVERSATIONS);
    expect(listed.at(-1)?.id).toBe("3");
    expect(await shelf.all()).toHaveLength(MAX_CONVERSATIONS);
  });
});
