/**
 * Which kernel made the first number that is none, as `runtime/engine/diagnosis.py` finds it: the steps
 * behind bad results are run again, one dispatch after the other, and what each leaves is looked at. Of coded
 * rows nothing is seen; what reads them shows it.
 *
 * Results that are no numbers may lie in the cache since an earlier step. So its rows are looked at first,
 * and the step that wrote the earliest of them is the one that is repeated.
 */

import { KernelcError } from "../../artifact/errors.js";
import type { KernelBinding, Manifest, Role } from "../../artifact/schema.js";
import { planLoad, type LoadPlan, type Range, type ResolvedDispatch } from "../../gpu/loadPlan.js";
import { layoutOf, rangesOf, type CacheLayout, type CacheRows } from "../../prefixes/layout.js";
import { GREEDY_FIELDS } from "../sampling/sampling.js";
import type { CachedSequence } from "../steps/sequence.js";
import { clear, countBad, countOf, firstBadRow, type Stored } from "./bits.js";
import type { NoNumbers } from "./numbers.js";

/** Bytes that are read back and looked at together. */
const MOST_READ = 16 * 2 ** 20;

/**
 * The first kernel that left something that is no number. `program` and `number` say which dispatch it was,
 * `origin` which layer and operation it computes, `count` how many of the `size` numbers that it left in
 * `buffer` are none, and `damaged` which of the weights that it read have such numbers themselves.
 */
export interface Culprit {
  readonly kernel: string;
  readonly origin: string;
  readonly program: string;
  readonly number: number;
  readonly buffer: string;
  readonly count: number;
  readonly size: number;
  readonly damaged: readonly string[];
  /** Whether it left coded rows, whose words are counted. */
  readonly coded: boolean;
}

/** What is looked at: a sequence whose executor has these roles loaded, and the artifact's manifest. */
export interface Suspect {
  readonly sequence: CachedSequence;
  readonly manifest: Manifest;
  readonly roles: readonly Role[];
}

/** Words on where results begin to be no numbers. The sequence must forget its cache afterwards. */
export async function told(suspect: Suspect, { position, role }: NoNumbers): Promise<string> {
  try {
    const culprit = await culpritOf(suspect, position, role);
    return culprit ? inWords(culprit) : "no kernel makes any when it is run alone";
  } catch (error) {
    // A lost device, or no memory: the error stands without it.
    return `which kernel made them could not be found out: ${KernelcError.from(error).message}`;
  }
}

/** A culprit in the words of the native runtime. */
function inWords({ kernel, origin, program, number, buffer, count, size, damaged, coded }: Culprit): string {
  const weights = damaged.length ? `; its weights ${damaged.join(", ")} have such already` : "";
  return (
    `the first kernel that leaves any is ${kernel} of ${origin} (dispatch ${number} of ${program}), ` +
    `in ${count} of ${size} ${coded ? "words" : "numbers"} of ${buffer}${weights}`
  );
}

/**
 * The first kernel whose result is no number, of the steps before `position`; null where none is. `role`
 * computed the results. Rows of the cache that are no numbers may become zeros: they must not be used again.
 *
 * @throws KernelcError where the device is lost, or has no memory for it.
 */
export async function culpritOf(suspect: Suspect, position: number, role: Role): Promise<Culprit | null> {
  const search = new Search(suspect);
  for (const step of await search.steps(position, role)) {
    const found = await search.inStep(step);
    if (found) return found;
  }
  return null;
}

/** A step to repeat: `seq` rows of a role after `past` positions. */
interface Step {
  readonly role: Role;
  readonly past: number;
  readonly seq: number;
}

type Bound = Range & { readonly binding: KernelBinding };

class Search {
  private readonly sequence: CachedSequence;
  private readonly manifest: Manifest;
  private readonly plan: LoadPlan;
  private readonly layout: CacheLayout | null;

  constructor({ sequence, manifest, roles }: Suspect) {
    this.sequence = sequence;
    this.manifest = manifest;
    this.plan = planLoad(manifest, sequence.context, roles);
    this.layout = layoutOf(manifest, this.plan.buffers, sequence.context);
  }

  /**
   * The steps to repeat, the likeliest first: the one that wrote the first bad row, by any program, then the
   * one before the results.
   */
  async steps(position: number, role: Role): Promise<Step[]> {
    const { table } = this.sequence;
    const last = position - 1;
    const first = await this.firstBadRow(last);
    const rows = (each: Role): number =>
      table.has(each) ? Math.min(table.mostRows(each, first), position - first) : 1;
    const steps: Step[] = [
      { role: "prefill", past: first, seq: rows("prefill") },
      { role: "decode", past: first, seq: 1 },
      { role: "decode", past: last, seq: 1 },
      { role: "prefill", past: last, seq: 1 },
      { role, past: first, seq: rows(role) },
    ];
    const distinct = new Map(steps.map((step) => [JSON.stringify(step), step]));
    return [...distinct.values()].filter((step) => table.has(step.role));
  }

