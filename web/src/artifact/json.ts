/** What `JSON.parse` lets pass. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/gy;
const BETWEEN = /[^"{}[\],]*/gy;

/**
 * The first key that occurs twice in one object of a valid JSON text, null where there is none. `JSON.parse` takes
 * the last value of such a key, other readers the first: two of them would see different things in one file.
 */
export function repeatedKey(text: string): string | null {
  /** For each object around, its keys; null for a list. */
  const around: (Set<string> | null)[] = [];
  let atKey = false;
  for (let at = 0; at < text.length; ) {
    BETWEEN.lastIndex = at;
    at += BETWEEN.exec(text)?.[0].length ?? 0;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) break;
    at += token.length;
    const keys = around.at(-1);
    if (token.startsWith('"') && atKey && keys) {
      const key = JSON.parse(token) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
    if (token === "{") around.push(new Set());
    else if (token === "[") around.push(null);
    else if (token === "}" || token === "]") around.pop();
    atKey = token === "{" || (token === "," && around.at(-1) !== null);
  }
  return null;
}
