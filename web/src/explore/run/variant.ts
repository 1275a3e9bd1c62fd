/** A text of the page as a variant of an artifact, which is what the runtime takes. */

import type { Kernel, Variant } from "../../artifact/schema.js";
import type { KernelData, KernelText } from "../data/types.js";

/** The variant that a text is; no file and no hash belong to it. */
export function variantOf(text: KernelText): Variant {
  return {
    target: text.target,
    file: "",
    sha256: "",
    entry: text.entry,
    workgroup: [text.workgroup, 1, 1],
    grid: text.grid,
    requires: text.requires,
  };
}

/** The kernel that a text is of. */
export function kernelOf(data: KernelData): Kernel {
  return { spec: data.spec, params: data.params, bindings: data.bindings, variants: [] };
}
