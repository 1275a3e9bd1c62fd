/**
 * Where a position's rows lie in the buffers of a loaded artifact; see `runtime/prefixes/layout.py`, which
 * says why that follows from the manifest's sizes.
 */

import { boundsOf, DimError, evaluateDim, freeSymbols } from "../artifact/dim.js";
import { STEP_BUFFER, TOKENS_BUFFER, type Manifest } from "../artifact/schema.js";
import type { Fetch } from "../gpu/executor.js";

/** With so many positions every size is whole vectors of 16 bytes, so that nothing is rounded up. */
const PROBE = 16;
const WORD_BYTES = 4;

/** One buffer: position p has `rowBytes` bytes in row p mod `rows`. `ring` is 0 where that is row p. */
export interface CacheRows {
  readonly buffer: string;
  readonly rowBytes: number;
  readonly rows: number;
  readonly ring: number;
}

/** The caches of an artifact at one context length: `full` ones have a row for each position. */
export interface CacheLayout {
  readonly full: readonly CacheRows[];
  readonly rings: readonly CacheRows[];
}

/**
 * The caches among the buffers that are loaded (their bytes by name). Null where there is none, or one is
 * made otherwise than this module says: then nothing can be kept.
 */
export function layoutOf(
  manifest: Manifest,
  loaded: ReadonlyMap<string, number>,
  context: number,
): CacheLayout | null {
  const found: CacheRows[] = [];
  for (const [name, { kind, bytes }] of manifest.buffers) {
    const size = loaded.get(name);
    if (kind !== "state" || size === undefined || name === TOKENS_BUFFER || name === STEP_BUFFER) continue;
    if (!freeSymbols(bytes).size) continue; // logits and counters hold nothing that the next step needs
    const rows = rowsOf(manifest, name, size, context);
    if (!rows) return null;
    found.push(rows);
  }
  if (!found.length || !asBound(manifest, found, context)) return null;
  return { full: found.filter(({ ring }) => !ring), rings: found.filter(({ ring }) => ring) };
}

/**
 * Whether these are the rows that the programs of one sequence bind: a buffer of several sequences, taken for
 * one's, would seem to have longer rows.
 */
function asBound(manifest: Manifest, caches: readonly CacheRows[], context: number): boolean {
  const wanted = new Map(caches.map(({ buffer, rows, rowBytes }) => [buffer, rows * rowBytes]));
  const prefill = [...manifest.programs.values()].filter(({ role }) => role === "prefill");
  return prefill.every(({ dispatches }) =>
    dispatches.every(({ bindings }) =>
      bindings.every(({ buffer, bytes }) => {
        const more = wanted.has(buffer) ? evaluateDim(bytes, { context }) - (wanted.get(buffer) ?? 0) : 0;
        return more >= 0 && more < PROBE;
      }),
    ),
  );
}

function rowsOf(manifest: Manifest, buffer: string, size: number, context: number): CacheRows | null {
  const bytes = manifest.buffers.get(buffer)?.bytes ?? 0;
  const most = manifest.model.max_context;
  if (most < PROBE) return null;
  try {
    const rowBytes = evaluateDim(bytes, { context: PROBE }) / PROBE;
    if (!Number.isInteger(rowBytes) || rowBytes < 1 || rowBytes % WORD_BYTES) return null;
    const largest = Math.floor(boundsOf(bytes, manifest.symbols)[1] / rowBytes);
    const ring = largest >= most ? 0 : largest;
    if (ring && !manifest.rings.some((each) => each.rows === ring)) return null;
    const rows = Math.min(context, ring || context);
    const fits = rows * rowBytes <= size && size < (rows + 1) * rowBytes + PROBE;
    return fits ? { buffer, rowBytes, rows, ring } : null;
  } catch (error) {
    if (error instanceof DimError) return null;
    throw error;
  }
}

/** Rows of the longest ring, 0 where there is none. */
export function longestRing({ rings }: CacheLayout): number {
  return Math.max(0, ...rings.map(({ ring }) => ring));
}

/** Bytes of one position in these caches. */
export function positionBytes(caches: readonly CacheRows[]): number {
  return caches.reduce((sum, { rowBytes }) => sum + rowBytes, 0);
}

/**
 * The bytes of `count` positions from `first` on, in their order: one range, or two where they go round the
 * end of a ring. This is the one place that knows where a sequence's rows begin. `count` is at most `rows`.
 */
export function rangesOf({ buffer, rowBytes, rows }: CacheRows, first: number, count: number): Fetch[] {
  const row = first % rows;
  const whole = Math.min(count, rows - row);
  return [
    { buffer, offset: row * rowBytes, bytes: whole * rowBytes },
    { buffer, offset: 0, bytes: (count - whole) * rowBytes },
  ].filter(({ bytes }) => bytes > 0);
}
