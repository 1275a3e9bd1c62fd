/**
 * Takes the beginning of a prompt from a store instead of computing it, and puts there what was computed; see
 * `runtime/prefixes/cache.py`.
 */

import { TOKENS_BUFFER } from "../artifact/schema.js";
import type { Executor, Fetch, StepFields, Ticket } from "../gpu/executor.js";
import { longestRing, positionBytes, rangesOf, type CacheLayout, type CacheRows } from "./layout.js";
import { BLOCK, namesOf } from "./names.js";
import type { Block, BlockStore } from "./store.js";

/** Positions that must be won: copying fewer takes longer than it saves on the way. */
const LEAST_GAIN = 32;
/** The most bytes of one copy from the device, which stay as staging memory. */
const FETCH_BYTES = 4 * 2 ** 20;

/** The sequence whose rows are copied. */
export interface Rows {
  readonly executor: Executor;
  readonly ids: readonly number[];
  readonly held: { readonly spare: number; readonly oldest: number };
  /** Notes that the cache was filled with the rows of `ids`, rings with those from position `oldest` on. */
  filled(ids: readonly number[], oldest: number): void;
}

export interface PrefixOptions {
  readonly layout: CacheLayout;
  /** sha256 of the artifact's manifest. */
  readonly build: string;
  readonly store: BlockStore;
  /** The fields of a step that runs nothing. */
  readonly idle: StepFields;
  readonly block?: number;
  readonly leastGain?: number;
}

export class PrefixCache {
  /** Whether rows must be kept between the steps of a prompt, because later steps replace them. */
  readonly urgent: boolean;
  readonly build: string;
  readonly store: BlockStore;
  readonly layout: CacheLayout;
  private readonly idle: StepFields;
  private readonly block: number;
  private readonly leastGain: number;
  private readonly longest: number;

  constructor(options: PrefixOptions) {
    this.layout = options.layout;
    this.build = options.build;
    this.store = options.store;
    this.idle = options.idle;
    this.block = options.block ?? BLOCK;
    this.leastGain = options.leastGain ?? LEAST_GAIN;
    this.urgent = this.layout.rings.length > 0;
    this.longest = longestRing(this.layout);
  }

  /**
   * Makes the sequence, which holds the first `kept` of `ids`, hold more of them, if the store has more.
   * Returns how many it holds then.
   */
  async restore(rows: Rows, ids: readonly number[], kept: number): Promise<number> {
    const names = await namesOf(this.build, ids, this.block);
    const known: Block[] = [];
    for (const name of names) {
      const block = this.store.get(name);
      if (!block || !this.fits(block)) break;
      known.push(block);
    }
    for (let count = known.length; count * this.block >= kept + this.leastGain; count -= 1) {
      const blocks = known.slice(0, count);
      const oldest = (blocks.findLastIndex(({ ring }) => !ring) + 1) * this.block;
      const length = count * this.block;
      if (oldest && oldest + this.longest > length + rows.held.spare) continue;
      this.write(rows.executor, blocks, kept);
      rows.executor.write(TOKENS_BUFFER, 0, Uint32Array.from(ids.slice(0, length)));
      rows.filled(ids.slice(0, length), oldest);
      this.store.used(names.slice(0, count));
      return length;
    }
    return kept;
  }

  private fits({ full, ring }: Block): boolean {
    const bytes = (caches: readonly CacheRows[]): number => this.block * positionBytes(caches);
    return (
      full.length === bytes(this.layout.full) && (!ring || ring.length === bytes(this.layout.rings))
    );
  }

  /** Writes blocks from the beginning on: what rings then hold are the last ones' rows. */
  private write(executor: Executor, blocks: readonly Block[], kept: number): void {
    blocks.forEach(({ full, ring }, number) => {
      const start = number * this.block;
      if (start + this.block > kept) this.writeRows(executor, this.layout.full, full, start);
      if (ring) this.writeRows(executor, this.layout.rings, ring, start);
    });
  }

  private writeRows(
    executor: Executor,
    caches: readonly CacheRows[],
    data: Uint8Array<ArrayBuffer>,
    start: number,
  ): void {
    let at = 0;
    for (const cache of caches) {
      for (const { buffer, offset, bytes } of rangesOf(cache, start, this.block)) {
        executor.write(buffer, offset, new Uint32Array(data.slice(at, at + bytes).buffer));
        at += bytes;
      }
    }
  }

  /** Keeps the blocks that the sequence holds and the store does not. @throws KernelcError "device-lost". */
  async save(rows: Rows): Promise<void> {
    const { full, rings } = this.layout;
    const room = this.store.roomFor(this.block * (positionBytes(full) + positionBytes(rings)));
    const names = (await namesOf(this.build, rows.ids, this.block)).slice(0, room);
    const { oldest } = rows.held;
    this.store.used(names); // or its own beginning would make room, where it was not used for long
    for (const [number, name] of names.entries()) {
      const start = number * this.block;
      const block = this.store.get(name);
      if (block && (block.ring || start < oldest)) continue;
      const whole = this.fetch(rows, full, start);
      const ofRings = start >= oldest && this.fetch(rows, rings, start);
      this.store.put(name, { full: await joined(whole), ring: ofRings ? await joined(ofRings) : null });
    }
    this.store.used(names);
  }

  /** Submits the copies of a block's rows, a bounded number of bytes each. */
  private fetch({ executor }: Rows, caches: readonly CacheRows[], start: number): Ticket[] {
    const tickets: Ticket[] = [];
    let part: Fetch[] = [];
    let bytes = 0;
    const submit = (): void => {
      if (part.length) tickets.push(executor.run([], { seq: 1, past: 0 }, this.idle, part));
      [part, bytes] = [[], 0];
    };
    for (const cache of caches) {
      const more = this.block * cache.rowBytes;
      if (bytes + more > FETCH_BYTES) submit();
      part.push(...rangesOf(cache, start, this.block));
      bytes += more;
    }
    submit();
    return tickets;
  }
}

async function joined(tickets: readonly Ticket[]): Promise<Uint8Array<ArrayBuffer>> {
  const parts = await Promise.all(tickets.map((ticket) => ticket.result()));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
