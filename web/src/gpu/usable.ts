/** Which variants the browser compiles: a driver may refuse one although it claims the features. */

import { KernelcError } from "../artifact/errors.js";
import type { Variant } from "../artifact/schema.js";
import type { Choices } from "./limits.js";

/** Compiles a variant of a kernel. @throws KernelcError "internal" where the browser refuses it. */
export type Compile = (name: string, variant: Variant) => Promise<unknown>;

/** Whether the error means that this variant was refused, so that another one may be tried. */
export function isRefusal(error: unknown): boolean {
  return error instanceof KernelcError && error.code === "internal";
}

/**
 * The choices, without the variants at the front that do not compile. The first remaining one of each kernel
 * is then compiled.
 *
 * @throws KernelcError of the last variant, where every variant of a kernel is refused.
 */
export async function usableVariants(
  choices: Choices,
  compile: Compile,
  onKernel: ((done: number, total: number) => void) | undefined,
): Promise<Choices> {
  let done = 0;
  const all = [...choices].map(async ([name, variants]) => {
    const usable = await firstUsable(name, variants, compile);
    done += 1;
    onKernel?.(done, choices.size);
    return [name, usable] as const;
  });
  return new Map(await Promise.all(all));
}

async function firstUsable(
  name: string,
  variants: readonly Variant[],
  compile: Compile,
): Promise<readonly Variant[]> {
  for (const [rank, variant] of variants.entries()) {
    try {
      await compile(name, variant);
      return variants.slice(rank);
    } catch (error) {
      if (!isRefusal(error) || rank === variants.length - 1) throw error;
    }
  }
  return variants;
}
