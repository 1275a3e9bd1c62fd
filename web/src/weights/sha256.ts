import { KernelcError } from "../artifact/errors.js";

/** Bytes in memory that is not shared between threads. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The sha256 of `bytes`, as 64 hex digits.
 *
 * WebCrypto has no streaming digest. A shard has 64 MiB at most and is in memory anyway when it is verified,
 * so it is hashed as a whole. Native code does that several times faster than incremental JavaScript would.
 *
 * @throws KernelcError "storage" outside a secure context, where WebCrypto is missing.
 */
export async function sha256Hex(bytes: Bytes): Promise<string> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new KernelcError("storage", "This page cannot verify downloads: it was not opened securely.", {
      help: "Open it over https:// or from localhost.",
    });
  }
  return hex(new Uint8Array(await subtle.digest("SHA-256", bytes)));
}

/** Whether `text` is a sha256 in the form that manifests use. */
export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
