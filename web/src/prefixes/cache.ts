/**
 * Takes the beginning of a prompt from a store instead of computing it, and puts there what was computed; see
 * `runtime/prefixes/cache.py`.
 */

import { TOKENS_BUFFER } from "../artifact/schema.js";
import type { Executor, Fetch, StepFields, Ticket } from "../gpu/executor.js";
import type { DiskBlocks } from "./disk.js";
import { sizesOf } from "./fileFormat.js";
import { longestRing, rangesOf, type CacheLayout, type CacheRows } from "./layout.js";
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
  /** What keeps blocks on this device for the next visit. */
  readonly disk?: DiskBlocks | null;
}

export class PrefixCache {
  /** Whether rows must be kept between the steps of a prompt, because later steps replace them. */
  readonly urgent: boolean;
  readonly build: string;
  readonly store: BlockStore;
  readonly layout: CacheLayout;
  private readonly disk: DiskBlocks | null;
  private readonly idle: StepFields;
  private readonly block: number;
  private readonly leastGain: number;
  private readonly longest: number;

  constructor(options: PrefixOptions) {
    this.layout = options.layout;
    this.build = options.build;
    this.store = options.store;
    this.disk = options.disk ?? null;
    this.idle = options.idle;
    this.block = options.block ?? BLOCK;
    this.leastGain = options.leastGain ?? LEAST_GAIN;
    this.urgent = this.layout.rings.length > 0;
    this.longest = longestRing(this.layout);
  }

  /** Ends what keeps blocks on this device. */
  close(): void {
    this.disk?.close();
  }

  /** How many blocks this device keeps for the next visit, and the bytes of all that it keeps. */
  get stored(): { readonly size: number; readonly bytes: number } {
    return this.disk ?? { size: 0, bytes: 0 };
  }

  /**
   * Makes the sequence, which holds the first `kept` of `ids`, hold more of them, if they are kept anywhere.
   * Returns how many it holds then.
   */
  async restore(rows: Rows, ids: readonly number[], kept: number): Promise<number> {
    this.disk?.begins();
    const names = await namesOf(this.build, ids, this.block);
    await this.disk?.ready;
    const rings: boolean[] = [];
    for (const name of names) {
      const found = this.kept(name);
      if (found === undefined) break;
      rings.push(found);
    }
    for (let count = rings.length; count * this.block >= kept + this.leastGain; count -= 1) {
      const oldest = (rings.slice(0, count).lastIndexOf(false) + 1) * this.block;
      const length = count * this.block;
      if (oldest && oldest + this.longest > length + rows.held.spare) continue;
      return this.put(rows, ids, names.slice(0, count), kept, oldest);
    }
    return kept;
  }

  /** Whether a block has the rows of rings, wherever it is kept; undefined where it is not. */
  private kept(name: string): boolean | undefined {
    const block = this.store.get(name);
    if (!block || !this.fits(block)) return this.disk?.kept(name);
    return block.ring !== null || this.disk?.kept(name) === true;
  }

  private async get(name: string, wantsRing: boolean): Promise<Block | undefined> {
    const block = this.store.get(name);
    if (block && this.fits(block) && (block.ring || !wantsRing)) return block;
    const found = await this.disk?.get(name);
    return found && this.fits(found) && (found.ring || !wantsRing) ? found : undefined;
  }

  private fits({ full, ring }: Block): boolean {
    const sizes = sizesOf(this.layout, this.block);
    return full.length === sizes.full && (!ring || ring.length === sizes.ring);
  }

  /**
   * Puts blocks into the sequence, one after the other, from the first one that lacks: what rings then hold
   * are the last ones' rows. A block that is damaged ends it: the positions before it are held then, none
   * where rings have lost what these had.
   */
  private async put(
    rows: Rows,
    ids: readonly number[],
    names: readonly string[],
    kept: number,
    oldest: number,
  ): Promise<number> {
    const { executor } = rows;
    const inRings = Math.max(oldest, names.length * this.block - this.longest);
    const first = Math.floor((this.urgent ? Math.min(kept, inRings) : kept) / this.block);
    let done = first;
    for (const name of names.slice(first)) {
      const start = done * this.block;
      const block = await this.get(name, this.urgent && start >= oldest);
      if (!block) break;
      this.writeRows(executor, this.layout.full, block.full, start);
      if (block.ring) this.writeRows(executor, this.layout.rings, block.ring, start);
      done += 1;
    }
    const length = done === names.length || !this.urgent ? done * this.block : 0;
    if (length <= kept && !(this.urgent && done > first)) return kept;
    if (length) executor.write(TOKENS_BUFFER, 0, Uint32Array.from(ids.slice(0, length)));
    rows.filled(ids.slice(0, length), length ? oldest : 0);
    this.store.used(names.slice(0, done));
    this.disk?.note(names.slice(0, done));
    return length;
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

  /** Keeps the blocks that the sequence holds and nothing keeps. @throws KernelcError "device-lost". */
  async save(rows: Rows): Promise<void> {
    const { full, rings } = this.layout;
    const sizes = sizesOf(this.layout, this.block);
    const bytes = sizes.full + sizes.ring;
    const room = Math.max(this.store.roomFor(bytes), this.disk?.roomFor(bytes) ?? 0);
    const names = (await namesOf(this.build, rows.ids, this.block)).slice(0, room);
    await this.disk?.ready;
    const { oldest } = rows.held;
    this.store.used(names); // or its own beginning would make room, where it was not used for long
    this.disk?.note(names);
    for (const [number, name] of names.entries()) {
      const start = number * this.block;
      const found = this.kept(name);
      let block = this.store.get(name);
      if (found === undefined || (!found && start >= oldest)) {
        const whole = this.fetch(rows, full, start);
        const ofRings = start >= oldest && this.fetch(rows, rings, start);
        block = { full: await joined(whole), ring: ofRings ? await joined(ofRings) : null };
        this.store.put(name, block);
      }
      if (block) this.disk?.put(name, block); // unless it has it
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
