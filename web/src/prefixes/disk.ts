/**
 * Blocks in the origin private file system, for the next visit: bounded in bytes, and proved when they are
 * read. The counterpart of `runtime/prefixes/disk.py`.
 *
 * A block's file is named after the build of the model, the device and its browser, which round differently,
 * and the block. Files are written one after the other beside the answers, and what waits for the disk is
 * bounded; a disk that fails ends keeping, not answers. When each was used is noted in a record, which is
 * only a hint: what it does not know counts as old.
 */

import { deletionsOfPrefixes, PREFIX_LOCK, PREFIX_RECORD } from "../weights/keptPrefixes.js";
import { withLock } from "../weights/locks.js";
import { getRecord, putRecord } from "../weights/records.js";
import { isSha256, type Bytes } from "../weights/sha256.js";
import { putBytes, type Store } from "../weights/stores/store.js";
import { decoded, encoded, hasRings } from "./blockFiles.js";
import { HEADER_BYTES, type BlockSizes } from "./fileFormat.js";
import type { Block } from "./store.js";

const AREA = "prefixes";
const MOST_QUEUED_BYTES = 64 * 2 ** 20;
const MOST_NOTED = 4096;
/** Of the bound, after some had to go, so that not every block makes others go. */
const ROOM_LEFT = 0.9;

export interface DiskOptions {
  readonly store: Store;
  /** What the names of this build's files on this device begin with. */
  readonly place: string;
  readonly sizes: BlockSizes;
  /** The most bytes of all files of the area. */
  readonly mostBytes: number;
  readonly now?: () => number;
}

export class DiskBlocks {
  bytes = 0;
  /** Resolves once it is known what is there. */
  readonly ready: Promise<void>;
  /** The blocks that are there, by name: whether each has the rows of rings. */
  private readonly there = new Map<string, boolean>();
  /** Never written again: they are there, wait to be, or were deleted by the person. */
  private readonly taken = new Set<string>();
  private readonly used = new Map<string, number>();
  /** Ends listening to deletions. */
  readonly close: () => void;
  private readonly now: () => number;
  private readonly queue = new Map<string, Block>();
  private queuedBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private failed = false;
  private deletions = 0;
  /** Whether the sequence may still hold what was deleted. */
  private holdsDeleted = false;

  constructor(private readonly options: DiskOptions) {
    this.now = options.now ?? (() => Date.now());
    this.ready = this.look().catch(() => void (this.failed = true));
    this.close = deletionsOfPrefixes((place) => {
      if (options.place.startsWith(place)) this.deleted();
    });
  }

  get size(): number {
    return this.there.size;
  }

  /** Whether a block has the rows of rings; undefined where it is not there. */
  kept(name: string): boolean | undefined {
    const waiting = this.queue.get(name);
    return waiting ? waiting.ring !== null : this.there.get(name);
  }

  /** A block that is there. One whose file is not what its name says is removed. */
  async get(name: string): Promise<Block | undefined> {
    const waiting = this.queue.get(name);
    if (waiting) return waiting;
    const { store, sizes } = this.options;
    const bytes = HEADER_BYTES + sizes.full + (this.there.get(name) ? sizes.ring : 0);
    const data = new Uint8Array(bytes);
    try {
      const read = await store.read(AREA, this.file(name), data);
      const block = read === bytes ? await decoded(name, data, sizes) : undefined;
      if (block) return block;
      await store.remove(AREA, this.file(name));
    } catch {
      // it cannot be read now
    }
    this.forget(name);
    return undefined;
  }

  /** Has a block written some time later, unless it was before, or too much waits. */
  put(name: string, block: Block): void {
    const bytes = rowBytes(block);
    const more = block.ring !== null && this.kept(name) === false; // it has the rows of rings now
    const known = this.taken.has(name) && !more;
    if (this.failed || known || bytes + HEADER_BYTES > this.options.mostBytes) return;
    if (this.holdsDeleted) return void this.taken.add(name);
    const replaced = this.queue.get(name);
    const queued = this.queuedBytes + bytes - (replaced ? rowBytes(replaced) : 0);
    if (queued > MOST_QUEUED_BYTES) return;
    this.taken.add(name);
    this.queuedBytes = queued;
    this.queue.set(name, block);
    if (this.queue.size === 1) this.writing = this.writing.then(() => this.writeAll());
  }

  /** Notes that the sequence holds a beginning of another prompt alone, whose text is there to be kept. */
  begins(): void {
    this.holdsDeleted = false;
  }

  /** Notes that these were used, a prefix from its beginning on: its end is older, and goes first. */
  note(names: readonly string[]): void {
    const now = this.now();
    names.forEach((name, at) => this.used.set(name, now - at / 1000));
  }

