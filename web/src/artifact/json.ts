/** Reads untrusted JSON, without what `JSON.parse` does not complain about: keys that occur twice. */

import { KernelcError } from "./errors.js";
import { REBUILD } from "./node.js";

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/**
 * The first key that occurs twice in one object of a valid JSON text, null where there is none. `JSON.parse`
 * takes the last value of such a key, other readers the first: two of them would see different things in one
 * file.
 */
export function repeatedKey(text: string): string | null {
  /** For each enclosing object, the keys seen so far; null for a list. */
  const around: (Set<string> | null)[] = [];
  let atKey = false;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token.startsWith('"')) {
      const keys = atKey ? around.at(-1) : null;
      atKey = false;
      if (!keys) continue; // a value
      const key = token.includes("\\") ? (JSON.parse(token) as string) : token.slice(1, -1);
      if (keys.has(key)) return key;
      keys.add(key);
      continue;
    }
    if (token === "{") around.push(new Set());
    else if (token === "[") around.push(null);
    else if (token === "}" || token === "]") around.pop();
    atKey = token === "{" || (token === "," && around.at(-1) !== null);
  }
  return null;
}

/** The value of a file's JSON. @throws KernelcError "bad-artifact" that names the file. */
export function parseJson(data: Uint8Array, file: string, mostBytes: number): unknown {
  const refuse = (why: string): never => {
    throw new KernelcError("bad-artifact", `${file}: ${why}`, { help: REBUILD });
  };
  if (data.length > mostBytes) refuse(`got ${data.length} bytes, wanted at most ${mostBytes}`);
  let [text, value]: [string, unknown] = ["", null];
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(data);
    value = JSON.parse(text);
  } catch (error) {
    return refuse(`not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : ""}`);
  }
  const twice = repeatedKey(text);
  if (twice !== null) refuse(`not valid JSON: key ${JSON.stringify(twice.slice(0, 80))} occurs twice`);
  return value;
}
