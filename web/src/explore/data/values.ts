/** Reads values of the page's data files, which are checked like an artifact's. */

import type { Node } from "../../artifact/node.js";

export const MAX_TEXT = 8 * 2 ** 20;
export const MAX_ITEMS = 65536;

/** A number that is not negative, or null. */
export function amount(node: Node): number | null {
  return node.optional((item) => {
    const found = item.number();
    return found >= 0 ? found : item.fail("at least 0");
  });
}

/** Two values of a kind. */
export function pair<T>(node: Node, read: (item: Node) => T): readonly [T, T] {
  return node.items(read, 2, 2) as unknown as readonly [T, T]; // `items` checked that there are two
}

/** Any value as people read it: lists as "2 x 4". */
export function shown(node: Node): string {
  node.plain();
  return asText(node.value);
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map(asText).join(" × ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value as string | number);
}
