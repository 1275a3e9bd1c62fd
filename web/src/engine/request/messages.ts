/**
 * The messages of a request, as templates take them.
 *
 * Source: OpenAI's API reference, "Create chat completion".
 */

import type { Message, SaidCall } from "../../text/types.js";
import { refuse, refuseField } from "../sampling/sampling.js";
import { anObject, aText, characters, type Fields } from "./fields.js";
import { argumentsOf } from "./jsonValues.js";
import { CALL, checkNames, MESSAGE, MESSAGE_UNSUPPORTED, OF_ROLE } from "./names.js";

/** Characters of a request's texts together: far above any context. */
export const MOST_TEXT = 4_000_000;
const MOST_MESSAGES = 100_000;
const MOST_PARTS = 1000;
const MOST_CALLS = 128;

const ROLES: ReadonlyMap<unknown, Message["role"]> = new Map<unknown, Message["role"]>([
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
  ["assistant", "assistant"],
  ["tool", "tool"],
]);

const NO_BREAKPOINT = new Map([["prompt_cache_breakpoint", "prefixes are cached without being told"]]);

/**
 * The messages, each with a role and a text: "developer" is "system", parts are joined by line breaks, and no
 * content is an empty text. Names are left out but for those of tools: without one a message has that of the
 * call that it answers. Answers have `tool_calls`, whose arguments are objects here, and `reasoning_content`;
 * messages of tools have `tool_call_id`.
 *
 * @throws KernelcError "usage" that names the field.
 */
export function readMessages(fields: Fields): readonly Message[] {
  const given = fields.get("messages");
  if (!Array.isArray(given) || !given.length || given.length > MOST_MESSAGES) {
    return refuse("messages", given, `a list of 1 to ${MOST_MESSAGES} messages`);
  }
  let room = MOST_TEXT;
  const called = new Map<string, string>();
  return given.map((each: unknown, at) => {
    const [message, size] = readMessage(anObject(`messages[${at}]`, each));
    room -= size;
    if (room < 0) {
      const up = `messages have more than ${MOST_TEXT} characters up to messages[${at}]`;
      refuseField("messages", `${up}, wanted at most as many`);
    }
    for (const call of message.tool_calls ?? []) called.set(call.id, call.function.name);
    const name = called.get(message.tool_call_id ?? "");
    return message.role === "tool" && name !== undefined ? { name, ...message } : message;
  });
}

/** A message and how many characters it has. */
function readMessage(fields: Fields): readonly [Message, number] {
  const given = fields.get("role");
  const role =
    ROLES.get(given) ?? refuse(fields.path("role"), given, "system, developer, user, assistant or tool");
  checkNames(fields, [...MESSAGE, ...(OF_ROLE[role] ?? [])], MESSAGE_UNSUPPORTED);
  const name = fields.word("name");
  const content = readContent(fields.path("content"), fields.get("content") ?? "");
  const size = characters(content);
  if (role === "assistant") {
    const [more, taken] = readAnswer(fields);
    return [{ role, content, ...more }, size + taken];
  }
  if (role !== "tool") return [{ role, content }, size];
  const call = fields.word("tool_call_id");
  if (call === undefined) refuse(fields.path("tool_call_id"), null, "the id of the call that this answers");
  return [{ role, content, tool_call_id: call ?? "", ...(name === undefined ? {} : { name }) }, size];
}

/** The thoughts and calls of an answer, and how many characters they have. */
function readAnswer(fields: Fields): readonly [Partial<Message>, number] {
  const [thoughts, calls] = [fields.get("reasoning_content") ?? null, fields.get("tool_calls") ?? null];
  const found: { reasoning_content?: string; tool_calls?: readonly SaidCall[] } = {};
  let size = 0;
  if (thoughts !== null) {
    found.reasoning_content = aText(fields.path("reasoning_content"), thoughts, 0, MOST_TEXT);
    size += characters(found.reasoning_content);
  }
  if (calls === null) return [found, size];
  const path = fields.path("tool_calls");
  if (!Array.isArray(calls) || !calls.length || calls.length > MOST_CALLS) {
    return refuse(path, calls, `a list of 1 to ${MOST_CALLS} calls`);
  }
  found.tool_calls = calls.map((each: unknown, at) => {
    const [call, taken] = readCall(anObject(`${path}[${at}]`, each));
    size += taken;
    return call;
  });
  return [found, size];
}

function readCall(fields: Fields): readonly [SaidCall, number] {
  const type = fields.get("type");
  if (type !== "function") refuse(fields.path("type"), type, '"function": no other tools are called');
  checkNames(fields, CALL, new Map());
  const called =
    fields.inner("function") ?? refuse(fields.path("function"), null, "an object with name and arguments");
  checkNames(called, ["name", "arguments"], new Map());
  const [name, id] = [called.word("name"), fields.word("id")];
  if (!name) return refuse(called.path("name"), name, "the name of a tool");
  if (id === undefined) return refuse(fields.path("id"), null, "the id of the call");
  const path = called.path("arguments");
  const text = aText(path, called.get("arguments"), 0, MOST_TEXT);
  const said = { name, arguments: argumentsOf(path, text) };
  return [{ id, type: "function", function: said }, characters(text)];
}

function readContent(path: string, content: unknown): string {
  if (typeof content === "string") return aText(path, content, 0, MOST_TEXT);
  if (!Array.isArray(content)) return refuse(path, content, "a text, or a list of parts of type text");
  if (content.length > MOST_PARTS) return refuse(path, content, `at most ${MOST_PARTS} parts`);
  return content.map((part: unknown, at) => readPart(`${path}[${at}]`, part)).join("\n");
}

function readPart(path: string, part: unknown): string {
  const fields = anObject(path, part);
  const type = fields.get("type");
  if (type !== "text") refuse(fields.path("type"), type, '"text": models read text alone');
  checkNames(fields, ["type", "text"], NO_BREAKPOINT);
  return aText(fields.path("text"), fields.get("text"), 0, MOST_TEXT);
}
