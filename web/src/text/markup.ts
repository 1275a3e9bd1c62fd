/** Which added tokens a chat template writes as markup, although their file does not call them special. */

import { KernelcError } from "../artifact/errors.js";
import type { Coder, Definition, Message, Template } from "./types.js";

const ROLES: readonly (readonly Message["role"][])[] = [
  ["system", "user", "assistant", "user"],
  ["user", "assistant", "user"],
  ["user"],
];
const SAID = "kernelc"; // a word that is no token of markup
const CALL_ID = "abcdefghi"; // of nine letters, as Mistral's templates want them

/** The added tokens, besides the special ones, that the template writes around messages, tools and calls. */
export function writtenMarkup(coder: Coder, template: Template): string[] {
  const candidates = [...coder.addedIds.keys()].filter((token) => token.trim() && !SAID.includes(token));
  if (!candidates.length || template.isPlain) return [];
  const text = [...ROLES.map((roles) => rendered(template, roles)), ...withTools(template)].join("");
  return candidates.filter((token) => text.includes(token));
}

function rendered(template: Template, roles: readonly Message["role"][]): string {
  return tried(template, roles.map((role) => ({ role, content: SAID })), []);
}

/** A call of a tool and its result, with the arguments as an object and as a text. */
function withTools(template: Template): string[] {
  const parameters = { type: "object", properties: {} };
  const tool = { type: "function", function: { name: SAID, description: SAID, parameters } } as const;
  return [{}, "{}"].map((given) => {
    const call = { id: CALL_ID, type: "function", function: { name: SAID, arguments: given } } as const;
    const said: readonly Message[] = [
      { role: "user", content: SAID },
      { role: "assistant", content: "", tool_calls: [call] },
      { role: "tool", content: SAID, tool_call_id: CALL_ID, name: SAID },
    ];
    return tried(template, said, [tool]);
  });
}

function tried(template: Template, messages: readonly Message[], tools: readonly Definition[]): string {
  try {
    return template.render(messages, tools.length ? { tools } : {});
  } catch (error) {
    // It wants other messages; those that it takes show its markup.
    if (error instanceof KernelcError) return "";
    throw error;
  }
}
