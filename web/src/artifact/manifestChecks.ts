/** The part of `manifest.json` that says what each kernel must compute from known inputs, untrusted. */

import type { Node } from "./node.js";
import { CHECK_ELEMENTS, MAX_SHARD_BYTES } from "./schema.js";
import type { CheckInput, CheckOutput, Checks, KernelCheck } from "./schema.js";

export const MAX_U32 = 2 ** 32 - 1;
export const MAX_KERNELS = 4096;
/** The largest buffer that a check may bind. */
const MAX_BUFFER_BYTES = 256 * 2 ** 20;

/** The field `checks` of a manifest: type and range of everything in it. */
export function readChecks(node: Node): Checks {
  const r = node.record(["file", "bytes", "sha256", "kernels"]);
  return {
    file: r.file.pathName(),
    bytes: r.bytes.integer(0, MAX_SHARD_BYTES),
    sha256: r.sha256.sha256(),
    kernels: r.kernels.mapping(readCheck, MAX_KERNELS),
  };
}

/** The check of one kernel. */
export function readCheck(node: Node): KernelCheck {
  const r = node.record(["symbols", "params", "inputs", "outputs"], ["tile_tolerance"]);
  return {
    symbols: r.symbols.mapping((item) => item.integer(0, MAX_U32), 16),
    params: r.params.mapping((item) => item.number(), 64),
    inputs: r.inputs.items(checkInput, 1, 64),
    outputs: r.outputs.items(checkOutput, 1, 256),
    tile_tolerance: r.tile_tolerance.optional(tileTolerance),
  };
}

function tileTolerance(node: Node): readonly [number, number] {
  const [relative = 0, absolute = 0] = node.items(tolerance, 2, 2);
  return [relative, absolute];
}

function tolerance(node: Node): number {
  const found = node.number();
  return found >= 0 ? found : node.fail("at least 0");
}

function checkInput(node: Node): CheckInput {
  const r = node.record(["bytes", "offset", "period"]);
  const bytes = words(r.bytes, 4, MAX_BUFFER_BYTES);
  return { bytes, offset: words(r.offset, 0, MAX_SHARD_BYTES), period: words(r.period, 0, bytes) };
}

function checkOutput(node: Node): CheckOutput {
  const r = node.record(["binding", "at", "bytes", "offset", "element", "relative", "absolute"]);
  return {
    binding: r.binding.integer(0, 63),
    at: words(r.at, 0, MAX_BUFFER_BYTES),
    bytes: words(r.bytes, 4, MAX_BUFFER_BYTES),
    offset: words(r.offset, 0, MAX_SHARD_BYTES),
    element: r.element.oneOf(CHECK_ELEMENTS),
    relative: tolerance(r.relative),
    absolute: tolerance(r.absolute),
  };
}

/** A number of bytes, a multiple of 4. */
function words(node: Node, low: number, high: number): number {
  const found = node.integer(low, high);
  return found % 4 ? node.fail("a multiple of 4") : found;
}
