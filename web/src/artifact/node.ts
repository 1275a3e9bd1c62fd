/** Reads untrusted JSON: each value carries the path that leads to it, so that errors can name it. */

import { boundsOf, DimError, MAX_MAGNITUDE, parseDim, type Bounds, type Dim } from "./dim.js";
import { KernelcError } from "./errors.js";

export const REBUILD = "build the artifact again, or copy it again from where it came";

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,199}$/;
// A plain relative path: no empty or hidden component, no "..", nothing that a URL would change.
const PATH = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}(\/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}){0,3}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** A JSON value, the file it is from and its path in there (`kernels.matvec.variants[0].file`). */
export class Node {
  readonly value: unknown;
  readonly file: string;
  readonly path: string;

  constructor(value: unknown, file: string, path = "") {
    this.value = value;
    this.file = file;
    this.path = path;
  }

  /** Throw the error for this value: it is not what was `wanted`. */
  fail(wanted: string, help = REBUILD): never {
    return this.refuse(`got ${shown(this.value)}, wanted ${wanted}`, help);
  }

  /** Throw an error at this place. */
  refuse(message: string, help = REBUILD): never {
    const where = this.path ? `${this.file}: ${this.path}` : this.file;
    throw new KernelcError("bad-artifact", `${where}: ${message}`, { help });
  }

  private child(key: string | number, value: unknown): Node {
    const step =
      typeof key === "number" ? `[${key}]` : this.path ? `.${key.slice(0, 200)}` : key.slice(0, 200);
    return new Node(value, this.file, this.path + step);
  }

  /** The fields of an object, not checked yet. */
  fields(): Map<string, unknown> {
    const value = this.value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.fail("an object");
    return new Map(Object.entries(value));
  }

  /** An object with exactly these fields, and perhaps the optional ones (null where they are missing). */
  record<Name extends string>(
    names: readonly Name[],
    optional: readonly Name[] = [],
  ): Readonly<Record<Name, Node>> {
    const fields = this.fields();
    for (const name of names) if (!fields.has(name)) this.child(name, null).refuse("the field is missing");
    const known = [...names, ...optional];
    for (const [name, value] of fields) {
      if (!known.some((each) => each === name)) this.child(name, value).fail("no such field");
    }
    const entries = known.map((name) => [name, this.child(name, fields.get(name) ?? null)]);
    return Object.fromEntries(entries) as Record<Name, Node>;
  }

  /** The same object with only these of its fields, for what reads an exact record of them. */
  picked(names: readonly string[]): Node {
    const kept = [...this.fields()].filter(([name]) => names.includes(name));
    return new Node(Object.fromEntries(kept), this.file, this.path);
  }

  /**
   * An object with at most `most` keys, which are plain names, and values that `read` reads; in the file's
   * order.
   */
  mapping<T>(read: (node: Node, name: string) => T, most: number): ReadonlyMap<string, T> {
    const fields = this.fields();
    if (fields.size > most) this.refuse(`got ${fields.size} entries, wanted at most ${most}`);
    const found = new Map<string, T>();
    for (const [name, value] of fields) {
      if (!NAME.test(name)) new Node(name, this.file, this.path).fail("a plain name as key");
      found.set(name, read(this.child(name, value), name));
    }
    return found;
  }

  /** A list of `least..most` values that `read` reads. */
  items<T>(read: (node: Node) => T, least: number, most: number): readonly T[] {
    const value: unknown = this.value;
    if (!Array.isArray(value)) return this.fail("a list");
    if (value.length < least || value.length > most) {
      const wanted = least === most ? `${least}` : `${least}..${most}`;
      this.refuse(`got ${value.length} items, wanted ${wanted}`);
    }
    return value.map((item: unknown, index) => read(this.child(index, item)));
  }

  integer(low = 0, high = MAX_MAGNITUDE): number {
    const value = this.value;
    if (typeof value === "number" && Number.isInteger(value) && low <= value && value <= high) return value;
    return this.fail(`an integer of ${low}..${high}`);
  }

  /** A finite number. */
  number(): number {
    return typeof this.value === "number" && Number.isFinite(this.value)
      ? this.value
      : this.fail("a finite number");
  }

  boolean(): boolean {
    return typeof this.value === "boolean" ? this.value : this.fail("true or false");
  }

  text(most = 200): string {
    const value = this.value;
    if (typeof value === "string" && value.length <= most) return value;
    return this.fail(`a text of at most ${most} characters`);
  }

  name(): string {
    return this.matching(NAME, "a plain name");
  }

  /** A plain relative path of a file in the artifact. */
  pathName(): string {
    const wanted = "a plain relative path inside the artifact";
    const path = this.matching(PATH, wanted);
    return path === "manifest.json" ? this.fail(wanted) : path;
  }

  sha256(): string {
    return this.matching(SHA256, "a sha256 in lower-case hex");
  }

  private matching(pattern: RegExp, wanted: string): string {
    return typeof this.value === "string" && pattern.test(this.value) ? this.value : this.fail(wanted);
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    return choices.find((choice) => choice === this.value) ?? this.fail(`one of ${choices.join(", ")}`);
  }

  /** Null, or what `read` reads. */
  optional<T>(read: (node: Node) => T): T | null {
    return this.value === null ? null : read(this);
  }

  /** A non-negative dimension over `symbols`. */
  dim(symbols: ReadonlyMap<string, Bounds>): Dim {
    const [found, low, high] = this.dimWithBounds(symbols);
    if (!(low >= 0 && high <= MAX_MAGNITUDE)) this.fail(`a size of 0..2^53, but this may be ${low}..${high}`);
    return found;
  }

  private dimWithBounds(symbols: ReadonlyMap<string, Bounds>): [Dim, number, number] {
    try {
      const found = parseDim(this.value, symbols);
      return [found, ...boundsOf(found, symbols)];
    } catch (error) {
      if (error instanceof DimError) return this.refuse(error.message);
      throw error;
    }
  }

  /** Check that this is JSON of limited depth and width. */
  plain(depth = 6, most = 256): void {
    const value = this.value;
    if (typeof value === "string") this.text(1000);
    else if (typeof value === "number") this.number();
    else if (typeof value === "object" && value !== null) {
      if (depth === 0) this.fail("nothing nested this deeply");
      if (Array.isArray(value)) this.items((item) => item.plain(depth - 1, most), 0, most);
      else this.mapping((item) => item.plain(depth - 1, most), most);
    }
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