  /** How many blocks of this size there is room for when all others go. */
  roomFor(bytesEach: number): number {
    return this.failed ? 0 : Math.floor(this.options.mostBytes / (HEADER_BYTES + bytesEach));
  }

  /** Resolves once nothing waits to be written. */
  settled(): Promise<void> {
    return this.writing;
  }

  private file(name: string): string {
    return `${this.options.place}-${name}`;
  }

  private drop(): void {
    this.queue.clear();
    this.queuedBytes = 0;
  }

  private forget(name: string): void {
    this.there.delete(name);
    this.taken.delete(name);
  }

  /**
   * The person deleted what was said: nothing of it is written again, not even what waits, or what the
   * sequence holds and nobody has put here yet.
   */
  private deleted(): void {
    this.holdsDeleted = true;
    this.drop();
    this.bytes = 0;
    this.deletions += 1;
    this.there.clear();
    this.used.clear();
  }

  private async look(): Promise<void> {
    const { store, place, sizes } = this.options;
    const noted = await getRecord(PREFIX_RECORD, place, store);
    for (const [name, when] of readNotes(noted)) this.used.set(name, when);
    for (const [file, bytes] of await store.sizes(AREA)) {
      this.bytes += bytes;
      const name = file.slice(place.length + 1);
      const rings = hasRings(bytes, sizes);
      if (!file.startsWith(`${place}-`) || !isSha256(name) || rings === undefined) continue;
      this.there.set(name, rings);
      this.taken.add(name);
    }
  }

  private async writeAll(): Promise<void> {
    await this.ready;
    const { store, place } = this.options;
    try {
      this.bytes = total(await store.sizes(AREA)); // other windows write, too
      for (let next = first(this.queue); next && !this.failed; next = first(this.queue)) {
        const [name, block] = next;
        const data = await encoded(name, block);
        await withLock(PREFIX_LOCK, undefined, () => this.write(name, block, data));
        if (this.queue.get(name) !== block) continue; // all was deleted meanwhile, or it has more rows now
        this.queue.delete(name);
        this.queuedBytes -= data.length - HEADER_BYTES;
      }
      const newest = [...this.used].sort(([, a], [, b]) => b - a).slice(0, MOST_NOTED);
      await putRecord(PREFIX_RECORD, place, newest, store);
    } catch {
      this.failed = true; // a full disk, or none any more: what is there stays good
    }
    if (this.failed) this.drop();
  }

  private async write(name: string, block: Block, data: Bytes): Promise<void> {
    const { store, mostBytes, sizes } = this.options;
    const before = this.deletions;
    if (this.bytes + data.length > mostBytes) await this.makeRoom(mostBytes * ROOM_LEFT - data.length);
    if (this.queue.get(name) !== block || before !== this.deletions) return;
    try {
      await putBytes(store, AREA, this.file(name), data);
    } catch (error) {
      await store.remove(AREA, this.file(name)); // on a full disk even a part of it is in the way
      throw error;
    }
    this.bytes += data.length;
    this.there.set(name, hasRings(data.length, sizes) ?? false);
  }

  /** Removes what was not used for longest until all files together have at most so many bytes. */
  private async makeRoom(most: number): Promise<void> {
    const { store, place } = this.options;
    const age = (file: string): number => {
      return file.startsWith(`${place}-`) ? (this.used.get(file.slice(place.length + 1)) ?? 0) : 0;
    };
    const files = [...(await store.sizes(AREA))].sort(([a], [b]) => age(a) - age(b));
    this.bytes = total(new Map(files));
    for (const [file, bytes] of files) {
      if (this.bytes <= most) break;
      await store.remove(AREA, file);
      this.bytes -= bytes;
      if (file.startsWith(`${place}-`)) this.forget(file.slice(place.length + 1));
    }
  }
}

function total(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function rowBytes({ full, ring }: Block): number {
  return full.length + (ring?.length ?? 0);
}

/** When blocks were used, as a record says it. Records are untrusted. */
function readNotes(record: unknown): (readonly [string, number])[] {
  if (!Array.isArray(record)) return [];
  return record.slice(0, MOST_NOTED).filter((entry: unknown): entry is [string, number] => {
    if (!Array.isArray(entry)) return false;
    const [name, when] = entry as unknown[];
    return typeof name === "string" && isSha256(name) && Number.isFinite(when);
  });
}

function first<K, V>(map: ReadonlyMap<K, V>): readonly [K, V] | undefined {
  for (const entry of map) return entry;
  return undefined;
}
