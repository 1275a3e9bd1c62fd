/** Whether an artifact makes embeddings, and how long they are. */

import { evaluateDim } from "../../artifact/dim.js";
import { KernelcError } from "../../artifact/errors.js";
import { HIDDEN_BUFFER, type Manifest } from "../../artifact/schema.js";

/**
 * How many numbers a final hidden state has.
 *
 * @throws KernelcError "usage" where no program of the artifact leaves any.
 */
export function hiddenWidth(manifest: Manifest, context: number): number {
  const programs = [...manifest.programs.values()].filter(({ role }) => role === "embed");
  const rows = programs.map(({ symbols }) => (symbols.get("seq") ?? manifest.symbols.get("seq"))?.[1] ?? 0);
  const bytes = manifest.buffers.get(HIDDEN_BUFFER)?.bytes;
  const width =
    bytes === undefined ? 0 : Math.floor(evaluateDim(bytes, { context }) / (4 * Math.max(...rows)));
  if (rows.length && width > 0) return width;
  const help = "build it again, with embeddings";
  throw new KernelcError("usage", "the artifact has no program for embeddings", { help });
}
