/**
 * Reads from a module's bytes what it imports, before anything of it is compiled: one memory, and nothing
 * else.
 *
 * Source: WebAssembly Core Specification 3.0, "Binary Format".
 */

import { KernelcError } from "../artifact/errors.js";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const IMPORT_SECTION = 2;
const MEMORY = 2;
/** Bits of a memory's limits. */
const [HAS_MOST, SHARED] = [1, 2];

/** The memory that a module imports. */
export interface MemoryImport {
  /** Pages of 64 KiB that it must have. The module's own data lie in these. */
  readonly leastPages: number;
  readonly mostPages: number;
  /** Where in the module's bytes the limits begin, with the bits that say what kind of memory it is. */
  readonly limitsAt: number;
}

/** @throws KernelcError "bad-artifact" where the bytes are no module, or import anything but `env.memory`. */
export function memoryImport(bytes: Uint8Array, file: string): MemoryImport {
  const reader = new Reader(bytes, file);
  if (!HEADER.every((byte) => reader.byte() === byte)) reader.refuse("these are not the bytes of a module");
  while (!reader.atEnd) {
    const section = reader.byte();
    const size = reader.number();
    if (section === IMPORT_SECTION) return readImports(reader);
    reader.skip(size);
  }
  return reader.refuse("it imports no memory");
}

function readImports(reader: Reader): MemoryImport {
  const count = reader.number();
  if (count !== 1) reader.refuse(`it imports ${count} things, wanted the memory alone`);
  const [module, name, kind] = [reader.name(), reader.name(), reader.byte()];
  if (module !== "env" || name !== "memory" || kind !== MEMORY) {
    reader.refuse(`it imports ${module}.${name}, wanted the memory env.memory`);
  }
  const limitsAt = reader.at;
  if (reader.byte() !== HAS_MOST) reader.refuse("its memory is not a plain one with a largest size");
  return { leastPages: reader.number(), mostPages: reader.number(), limitsAt };
}

/**
 * The module for a memory that several threads share. Such an import differs in one bit, so that artifacts
 * need not bring every module twice.
 */
export function forSharedMemory(bytes: Uint8Array, { limitsAt }: MemoryImport): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[limitsAt] = HAS_MOST | SHARED;
  return copy;
}

class Reader {
  at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const found = this.bytes[this.at];
    this.at += 1;
    return found ?? this.refuse("it ends too early");
  }

  /** An unsigned number in LEB128, of at most 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value <= 0xffffffff ? value : this.refuse("it has a number that is too large");
    }
    return this.refuse("it has a number that is too long");
  }

  name(): string {
    const length = this.number();
    this.skip(length);
    return new TextDecoder().decode(this.bytes.slice(this.at - length, this.at));
  }

  skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.bytes.length) this.refuse("it ends too early");
  }

  refuse(why: string): never {
    const help = "build the artifact again, or copy it again from where it came";
    throw new KernelcError("bad-artifact", `${this.file}: ${why}`, { help });
  }
}
