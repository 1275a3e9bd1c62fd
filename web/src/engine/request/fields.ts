/**
 * Reading the fields of a request that nobody has checked, each with its bounds.
 *
 * Null means left out, as OpenAI's official clients send. `runtime/chat/openai/fields.py` has the same rules
 * and words.
 */

import { integer, number, refuse, refuseField } from "../sampling/sampling.js";

/** Characters of a name, an id or the like. */
const MOST_WORD = 1000;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** An object of a request; `where` is what stands before a field's name in messages ("stream_options."). */
export class Fields {
  constructor(
    private readonly values: object,
    private readonly where = "",
  ) {}

  /** The names of the fields that are there. */
  get names(): readonly string[] {
    return Object.keys(this.values).filter((name) => this.get(name) !== undefined);
  }

  path(name: string): string {
    return this.where + name;
  }

  get(name: string): unknown {
    return Object.hasOwn(this.values, name) ? (this.values as Record<string, unknown>)[name] : undefined;
  }

  /** False where it is left out. */
  flag(name: string): boolean {
    const value = this.get(name) ?? false;
    return typeof value === "boolean" ? value : refuse(this.path(name), value, "true or false");
  }

  /** A text of at most 1000 characters. */
  word(name: string): string | undefined {
    const value = this.get(name) ?? undefined;
    return value === undefined ? undefined : aText(this.path(name), value, 0, MOST_WORD);
  }

  number(name: string, low: number, high: number): number | undefined {
    const value = this.get(name) ?? undefined;
    return value === undefined ? undefined : number(this.path(name), value, low, high);
  }

  integer(name: string, low: number, high: number): number | undefined {
    const value = this.get(name) ?? undefined;
    return value === undefined ? undefined : integer(this.path(name), value, low, high);
  }

  inner(name: string): Fields | undefined {
    const value = this.get(name) ?? undefined;
    return value === undefined ? undefined : anObject(this.path(name), value);
  }
}

/** @throws KernelcError "usage" unless `value` is an object. */
export function anObject(path: string, value: unknown): Fields {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? new Fields(value, `${path}.`) : refuse(path, value, "an object");
}

/** @throws KernelcError "usage" unless `value` is a text of `least` to `most` whole characters. */
export function aText(path: string, value: unknown, least: number, most: number): string {
  if (typeof value !== "string") return refuse(path, value, "a text");
  const count = characters(value);
  if (count < least || count > most) {
    const wanted = least ? `${least} to ${most}` : `at most ${most}`;
    refuseField(path, `${path} has ${count} characters, wanted ${wanted}`);
  }
  if (LONE_SURROGATE.test(value)) {
    const wanted = "wanted whole characters: a text was cut within one";
    refuseField(path, `${path} has half of a surrogate pair, ${wanted}`);
  }
  return value;
}

/** Characters of a text, where `length` counts those beyond the first 65,536 twice. */
export function characters(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.codePointAt(at) ?? 0) <= 0xffff) continue;
    pairs += 1;
    at += 1;
  }
  return text.length - pairs;
}
