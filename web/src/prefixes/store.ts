/** Blocks of rows by their names, kept in memory; see `runtime/prefixes/store.py`. */

/**
 * The rows of a block's positions: of one cache after the other, in the order of a `CacheLayout`. `ring` is
 * null where rings had replaced rows of these positions before they were kept.
 */
export interface Block {
  readonly full: Uint8Array<ArrayBuffer>;
  readonly ring: Uint8Array<ArrayBuffer> | null;
}

/** Blocks in memory, at most so many bytes of them; those that were not used for longest go first. */
export class BlockStore {
  bytes = 0;
  private readonly blocks = new Map<string, Block>();
  private readonly most: number;

  constructor(mostBytes: number) {
    this.most = mostBytes;
  }

  get size(): number {
    return this.blocks.size;
  }

  get(name: string): Block | undefined {
    return this.blocks.get(name);
  }

  /** Keeps a block in place of one of the same name; what is larger than all the room is not kept. */
  put(name: string, block: Block): void {
    this.drop(name);
    const bytes = bytesOf(block);
    if (bytes > this.most) return;
    this.blocks.set(name, block);
    this.bytes += bytes;
    for (const oldest of this.blocks.keys()) {
      if (this.bytes <= this.most) break;
      this.drop(oldest);
    }
  }

  /**
   * Notes that these were used, a prefix from its beginning on. Its end goes first: without the blocks before
   * it, a block serves nobody.
   */
  used(names: readonly string[]): void {
    for (const name of [...names].reverse()) {
      const block = this.blocks.get(name);
      if (!block) continue;
      this.blocks.delete(name);
      this.blocks.set(name, block);
    }
  }

  /** How many blocks of this size there is room for when all others go. */
  roomFor(bytesEach: number): number {
    return Math.floor(this.most / Math.max(1, bytesEach));
  }

  private drop(name: string): void {
    const block = this.blocks.get(name);
    if (block && this.blocks.delete(name)) this.bytes -= bytesOf(block);
  }
}

function bytesOf({ full, ring }: Block): number {
  return full.length + (ring?.length ?? 0);
}
