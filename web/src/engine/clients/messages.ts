/** The messages between a window and engines in a service worker or in the background of an extension. */

import type { FromWorker, ToWorker } from "../worker/protocol.js";

/** To the engines: a message of one connection, or the question whether they are still the same. */
export type ToEngines = { readonly kernelc: string } & (
  { readonly message: ToWorker } | { readonly ping: true }
);

/** From the engines; `pong` names this run of the worker, which browsers end when it is idle. */
export type FromEngines = { readonly kernelc: string } & (
  { readonly message: FromWorker } | { readonly pong: string }
);

/** Whether a message is for us: a worker gets those of its page's other code, too. */
export function isOurs(data: unknown): data is { readonly kernelc: string } {
  return typeof data === "object" && data !== null && "kernelc" in data && typeof data.kernelc === "string";
}

const FLOATS = "$f32";

/** A message as JSON can have it, which is all that extensions send: logits are base64 of their bytes. */
export function written(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (isFloats(each) ? { [FLOATS]: base64(each) } : each)),
  );
}

/** What `written` was given. */
export function read(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(read);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [name, text] = entries[0] ?? [];
  if (entries.length === 1 && name === FLOATS && typeof text === "string") return floats(text);
  return Object.fromEntries(entries.map(([key, each]) => [key, read(each)]));
}

function isFloats(value: unknown): value is Float32Array {
  return value instanceof Float32Array;
}

function base64(values: Float32Array): string {
  let binary = "";
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary);
}

function floats(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}