  /** The least position below `end` whose rows in the cache are no numbers; `end` where all are. */
  private async firstBadRow(end: number): Promise<number> {
    let found = end;
    for (const rows of [...(this.layout?.full ?? []), ...(this.layout?.rings ?? [])])
      found = await this.badRowOf(rows, found);
    return found;
  }

  private async badRowOf(rows: CacheRows, end: number): Promise<number> {
    const stored = this.stored(rows.buffer, this.elementOf(rows.buffer));
    const atOnce = Math.max(1, Math.floor(MOST_READ / rows.rowBytes));
    for (let first = Math.max(0, end - rows.rows); first < end; first += atOnce) {
      let row = first;
      for (const range of rangesOf(rows, first, Math.min(atOnce, end - first))) {
        const bad = firstBadRow(await this.read(range), stored, rows.rowBytes);
        if (bad >= 0) return row + bad;
        row += range.bytes / rows.rowBytes;
      }
    }
    return end;
  }

  /** What kernels bind a buffer as. */
  private elementOf(buffer: string): string {
    for (const dispatch of [...this.plan.programs.values()].flat()) {
      const found = this.bound(dispatch).find((each) => each.buffer === buffer);
      if (found) return found.binding.element;
    }
    return "u32";
  }

  /**
   * How the numbers of a buffer are stored that is bound as this element. Kernels bind the halves of a cache,
   * and those of scales, in words. A cache of codes has scales.
   */
  private stored(buffer: string, element: string): Stored {
    if (element.startsWith("f32")) return "f32";
    if (element.startsWith("f16")) return "f16";
    const tensor = this.manifest.weights.tensors.get(buffer);
    if (tensor) return /\.scales$|^f16\.quants$/.test(tensor.encoding) ? "f16" : null;
    const caches = [...(this.layout?.full ?? []), ...(this.layout?.rings ?? [])];
    const coded = this.manifest.buffers.has(`${buffer}.scales`);
    if (caches.some((rows) => rows.buffer === buffer)) return coded ? null : "f16";
    return "coded";
  }

  /** Run a step, each dispatch alone: the first that leaves something that is no number. */
  async inStep({ role, past, seq }: Step): Promise<Culprit | null> {
    const { sequence } = this;
    const program = sequence.table.select(role, seq, past);
    const env = { seq, past, context: sequence.context };
    await sequence.executor.prepare([role]);
    for (const [number, dispatch] of (this.plan.programs.get(program) ?? []).entries()) {
      const bound = this.bound(dispatch);
      for (const each of bound) if (this.left(each)) await this.clear(each);
      await sequence.executor.run([program], env, { ...GREEDY_FIELDS, ...env }, [], number).result();
      for (const each of bound) {
        if (!this.left(each)) continue;
        const [count, size] = await this.bad(each);
        const { kernel, origin } = dispatch;
        if (count) {
          const damaged = await this.damaged(bound);
          const coded = this.stored(each.buffer, each.binding.element) === "coded";
          return { kernel, origin, program, number, buffer: each.buffer, count, size, damaged, coded };
        }
      }
    }
    return null;
  }

  private bound({ kernel, ranges }: ResolvedDispatch): Bound[] {
    const bindings = this.manifest.kernels.get(kernel)?.bindings ?? [];
    return ranges.flatMap((range, at) => {
      const binding = bindings[at];
      return binding ? [{ ...range, binding }] : [];
    });
  }

  /** Whether a kernel leaves numbers there. */
  private left({ buffer, binding }: Bound): boolean {
    return binding.access !== "read" && this.stored(buffer, binding.element) !== null;
  }

  /** Make zeros of what is no number in a range, so that what is there later is new. */
  private async clear(range: Bound): Promise<void> {
    const stored = this.stored(range.buffer, range.binding.element);
    for (const part of parts(range)) {
      const data = await this.read(part);
      if (clear(data, stored)) this.sequence.executor.write(part.buffer, part.offset, new Uint32Array(data));
    }
  }

  /** How many numbers of a range are none, of how many. */
  private async bad(range: Bound): Promise<readonly [number, number]> {
    const stored = this.stored(range.buffer, range.binding.element);
    let [count, size] = [0, 0];
    for (const part of parts(range)) {
      const data = await this.read(part);
      count += countBad(data, stored);
      size += countOf(data, stored);
    }
    return [count, size];
  }

  /** The weights among what a kernel read that have no numbers. */
  private async damaged(bound: readonly Bound[]): Promise<string[]> {
    const found: string[] = [];
    for (const each of bound) {
      if (this.manifest.weights.tensors.has(each.buffer) && (await this.bad(each))[0])
        found.push(each.buffer);
    }
    return found;
  }

  private read(range: Range): Promise<ArrayBuffer> {
    return this.sequence.executor.run([], { context: this.sequence.context }, {}, [range]).result();
  }
}

/** A range in pieces that are read at once. Copies are of whole words: half a word at its end is left out. */
function parts({ buffer, offset, bytes }: Range): Range[] {
  const words = bytes - (bytes % 4);
  return Array.from({ length: Math.ceil(words / MOST_READ) }, (_, at) => {
    const start = at * MOST_READ;
    return { buffer, offset: offset + start, bytes: Math.min(MOST_READ, words - start) };
  });
}
