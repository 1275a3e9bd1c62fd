/** Reads a tokenizer's JSON files, which are untrusted: sizes, types and ranges are checked here. */

import { KernelcError } from "../artifact/errors.js";

const SHOWN = 80;
const DAMAGED = "the file is damaged: copy the artifact again from where it came";

/** The error for something wrong with a file of the artifact. */
export function bad(where: string, message: string, help = DAMAGED, cause?: unknown): KernelcError {
  return new KernelcError("bad-artifact", `${where}: ${message}`, { help, cause });
}

/** A value of an untrusted file, shortened for a message. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return `an object of ${Object.keys(value).length}`;
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 3)}...`;
}

/**
 * One JSON object with typed, range-checked access. A key that is absent or null takes the default; without a
 * default it is required. Every error names the file and the field, and says what was found and what was
 * wanted.
 */
export class Fields {
  readonly data: ReadonlyMap<string, unknown>;
  readonly where: string;

  constructor(value: object, where: string) {
    this.data = new Map(Object.entries(value));
    this.where = where;
  }

  /** The JSON object in a file's bytes; throws where they hold none or are more than `mostBytes`. */
  static parse(data: Uint8Array, where: string, mostBytes: number): Fields {
    if (data.length > mostBytes) throw bad(where, `got ${data.length} bytes, wanted at most ${mostBytes}`);
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
    } catch (reason) {
      throw bad(where, `not valid JSON: ${String(reason)}`, DAMAGED, reason);
    }
    return Fields.of(value, where);
  }

  static of(value: unknown, where: string): Fields {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return new Fields(value, where);
    throw bad(where, `got ${show(value)}, wanted an object`);
  }

  /** The error for a field; the caller throws it. */
  fail(key: string, message: string, help = DAMAGED): KernelcError {
    return bad(`${this.where}: ${key}`, message, help);
  }

  private value(key: string): unknown {
    return this.data.get(key) ?? undefined;
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  integer(key: string, low: number, high: number): number {
    const value = this.value(key);
    if (typeof value === "number" && Number.isInteger(value) && low <= value && value <= high) return value;
    throw this.fail(key, `got ${show(value)}, wanted a whole number from ${low} to ${high}`);
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.value(key) ?? otherwise;
    if (typeof value === "boolean") return value;
    throw this.fail(key, `got ${show(value)}, wanted true or false`);
  }

  text(key: string, otherwise?: string): string {
    const value = this.value(key) ?? otherwise;
    if (typeof value === "string") return value;
    throw this.fail(key, `got ${show(value)}, wanted a string`);
  }

  /** The object under the key, null where it is absent. */
  child(key: string): Fields | null {
    const value = this.value(key);
    return value === undefined ? null : Fields.of(value, `${this.where}: ${key}`);
  }

  /** The items of the list under the key, none where it is absent. */
  list(key: string, most: number): readonly unknown[] {
    const value = this.value(key) ?? [];
    if (!Array.isArray(value)) throw this.fail(key, `got ${show(value)}, wanted a list`);
    if (value.length > most) throw this.fail(key, `got ${value.length} items, wanted at most ${most}`);
    return value;
  }

  /** The objects in the list under the key. */
  children(key: string, most: number): Fields[] {
    return this.list(key, most).map((item) => Fields.of(item, `${this.where}: ${key}`));
  }
}
