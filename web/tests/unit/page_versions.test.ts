import { describe, expect, it } from "vitest";
import { allChatsFile, chatFile, readChatsFile } from "../../src/page/keeping/chatFiles.js";
import { append, MAX_MESSAGES, newConversation, type ChatMessage, type Conversation } from "../../src/page/state/conversations.js";
import { readConversation } from "../../src/page/state/readConversation.js";
import { before, switchVersion, versionCounts, versionsAt } from "../../src/page/state/versions.js";
import { isFound } from "../../src/page/views/sidebar.js";

let time = 0;
const said = (id: string, content = id): ChatMessage => {
  const role = id.startsWith("q") ? "user" : "assistant";
  return { id, role, content, created: (time += 1), ...(role === "assistant" ? { finish: "stop" } : {}) };
};
const grown = (chat: Conversation, ...ids: string[]): Conversation =>
  ids.reduce((all, id) => append(all, said(id), 5), chat);
const talk = (...ids: string[]): Conversation => grown(newConversation(1), ...ids);
const idsOf = (chat: Conversation): string => chat.messages.map(({ id }) => id).join(" ");

describe("versions", () => {
  it("keep what a new answer replaces, in the order in which they were begun", () => {
    let chat = talk("q1", "a1", "q2", "a2");
    chat = grown(before(chat, "a2"), "a3");
    chat = grown(before(chat, "a3"), "a4");
    expect(versionsAt(chat, 3).shown).toBe(2);
    expect(idsOf(switchVersion(chat, "a4", -1))).toBe("q1 a1 q2 a3");
    const first = switchVersion(switchVersion(chat, "a4", -1), "a3", -1);
    expect(idsOf(first)).toBe("q1 a1 q2 a2");
    expect(versionsAt(first, 3)).toMatchObject({ shown: 0, all: { length: 3 } });
    expect(idsOf(switchVersion(first, "a2", 2))).toBe(idsOf(chat));
  });

  it("take everything that followed with them, and versions within that", () => {
    let chat = talk("q1", "a1", "q2", "a2");
    chat = grown(before(chat, "a2"), "b2"); // another answer to the second question
    chat = grown(before(chat, "q1"), "q9", "a9"); // another first question
    expect(versionCounts(chat)).toEqual(new Map<string | null, number>([["q2", 2], [null, 2]]));
    const old = switchVersion(chat, "q9", -1);
    expect(idsOf(old)).toBe("q1 a1 q2 b2");
    expect(idsOf(switchVersion(old, "b2", -1))).toBe("q1 a1 q2 a2");
  });

  it("do not go beyond the first and the last, and know nothing of other messages", () => {
    const chat = grown(before(talk("q1", "a1"), "a1"), "a2");
    expect(switchVersion(chat, "a2", 1)).toBe(chat);
    expect(switchVersion(chat, "a2", -2)).toBe(chat);
    expect(switchVersion(chat, "none", 1)).toBe(chat);
    expect(before(chat, "none")).toBe(chat);
  });

  it("leave out an answer that never came", () => {
    const chat = append(talk("q1"), { id: "a1", role: "assistant", content: " " }, 2);
    expect(before(chat, "a1").others).toBeUndefined();
  });

  it("are stored and read back; damaged ones go alone, and too many go from the oldest on", () => {
    const chat = grown(before(talk("q1", "a1"), "a1"), "a2");
    expect(readConversation(structuredClone(chat))).toEqual(chat);
    const damaged = [...(chat.others ?? []), { after: 5, messages: [] }, "x", { after: null, messages: ["x"] }];
    expect(readConversation({ ...chat, others: damaged })).toEqual(chat);
    const many = talk(...Array.from({ length: MAX_MESSAGES }, (_, at) => `${at % 2 ? "a" : "q"}${at}`));
    const twice = before(grown(before(many, "q0"), "q-new", "a-new"), "q-new");
    expect(twice.others).toHaveLength(1);
    expect(readConversation(structuredClone(twice))?.others).toHaveLength(1);
  });
});

describe("chats as files", () => {
  const chat = grown(before(talk("q1", "a1"), "a1"), "a2");

  it("go out together and come back with everything", () => {
    const { name, text } = allChatsFile([chat], Date.UTC(2026, 0, 2));
    expect(name).toBe("kernelc-chats-2026-01-02.json");
    expect(readChatsFile(text, 9)).toEqual({ chats: [chat], refused: 0 });
    const more = JSON.stringify({ ...(JSON.parse(text) as object), conversations: [chat, { id: 5 }] });
    expect(readChatsFile(more, 9)).toEqual({ chats: [chat], refused: 1 });
  });

  it("go out alone as the command line reads them, in pairs, and come back", () => {
    const file = chatFile({ ...grown(chat, "q3"), title: "What? / now" });
    expect(file?.name).toBe("What-now.json");
    expect(JSON.parse(file?.text ?? "")).toMatchObject({
      format: "kernelc-conversation",
      messages: [{ role: "user", content: "q1" }, { role: "assistant", content: "a2" }],
    });
    const [read] = readChatsFile(file?.text ?? "", 9).chats;
    expect(read).toMatchObject({ title: "q1", messages: [{ content: "q1" }, { content: "a2", finish: "stop" }] });
    expect(chatFile(talk("q1"))).toBeNull();
    const instructed = chatFile({ ...grown(chat, "q3"), system: "Be brief." })?.text ?? "";
    expect(readChatsFile(instructed, 9).chats[0]).toMatchObject({ system: "Be brief.", messages: [{ content: "q1" }, {}] });
  });

  it.each(["", "[]", "{}", '{"format":"kernelc-chats","version":9,"conversations":[]}'])("refuse %s in words", (text) => {
    expect(() => readChatsFile(text, 9)).toThrow("the conversation cannot be read");
  });
});

describe("a search", () => {
  it("finds all its words, in titles and in what was said", () => {
    const chat = { ...talk("q1"), title: "Owls at Night" };
    expect(isFound(chat, "owls q1")).toBe(true);
    expect(isFound(chat, " ")).toBe(true);
    expect(isFound(chat, "owls day")).toBe(false);
  });
});
