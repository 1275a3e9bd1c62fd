/**
 * The step block as immediates: small values that travel in the commands, so that no buffer has to be written
 * before a step. Browsers that have them announce a language feature of WGSL. They are not the default: on an
 * H200 in Chromium 156, decoding was 1 to 4 % slower with them, and prefill up to 12 % (benchmarks/results).
 *
 * Source: WebGPU, "GPUBindingCommandsMixin", setImmediates; WGSL, "Address Spaces", immediate.
 */

/** The language feature of browsers that have immediates. */
export const LANGUAGE_FEATURE = "immediate_address_space";
/** Bytes of immediates that every device with the feature has room for. */
export const MOST_BYTES = 64;

const UNIFORM = /^@group\(0\) @binding\(\d+\) var<uniform> step: Step;$/m;

/**
 * The text of a kernel, changed to take its step block as immediates; null where it has no step block as
 * kernelc prints it. Line numbers stay the same.
 */
export function withImmediates(text: string): string | null {
  if (!UNIFORM.test(text)) return null;
  return `requires ${LANGUAGE_FEATURE}; ${text.replace(UNIFORM, "var<immediate> step: Step;")}`;
}

/** Whether this browser has the call as well as the feature. */
export function callable(): boolean {
  const pass = (globalThis as { GPUComputePassEncoder?: { prototype: object } }).GPUComputePassEncoder;
  return pass !== undefined && "setImmediates" in pass.prototype;
}
