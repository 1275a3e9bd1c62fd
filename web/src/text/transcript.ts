/** A conversation as a file, in the JSON that /save and /load of the command line write and read. */

import { KernelcError } from "../artifact/errors.js";
import type { Message } from "./types.js";

const FORMAT = "kernelc-conversation";
const VERSION = 1;
/** Far more than any context holds; keeps a wrong file from filling the memory. */
const MAX_CHARACTERS = 64 * 2 ** 20;
const HELP = "choose a conversation that kernelc saved";

/** The file's text for a conversation. */
export function saveTranscript(messages: readonly Message[]): string {
  const plain = messages.map(({ role, content }) => ({ role, content }));
  return JSON.stringify({ format: FORMAT, version: VERSION, messages: plain }, null, 1);
}

/** The messages in a file's text; throws KernelcError("usage") that says what is wrong with it. */
export function loadTranscript(text: string): Message[] {
  const record = objectIn(text);
  if (record["format"] !== FORMAT || record["version"] !== VERSION) {
    throw refused(
      `got format ${JSON.stringify(record["format"])}, version ${JSON.stringify(record["version"])}`,
    );
  }
  const listed = record["messages"];
  if (!Array.isArray(listed)) throw refused("messages: wanted a list of messages");
  const messages = listed.map((item: unknown, at) => message(item, at));
  const answered = messages[0]?.role === "system" ? 1 : 0;
  messages.slice(answered).forEach(({ role }, at) => {
    const wanted = at % 2 === 0 ? "user" : "assistant";
    if (role !== wanted) throw refused(`messages[${at + answered}]: got role ${role}, wanted ${wanted}`);
  });
  if ((messages.length - answered) % 2)
    throw refused("messages: the last one is the user's, wanted its answer");
  return messages;
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_CHARACTERS)
    throw refused(`got ${text.length} characters, wanted at most ${MAX_CHARACTERS}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (reason) {
    throw refused("this is no JSON text", reason);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw refused("wanted a JSON object");
}

function message(item: unknown, at: number): Message {
  const { role, content } = (typeof item === "object" && item !== null ? item : {}) as Record<
    string,
    unknown
  >;
  const known = role === "system" || role === "user" || role === "assistant";
  if (known && typeof content === "string") return { role, content };
  throw refused(`messages[${at}]: wanted an object with texts role and content`);
}

function refused(message: string, cause?: unknown): KernelcError {
  return new KernelcError("usage", `the conversation cannot be read: ${message}`, { help: HELP, cause });
}
