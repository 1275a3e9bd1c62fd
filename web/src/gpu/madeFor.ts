/**
 * What a kernel's text says that it was made for, in its last line: see `kernelc/artifact/made_for.py`.
 *
 * A manifest that was changed or damaged beside it must not run it on another grid or with other bindings.
 */

import { KernelcError } from "../artifact/errors.js";
import { compileDim, parseDim, type Dim, type Env } from "../artifact/dim.js";
import type { Kernel, Manifest, Variant } from "../artifact/schema.js";

const WORDS = "\n// made for ";

/** @throws KernelcError "bad-artifact" naming the kernel and what differs. Texts that say nothing pass. */
export function checkPurpose(
  { symbols }: Pick<Manifest, "symbols">, name: string, kernel: Kernel, variant: Variant, text: string,
): void {
  const said = purposeOf(text);
  if (!said) return;
  const { entry, workgroup, grid, file } = variant;
  const bindings = kernel.bindings.map(({ element, access }) => `${element} ${access}`);
  const manifest = { spec: kernel.spec, params: kernel.params, bindings, entry, workgroup, grid };
  for (const [field, value] of Object.entries(manifest)) {
    const [got, wanted] = [JSON.stringify(value), JSON.stringify(said[field])];
    if (got === wanted || (field === "grid" && sameGrid(grid, said["grid"], symbols))) continue;
    throw new KernelcError(
      "bad-artifact",
      `manifest.json: kernels.${name}: its ${field} is said to be ${got}, ${file} was made for ${wanted}`,
      { help: "build the artifact again" },
    );
  }
}

/**
 * Whether two grids have the same extents at the ends of their symbols' bounds: whoever reads a manifest with
 * these bounds may write a size as a number.
 */
function sameGrid(grid: readonly Dim[], said: unknown, symbols: Manifest["symbols"]): boolean {
  if (!Array.isArray(said) || said.length !== grid.length) return false;
  let steps: Env[] = [{}];
  for (const [symbol, bounds] of symbols) {
    steps = bounds.flatMap((value) => steps.map((env) => ({ ...env, [symbol]: value })));
  }
  try {
    return grid.every((dim, axis) => {
      const [one, other] = [compileDim(dim), compileDim(parseDim(said[axis], symbols))];
      return steps.every((env) => one(env) === other(env));
    });
  } catch {
    return false; // what was said is no size
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
