/**
 * The step block as immediates: small values that travel in the commands themselves, so that no buffer is written
 * before a step. Browsers that have them say so with a language feature of WGSL. Not the default: on an H200 in
 * Chromium 156, decoding was 1 to 4 % slower with them, and prefill up to 12 % (benchmarks/results).
 *
 * Source: WebGPU, "GPUBindingCommandsMixin", setImmediates; WGSL, "Address Spaces", immediate.
 */

/** The language feature that browsers with immediates have. */
export const LANGUAGE_FEATURE = "immediate_address_space";
/** What every device with them has room for. */
export const MOST_BYTES = 64;

const UNIFORM = /^@group\(0\) @binding\(\d+\) var<uniform> step: Step;$/m;

/**
 * The text of a kernel with its step block as immediates, null where it has none of the form that we print. Lines keep
 * their numbers.
 */
export function withImmediates(text: string): string | null {
  if (!UNIFORM.test(text)) return null;
  return `requires ${LANGUAGE_FEATURE}; ${text.replace(UNIFORM, "var<immediate> step: Step;")}`;
}

/** Whether this browser has the call, beside the feature. */
export function callable(): boolean {
  const pass = (globalThis as { GPUComputePassEncoder?: { prototype: object } }).GPUComputePassEncoder;
  return pass !== undefined && "setImmediates" in pass.prototype;
}
