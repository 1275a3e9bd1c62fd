/** Addresses that a page gives, which a worker would read as relative to its own file. */

import { KernelcError } from "../artifact/errors.js";

/** An absolute address: that of `url` as seen from this page or worker. @throws KernelcError "usage". */
export function absoluteUrl(url: string, what = "a model's folder"): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (URL.canParse(url, base)) return new URL(url, base).href;
  throw new KernelcError("usage", `"${url}" is not the address of ${what}.`);
}
