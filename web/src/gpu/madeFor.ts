/**
 * What a kernel's text says that it was made for, in its last line: see `kernelc/artifact/made_for.py`.
 *
 * A manifest that was changed or damaged beside it must not run it on another grid or with other bindings.
 */

import { KernelcError } from "../artifact/errors.js";
import type { Kernel, Variant } from "../artifact/schema.js";

const WORDS = "\n// made for ";

/** @throws KernelcError "bad-artifact" naming the kernel and what differs. Texts that say nothing pass. */
export function checkPurpose(name: string, kernel: Kernel, variant: Variant, text: string): void {
  const said = purposeOf(text);
  if (!said) return;
  const { entry, workgroup, grid, file } = variant;
  const bindings = kernel.bindings.map(({ element, access }) => `${element} ${access}`);
  const manifest = { spec: kernel.spec, params: kernel.params, bindings, entry, workgroup, grid };
  for (const [field, value] of Object.entries(manifest)) {
    const [got, wanted] = [JSON.stringify(value), JSON.stringify(said[field])];
    if (got === wanted) continue;
    throw new KernelcError(
      "bad-artifact",
      `manifest.json: kernels.${name}: its ${field} is said to be ${got}, ${file} was made for ${wanted}`,
      { help: "build the artifact again" },
    );
  }
}

function purposeOf(text: string): Readonly<Record<string, unknown>> | null {
  const at = text.lastIndexOf(WORDS);
  if (at < 0) return null;
  try {
    const said: unknown = JSON.parse(text.slice(at + WORDS.length));
    return typeof said === "object" && said !== null ? { ...said } : null;
  } catch {
    return null;
  }
}
