/**
 * A model's tokens as a trie of their bytes, level by level in flat arrays.
 *
 * The port of `runtime/grammar/vocabulary.py`; levels are sorted here by counting, since comparing 50,000
 * pieces takes longer.
 */

const MOST_TOKEN_BYTES = 1024; // no text needs a longer one, and each length is a level
/** Bytes that no long token has, and what the prefixes of the long ones are at most. */
const [SHORT, MOST_LONG] = [8, 2048];

/**
 * The prefixes of one length, in order.
 *
 * The children of node n are `childBegin[n]` to `childBegin[n + 1]` of the next level, and the tokens that
 * end there `tokens[tokenBegin[n]]` to before `tokens[tokenBegin[n + 1]]`. `byte` is the last byte of each
 * prefix. `many` has the tokens of nodes where many end, a bit for each token of the vocabulary.
 */
export interface Level {
  readonly byte: Uint8Array;
  readonly childBegin: Int32Array;
  readonly tokenBegin: Int32Array;
  readonly tokens: Int32Array;
  readonly many?: ReadonlyMap<number, Uint32Array>;
}

const NO_LEVEL: Level = {
  byte: new Uint8Array(0),
  childBegin: new Int32Array(0),
  tokenBegin: new Int32Array(0),
  tokens: new Int32Array(0),
};

export interface VocabularyOptions {
  /** Ids that never stand for text. */
  readonly excluded?: Iterable<number>;
  /**
   * Ids whose first space disappears at the start of an answer (`text/detokenize.ts`), which is why a
   * grammar's answer never begins with one.
   */
  readonly droppable?: Iterable<number>;
}

/**
 * The few tokens that are longer than the others, than `length` bytes. `longest` has, by level and node, the
 * length of the longest token that begins so.
 */
export interface LongTokens {
  readonly length: number;
  readonly longest: readonly Int32Array[];
}

/** The bytes of all tokens of a model. Ids without bytes and tokens longer than 1024 never stand for text. */
export class Vocabulary {
  readonly levels: readonly Level[];
  /** Bytes that are tokens by themselves. */
  readonly singleBytes: ReadonlySet<number>;
  readonly droppable: ReadonlySet<number>;
  private readonly bytes: Uint8Array;
  private readonly begins: Int32Array;
  private foundLong: LongTokens | null = null;

  constructor(
    readonly size: number,
    pieceOf: (id: number) => Uint8Array,
    { excluded = [], droppable = [] }: VocabularyOptions = {},
  ) {
    this.begins = new Int32Array(size + 1);
    let bytes = new Uint8Array(8 * size + 64);
    let length = 0;
    for (let id = 0; id < size; id += 1) {
      const piece = pieceOf(id);
      if (length + piece.length > bytes.length) bytes = grown(bytes, 2 * (length + piece.length));
      bytes.set(piece, length);
      length += piece.length;
      this.begins[id + 1] = length;
    }
    this.bytes = bytes.subarray(0, length);
    const never = new Set(excluded);
    const usable = Int32Array.from({ length: size }, (_, id) => id).filter(
      (id) => !never.has(id) && this.length(id) > 0 && this.length(id) <= MOST_TOKEN_BYTES,
    );
    this.levels = this.sorted(usable);
    this.singleBytes = new Set(
      Array.from(usable.filter((id) => this.length(id) === 1), (id) => this.bytes[this.begins[id] ?? 0] ?? 0),
    );
    this.droppable = new Set(droppable);
  }

  /** The number of 32-bit words of a mask. */
  get words(): number {
    return (this.size + 31) >>> 5;
  }

  get long(): LongTokens {
    return (this.foundLong ??= longOf(this.levels));
  }

  /** A bit for each token of at most so many bytes. */
  upTo(length: number): Uint32Array {
    const bits = new Uint32Array(this.words);
    for (const { tokens } of this.levels.slice(0, length + 1)) {
      for (const token of tokens) bits[token >>> 5] = (bits[token >>> 5] ?? 0) | (1 << (token & 31));
    }
    return bits;
  }

  /** The bytes of an id. */
  piece(id: number): Uint8Array {
    return this.bytes.subarray(this.begins[id], this.begins[id + 1]);
  }

  /** Whether some token begins with these bytes and goes on. */
  hasLonger(beginning: Uint8Array): boolean {
    const node = this.find(beginning);
    if (node === undefined) return false;
    const [from, to] = this.childrenOf(beginning.length, node);
    return to > from;
  }

  /** The tokens that begin with these bytes and go on, by their length. */
  longer(beginning: Uint8Array): number[] {
    const found: number[] = [];
    const node = this.find(beginning);
    let [from, to] = node === undefined ? [0, 0] : this.childrenOf(beginning.length, node);
    for (let depth = beginning.length + 1; from < to; depth += 1) {
      const { tokenBegin, tokens, childBegin } = this.levels[depth] ?? NO_LEVEL;
      found.push(...tokens.subarray(tokenBegin[from], tokenBegin[to]));
      [from, to] = [childBegin[from] ?? 0, childBegin[to] ?? 0];
    }
    return found;
  }

