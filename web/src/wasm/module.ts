/** A compiled module with all kernels of an artifact, and its instances. */

import { KernelcError } from "../artifact/errors.js";
import { forSharedMemory, memoryImport, type MemoryImport } from "./binary.js";
import { MOST_BYTES, PAGE_BYTES } from "./support.js";

/** Runs workgroups `first`..`last - 1` of a kernel. `buffers` and `grid` are addresses. */
export type KernelFunction = (buffers: number, grid: number, first: number, last: number) => void;

/** What every instance is made of; it can be sent to a worker. */
export interface KernelModule {
  readonly compiled: WebAssembly.Module;
  /** Bytes at the start of the memory that the module has for itself. */
  readonly reservedBytes: number;
  readonly shared: boolean;
}

/**
 * Compile a module for a memory that is `shared` by threads, or not.
 *
 * @throws KernelcError "bad-artifact" for a module that imports more than a memory, or that is not valid.
 */
export async function compileModule(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  shared: boolean,
): Promise<KernelModule> {
  const found = memoryImport(bytes, file);
  try {
    const compiled = await WebAssembly.compile(shared ? forSharedMemory(bytes, found) : bytes);
    return { compiled, reservedBytes: reserved(found, file), shared };
  } catch (error) {
    if (error instanceof KernelcError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const help = "build the artifact again, or update the browser";
    throw new KernelcError("bad-artifact", `${file}: the browser refuses the module: ${why}`, {
      help,
      cause: error,
    });
  }
}

function reserved({ leastPages, mostPages }: MemoryImport, file: string): number {
  const most = MOST_BYTES / PAGE_BYTES;
  if (leastPages <= 64 && mostPages === most) return leastPages * PAGE_BYTES;
  const message = `${file}: its memory has ${leastPages}..${mostPages} pages, wanted at most 64 and ${most}`;
  throw new KernelcError("bad-artifact", message, { help: "build the artifact again" });
}

/**
 * A memory of at least `bytes`.
 *
 * @throws KernelcError "limits" above 4 GiB, "out-of-memory" where there is none.
 */
export function makeMemory(bytes: number, shared: boolean, what: string): WebAssembly.Memory {
  if (bytes > MOST_BYTES) {
    const sizes =
      `${bytes.toLocaleString("en")} bytes, and WebAssembly has ${MOST_BYTES.toLocaleString("en")}`;
    const help =
      "take a shorter context, a smaller model or quantisation, or a browser with a graphics adapter";
    throw new KernelcError("limits", `${what} takes ${sizes}`, { help });
  }
  const pages = Math.ceil(bytes / PAGE_BYTES);
  try {
    // A shared memory does not move, so all of its address range is reserved: not more than what is used.
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (error) {
    const help = "close other tabs and programs, take a shorter context or a smaller model";
    const message = `the browser gives no ${bytes.toLocaleString("en")} bytes of memory for ${what}`;
    throw new KernelcError("out-of-memory", message, { help, cause: error });
  }
}

/**
 * Make an instance for one thread, whose stack ends at `stackEnd`; returns the functions of `entries`.
 *
 * @throws KernelcError "bad-artifact" where the module lacks one of them.
 */
export async function instantiate(
  { compiled }: KernelModule,
  memory: WebAssembly.Memory,
  stackEnd: number,
  entries: readonly string[],
): Promise<KernelFunction[]> {
  const { exports } = await WebAssembly.instantiate(compiled, { env: { memory } });
  const stack = exports["__stack_pointer"];
  if (!(stack instanceof WebAssembly.Global)) throw lacks("__stack_pointer");
  stack.value = stackEnd;
  return entries.map((entry) => {
    const found = exports[entry];
    if (typeof found !== "function") throw lacks(entry);
    return found as KernelFunction;
  });
}

function lacks(name: string): KernelcError {
  return new KernelcError("bad-artifact", `the module of kernels has no ${name}`, {
    help: "build the artifact again",
  });
}
