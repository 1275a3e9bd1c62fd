/**
 * JSON values of any form in requests: parameters of tools, and arguments of calls. The same rules and words
 * are in `runtime/chat/openai/json_values.py`.
 */

import { refuse, refuseField } from "../sampling/sampling.js";
import { anObject, aText, characters } from "./fields.js";

const MOST_DEPTH = 64;
const MOST_VALUES = 100_000;
/** Characters of the texts and names in a value. */
export const MOST_JSON = 1_000_000;

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A copy of an object of JSON, with bounds on its depth, its size and its numbers.
 *
 * @throws KernelcError "usage" that names `path`.
 */
export function aJsonObject(path: string, value: unknown): JsonObject {
  anObject(path, value);
  return new Copier(path).copied(value, 1) as JsonObject;
}

/** The arguments that a text of JSON has; none where it is empty. @throws KernelcError "usage". */
export function argumentsOf(path: string, text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text || "{}");
  } catch {
    refuseField(path, `${path} is no JSON, wanted the text of an object`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(path, value, "the text of a JSON object");
  }
  return aJsonObject(path, value);
}

class Copier {
  private values = 0;
  private room = MOST_JSON;

  constructor(private readonly path: string) {}

  copied(value: unknown, depth: number): unknown {
    if (depth > MOST_DEPTH) this.refuse(`is nested deeper than ${MOST_DEPTH}`);
    this.values += 1;
    if (this.values > MOST_VALUES) this.refuse(`has more than ${MOST_VALUES} values`);
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((each: unknown) => this.copied(each, depth + 1));
    if (typeof value === "object" && value !== null) return this.object(value, depth);
    if (typeof value === "number" && !Number.isFinite(value)) this.refuse("has a number beyond all limits");
    if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
    return this.refuse("has what is no JSON");
  }

  private object(value: object, depth: number): unknown {
    const fields: [string, unknown][] = [];
    for (const [name, each] of Object.entries(value)) {
      if (each !== undefined) fields.push([this.text(name), this.copied(each, depth + 1)]);
    }
    return Object.fromEntries(fields);
  }

  private text(text: string): string {
    this.room -= characters(text);
    if (this.room < 0) this.refuse(`has more than ${MOST_JSON} characters`);
    return aText(this.path, text, 0, MOST_JSON);
  }

  private refuse(what: string): never {
    return refuseField(this.path, `${this.path} ${what}`);
  }
}