  /** The node of a prefix; undefined where no token begins so. */
  private find(prefix: Uint8Array): number | undefined {
    let node = 0;
    for (let depth = 0; depth < prefix.length; depth += 1) {
      const next = this.levels[depth + 1];
      if (!next) return undefined;
      const [from, to] = this.childrenOf(depth, node);
      let child = from;
      while (child < to && next.byte[child] !== prefix[depth]) child += 1;
      if (child === to) return undefined;
      node = child;
    }
    return node;
  }

  private childrenOf(depth: number, node: number): readonly [number, number] {
    const begins = this.levels[depth]?.childBegin;
    return [begins?.[node] ?? 0, begins?.[node + 1] ?? 0];
  }

  private length(id: number): number {
    return (this.begins[id + 1] ?? 0) - (this.begins[id] ?? 0);
  }

  /** The levels; the first is the empty prefix alone. */
  private sorted(tokens: Int32Array): Level[] {
    const levels: Level[] = [];
    let alive = tokens; // those that are longer than the level, by the nodes that they pass
    let nodes = new Int32Array(alive.length); // of each, its node in the level
    let byte = new Uint8Array(1);
    for (let depth = 0; byte.length; depth += 1) {
      const ends = alive.map((id) => Number(this.length(id) === depth));
      const ending = alive.filter((_, at) => ends[at]);
      const tokenBegin = beginsOf(nodes.filter((_, at) => ends[at]), byte.length);
      const parents = nodes.filter((_, at) => !ends[at]);
      alive = alive.filter((_, at) => !ends[at]);
      const following = Uint8Array.from(alive, (id) => this.bytes[(this.begins[id] ?? 0) + depth] ?? 0);
      const order = ordered(parents, following, byte.length);
      alive = order.map((at) => alive[at] ?? 0);
      nodes = new Int32Array(alive.length);
      const [newBytes, newParents] = [new Uint8Array(alive.length), new Int32Array(alive.length)];
      let count = 0;
      order.forEach((at, place) => {
        const [parent, next] = [parents[at] ?? 0, following[at] ?? 0];
        if (!count || newParents[count - 1] !== parent || newBytes[count - 1] !== next) {
          newParents[count] = parent;
          newBytes[count] = next;
          count += 1;
        }
        nodes[place] = count - 1;
      });
      const childBegin = beginsOf(newParents.subarray(0, count), byte.length);
      levels.push({ byte, childBegin, tokenBegin, tokens: ending });
      byte = newBytes.slice(0, count);
    }
    return levels;
  }
}

/** As many lengths of tokens as have few prefixes together. */
function longOf(levels: readonly Level[]): LongTokens {
  const longest = longestOf(levels);
  const counts = new Int32Array(levels.length + 1); // of prefixes, by the longest that begins so
  for (const own of longest) for (const length of own) counts[length] = (counts[length] as number) + 1;
  let [length, prefixes] = [levels.length, 0];
  while (length > SHORT && prefixes + (counts[length] ?? 0) <= MOST_LONG) {
    prefixes += counts[length] ?? 0;
    length -= 1;
  }
  return { length, longest };
}

/** By level and node, the length of the longest token that begins so. */
export function longestOf(levels: readonly Level[]): Int32Array[] {
  const longest: Int32Array[] = [];
  for (let depth = levels.length - 1; depth >= 0; depth -= 1) {
    const { byte, childBegin } = levels[depth] ?? NO_LEVEL;
    const below = longest[0];
    const own = new Int32Array(byte.length).map((_, node) => {
      let most = depth;
      for (let child = childBegin[node] ?? 0; child < (childBegin[node + 1] ?? 0); child += 1) {
        most = Math.max(most, below?.[child] ?? 0);
      }
      return most;
    });
    longest.unshift(own);
  }
  return longest;
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

/** Where the entries of each node begin in a list that is sorted by node, and the list's end. */
function beginsOf(nodes: Int32Array, count: number): Int32Array {
  const begins = new Int32Array(count + 1);
  for (const node of nodes) begins[node + 1] = (begins[node + 1] ?? 0) + 1;
  for (let at = 1; at <= count; at += 1) begins[at] = (begins[at] ?? 0) + (begins[at - 1] ?? 0);
  return begins;
}

/** The places of entries in order of their nodes, and within these of their bytes. */
function ordered(nodes: Int32Array, bytes: Uint8Array, count: number): Int32Array<ArrayBuffer> {
  const byByte = counted(Int32Array.from(nodes.keys()), bytes, 256);
  return counted(byByte, nodes, count);
}

/** Sort places by a key, a small number, and keep those of equal keys in order. */
function counted(
  places: Int32Array<ArrayBuffer>,
  keys: Int32Array | Uint8Array,
  count: number,
): Int32Array<ArrayBuffer> {
  const begins = new Int32Array(count + 1);
  for (const key of keys) begins[key + 1] = (begins[key + 1] ?? 0) + 1;
  for (let at = 1; at <= count; at += 1) begins[at] = (begins[at] ?? 0) + (begins[at - 1] ?? 0);
  const sorted = new Int32Array(places.length);
  for (const place of places) {
    const key = keys[place] ?? 0;
    const at = begins[key] ?? 0;
    sorted[at] = place;
    begins[key] = at + 1;
  }
  return sorted;
}
