import { KernelcError } from "../artifact/errors.js";

/** Bytes that this module owns or may fill: never shared between threads. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The sha256 of `bytes`, as 64 hex digits.
 *
 * WebCrypto has no streaming digest. A shard is at most 64 MiB and lies in memory anyway when it is verified, so it
 * is hashed whole, which native code does several times faster than incremental JavaScript.
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

/** Whether `text` is a sha256 as manifests write it. */
export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
