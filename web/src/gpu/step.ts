/** The step block: one 4-byte little-endian field per parameter, in the manifest's order. */

import { KernelcError } from "../artifact/errors.js";
import type { Param } from "../artifact/schema.js";
import type { StepFields } from "./executor.js";

/** The fields that this runtime can fill, in the order in which kernels read them. */
export const STEP_FIELDS: readonly Param[] = [
  ...["seq", "past", "seed", "top_k"].map((name) => ({ name, type: "u32" as const })),
  ...["temperature", "top_p", "min_p", "repetition_penalty"].map((name) => ({ name, type: "f32" as const })),
];

export class StepBlock {
  private readonly params: readonly Param[];

  /** @throws KernelcError "bad-artifact" for a field that this runtime cannot fill. */
  constructor(params: readonly Param[]) {
    const unknown = params.find((param) => !STEP_FIELDS.some(({ name }) => name === param.name));
    if (unknown) {
      const known = STEP_FIELDS.map(({ name }) => name).join(", ");
      const message = `the step block has a field ${unknown.name}, this runtime knows ${known}`;
      throw new KernelcError("bad-artifact", message, {
        help: "use the page of the kernelc that built this artifact",
      });
    }
    this.params = params;
  }

  /** The block with these values. Values that it has no field for are left out. */
  encode(values: StepFields): ArrayBuffer {
    const view = new DataView(new ArrayBuffer(4 * this.params.length));
    this.params.forEach(({ name, type }, index) => {
      const value = values[name] ?? 0;
      if (type === "u32") view.setUint32(4 * index, value, true);
      else view.setFloat32(4 * index, value, true);
    });
    return view.buffer;
  }
}
