/** What this browser's WebAssembly can do. */

import { KernelcError } from "../artifact/errors.js";

export const PAGE_BYTES = 65536;
/** What a memory may hold at most: addresses have 32 bits. */
export const MOST_BYTES = 65535 * PAGE_BYTES;

/** A module with one function, of no parameters and no result, whose body is `code`. */
function probe(...code: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...code, 0x0b]; // no locals; end
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // "\0asm", version 1
    1, 4, 1, 0x60, 0, 0, // types: one function
    3, 2, 1, 0, // functions
    10, 2 + body.length, 1, body.length, ...body,
  ]);
}

const ZEROS = [0xfd, 12, ...Array.from({ length: 16 }, () => 0)]; // v128.const 0
const DROP = 0x1a;
const VECTORS = probe(...ZEROS, DROP);
/** i32x4.relaxed_dot_i8x16_i7x16_add_s, whose number 0x113 takes two bytes. */
const RELAXED_DOT = probe(...ZEROS, ...ZEROS, ...ZEROS, 0xfd, 0x93, 0x02, DROP);

/** Whether there is WebAssembly with vectors, which the kernels need. */
export function hasWasm(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(VECTORS);
}

/** @throws KernelcError "limits" where WebAssembly or its vectors are missing. */
export function requireWasm(): void {
  if (hasWasm()) return;
  const message = "this browser has no WebAssembly with vectors of 128 bits";
  throw new KernelcError("limits", message, { help: "use a current Chrome, Edge, Safari or Firefox" });
}

/** The features that variants may require, as far as this browser has them. */
export function features(): ReadonlySet<string> {
  return new Set(["dot4", ...(WebAssembly.validate(RELAXED_DOT) ? ["relaxed_simd"] : [])]);
}

/**
 * How many threads may compute: 1 where no memory can be shared, as in pages that are not isolated. Isolated
 * ones may be without it as well (WebKitGTK).
 */
export function usableThreads(): number {
  const { crossOriginIsolated, navigator, SharedArrayBuffer, Worker } = globalThis as Partial<
    typeof globalThis
  >;
  if (crossOriginIsolated !== true || SharedArrayBuffer === undefined || Worker === undefined) return 1;
  return Math.max(1, navigator?.hardwareConcurrency ?? 1);
}
