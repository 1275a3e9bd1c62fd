/** Which added tokens a chat template writes as markup, although their file does not call them special. */

import { KernelcError } from "../artifact/errors.js";
import type { Coder, Message, Template } from "./types.js";

const ROLES: readonly (readonly Message["role"][])[] = [
  ["system", "user", "assistant", "user"],
  ["user", "assistant", "user"],
  ["user"],
];
const SAID = "kernelc"; // a word that is no token of markup

/** The added tokens, besides the special ones, that the template writes around messages. */
export function writtenMarkup(coder: Coder, template: Template): string[] {
  const candidates = [...coder.addedIds.keys()].filter((token) => token.trim() && !SAID.includes(token));
  if (!candidates.length || template.isPlain) return [];
  const text = ROLES.map((roles) => rendered(template, roles)).join("");
  return candidates.filter((token) => text.includes(token));
}

function rendered(template: Template, roles: readonly Message["role"][]): string {
  try {
    return template.render(roles.map((role) => ({ role, content: SAID })));
  } catch (error) {
    // It wants other messages; those that it takes show its markup.
    if (error instanceof KernelcError) return "";
    throw error;
  }
}
