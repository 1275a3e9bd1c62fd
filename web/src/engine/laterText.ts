/** The code of text completions, which a page of chats never needs; see `laterCode.ts`. */

import { loaded } from "./laterCode.js";

export type TextCode = typeof import("./textCompletions.js");

let provided: TextCode | null = null;

/** Use this code instead of loading it. */
export function provideText(code: TextCode): void {
  provided = code;
}

export async function textCode(): Promise<TextCode> {
  return provided ?? loaded("text completions", import("./textCompletions.js"));
}
