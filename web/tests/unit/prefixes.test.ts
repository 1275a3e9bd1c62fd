import { describe, expect, it } from "vitest";
import { hashWords } from "../../src/engine/sampling/cpuSampler.js";
import { GENERATE_ROLES, TokenEngine } from "../../src/engine/engine.js";
import { checkedSampling, GREEDY_FIELDS } from "../../src/engine/sampling/sampling.js";
import { PrefixCache } from "../../src/prefixes/cache.js";
import { DiskBlocks } from "../../src/prefixes/disk.js";
import { sizesOf } from "../../src/prefixes/fileFormat.js";
import { layoutOf, rangesOf, type CacheLayout } from "../../src/prefixes/layout.js";
import { namesOf } from "../../src/prefixes/names.js";
import { BlockStore } from "../../src/prefixes/store.js";
import { loadWarm } from "../../src/prefixes/warm.js";
import { deletePrefixes } from "../../src/weights/models.js";
import { sha256Hex } from "../../src/weights/sha256.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import { getBytes, putBytes } from "../../src/weights/stores/store.js";
import { CONTEXT, toyManifest, ToyExecutor, VOCAB } from "./engine_fakes.js";
import { RING, RING_MANIFEST, RingExecutor } from "./ring_fakes.js";

const BUILD = "0123456789abcdef".repeat(4);
const FULL = { buffer: "cache", rowBytes: 4, rows: CONTEXT, ring: 0 };
const PLAIN: CacheLayout = { full: [FULL], rings: [] };
const RINGED: CacheLayout = { full: [FULL], rings: [{ buffer: "ring", rowBytes: 4, rows: RING.rows, ring: RING.rows }] };
const IDLE = { ...GREEDY_FIELDS, seq: 1, past: 0, context: CONTEXT };

interface Kept {
  readonly engine: TokenEngine;
  readonly store: BlockStore;
  readonly executor: ToyExecutor;
}

function open({ rings = false, most = 1 << 20, block = 4, disk = null as DiskBlocks | null } = {}): Kept {
  const store = new BlockStore(most);
  const layout = rings ? RINGED : PLAIN;
  const prefixes = new PrefixCache({ layout, build: BUILD, store, idle: IDLE, block, leastGain: 1, disk });
  const executor = rings ? new RingExecutor() : new ToyExecutor();
  const again = async (): Promise<ToyExecutor> => (rings ? new RingExecutor() : new ToyExecutor());
  const manifest = rings ? RING_MANIFEST : toyManifest();
  return { engine: new TokenEngine(executor, manifest, CONTEXT, GENERATE_ROLES, again, prefixes), store, executor };
}

/** As an answer does; returns how many ids were not computed. */
async function load({ engine }: Kept, ids: readonly number[]): Promise<number> {
  const kept = await engine.reuse(ids.slice(0, -1));
  expect(engine.ids).toEqual(ids.slice(0, kept));
  await engine.feed(ids.slice(kept));
  return kept;
}

async function generate({ engine }: Kept, count: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { id } of engine.generate(count, checkedSampling({ temperature: 0, seed: 0 }), [])) found.push(id);
  return found;
}

/** Longer than a short prompt, which decode steps compute: other rows. */
const some = (seed: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => hashWords(seed, at, 11) % VOCAB);

describe("names of blocks", () => {
  it("are those of the native runtime", async () => {
    expect(await namesOf(BUILD, [0, 1, 2 ** 31, 7], 2)).toEqual(GOLDEN);
  });

  it("stand for all ids before, and leave out what is no whole block", async () => {
    const names = await namesOf(BUILD, [5, 6, 5, 6, 5], 2);
    expect(names).toHaveLength(2);
    expect(names[0]).not.toBe(names[1]);
  });
});

const GOLDEN = ["d1f053b4cbfec21b0c8cc1779df218bcc01d65a37894ff4016c3a1e58f0ef2ca", "5a22e280942b6e0fd1e148620a3644a7b086a49661ce26ef8d8b6e7ca7227977"];

describe("conversations that take turns", () => {
  it.each([4, 7, 16])("compute what they share once, in blocks of %i", async (block) => {
    const kept = open({ block });
    const [first, other] = [some(1, 41), some(2, 30)];
    expect(await load(kept, first)).toBe(0);
    expect(await load(kept, other)).toBe(0);
    expect(await load(kept, [...first, 1, 2])).toBe(Math.floor(41 / block) * block);
    const fresh = open();
    await fresh.engine.feed([...first, 1, 2]);
    expect(await generate(kept, 8)).toEqual(await generate(fresh, 8));
  });

  it("forget what was not used for longest, the end of a prompt before its beginning", async () => {
    const kept = open({ most: 16 * 5 });
    const [first, other] = [some(1, 20), some(2, 9)];
    await load(kept, first);
    await load(kept, other);
    await load(kept, some(3, 9));
    expect(kept.store.bytes).toBeLessThanOrEqual(16 * 5);
    expect(await load(kept, first)).toBe(4); // two blocks went for each of the others
  });

  it("do not push out their own beginning as they go on", async () => {
    const kept = open({ most: 16 * 6 });
    const ids = some(1, 16);
    await kept.engine.feed(ids.slice(0, 12));
    await kept.engine.remember();
    for (const name of ["a", "b", "c"]) kept.store.put(name, { full: new Uint8Array(16), ring: null });
    await kept.engine.feed(ids.slice(12));
    await kept.engine.remember();
    const names = await namesOf(BUILD, ids, 4);
    const there = [...names, "a"].map((name) => kept.store.get(name) !== undefined);
    expect(there).toEqual([true, true, true, true, false]);
  });

  it("go on after a loss from what was not computed here", async () => {
    const kept = open();
    const first = some(1, 40);
    await load(kept, first);
    await load(kept, some(2, 20));
    expect(await load(kept, [...first, 9])).toBe(40);
    kept.executor.loseAfter = kept.executor.steps.length + 2;
    const fresh = open();
    await fresh.engine.feed(first);
    await fresh.engine.feed([9]);
    expect(await generate(kept, 12)).toEqual(await generate(fresh, 12));
    expect(kept.engine.restored).toBe(1);
  });

  it.each([1, 2, 3])("go on as new ones would where layers have rings (%i)", async (seed) => {
    const kept = open({ rings: true });
    const begin = some(seed, 60);
    let won = 0;
    for (let turn = 0; turn < 8; turn += 1) {
      const shared = hashWords(seed, turn, 12) % 60;
      const ids = [...begin.slice(0, shared), ...some(seed * 100 + turn, 9 + (turn % 3) * 9)];
      won += await load(kept, ids);
      const fresh = open({ rings: true });
      await fresh.engine.feed(ids);
      expect(await generate(kept, 4)).toEqual(await generate(fresh, 4));
    }
    expect(won).toBeGreaterThan(60);
  });
});

describe("what this device keeps", () => {
  /** A new visit: nothing in memory, the same files. */
  async function visit(files: MemoryStore, rings: boolean): Promise<[Kept, DiskBlocks]> {
    const sizes = sizesOf(rings ? RINGED : PLAIN, 4);
    const disk = new DiskBlocks({ store: files, place: "place", sizes, mostBytes: 1 << 20 });
    const kept = open({ rings, disk });
    await disk.ready;
    return [kept, disk];
  }

  async function firstVisit(files: MemoryStore, rings: boolean, ids: readonly number[]): Promise<void> {
    const [kept, disk] = await visit(files, rings);
    await load(kept, ids);
    await kept.engine.remember();
    await disk.settled();
    kept.engine.dispose();
  }

  it.each([false, true])("is gone on from after a reload (rings: %s)", async (rings) => {
    const files = new MemoryStore();
    const ids = some(1, 41);
    await firstVisit(files, rings, ids);
    const [kept] = await visit(files, rings);
    expect(await load(kept, [...ids, 1, 2])).toBe(40);
    const fresh = open({ rings });
    await fresh.engine.feed([...ids, 1, 2]);
    expect(await generate(kept, 8)).toEqual(await generate(fresh, 8));
  });

  it.each([
    [false, 5],
    [true, 5],
    [true, 9],
  ])("is taken up to a block that is damaged (rings: %s, block %i)", async (rings, damaged) => {
    const files = new MemoryStore();
    const ids = some(1, 41);
    await firstVisit(files, rings, ids);
    const [kept] = await visit(files, rings);
    const name = `place-${(await namesOf(BUILD, ids, 4))[damaged] ?? ""}`;
    const data = await getBytes(files, "prefixes", name);
    await putBytes(files, "prefixes", name, (data ?? new Uint8Array(0)).map((byte) => byte ^ 1));
    expect(await load(kept, [...ids, 1, 2])).toBe(rings ? 0 : 4 * damaged);
    const fresh = open({ rings });
    await fresh.engine.feed([...ids, 1, 2]);
    expect(await generate(kept, 8)).toEqual(await generate(fresh, 8));
  });

  it.each([false, true])("has nothing of a deleted chat that the sequence still held (rings: %s)", async (rings) => {
    const files = new MemoryStore();
    const [deleted, other] = [some(1, 41), some(2, 41)];
    const [kept, disk] = await visit(files, rings);
    await load(kept, deleted); // and its answer was stopped, so that nothing was kept of it
    await deletePrefixes(undefined, files);
    await load(kept, other); // keeps what the sequence held, for chats that take turns
    await kept.engine.remember();
    await disk.settled();
    const names = async (ids: readonly number[]): Promise<string[]> =>
      (await namesOf(BUILD, ids, 4)).map((name) => `place-${name}`);
    const stored = [...(await files.sizes("prefixes")).keys()];
    expect(stored.sort()).toEqual((await names(other)).sort());
    expect(await load(kept, [...deleted, 1, 2])).toBe(40); // in memory, while the page is open
    kept.engine.dispose();
  });
});

describe("blocks whose rows rings had replaced", () => {
  it.each([
    [30, 28],
    [25, 0],
  ])("are gone on from where the window is there (%i shared)", async (shared, wanted) => {
    const kept = open({ rings: true });
    const first = some(1, 40);
    await load(kept, first);
    await load(kept, some(2, 40));
    for (const name of (await namesOf(BUILD, first, 4)).slice(0, 5)) {
      const block = kept.store.get(name);
      if (block) kept.store.put(name, { ...block, ring: null });
    }
    const ids = [...first.slice(0, shared), 7, 8];
    expect(await load(kept, ids)).toBe(wanted);
    const fresh = open({ rings: true });
    await fresh.engine.feed(ids);
    expect(await generate(kept, 4)).toEqual(await generate(fresh, 4));
    expect(kept.engine.truncate(24)).toBe(wanted ? 0 : 24); // of position 19 nothing was put back
  });
});

describe("the layout of caches", () => {
  const manifest = {
    ...toyManifest(),
    rings: [{ window: 16, rows: 32 }],
    buffers: new Map([
      ["logits", { kind: "state", bytes: 512 }],
      ["tokens", { kind: "state", bytes: ["add", ["mul", "context", 4], 252] }],
      ["k", { kind: "state", bytes: ["mul", "context", 64] }],
      ["k.scales", { kind: "state", bytes: ["mul", ["ceildiv", ["mul", "context", 12], 16], 16] }],
      ["w", { kind: "state", bytes: ["mul", ["min", "context", 32], 64] }],
    ]),
  } as unknown as Parameters<typeof layoutOf>[0];
  const loaded = (w: number): Map<string, number> =>
    new Map([["logits", 512], ["tokens", 1], ["k", 90 * 64], ["k.scales", 1088], ["w", w]]);

  it("follows from the manifest", () => {
    expect(layoutOf(manifest, loaded(32 * 64), 90)).toEqual({
      full: [
        { buffer: "k", rowBytes: 64, rows: 90, ring: 0 },
        { buffer: "k.scales", rowBytes: 12, rows: 90, ring: 0 },
      ],
      rings: [{ buffer: "w", rowBytes: 64, rows: 32, ring: 32 }],
    });
  });

  it("is none where a cache is made otherwise", () => {
    expect(layoutOf(manifest, loaded(31 * 64), 90)).toBeNull();
    expect(layoutOf({ ...manifest, rings: [] }, loaded(32 * 64), 90)).toBeNull();
    expect(layoutOf(manifest, new Map(), 90)).toBeNull();
  });

  it("is none where a buffer has the rows of several sequences", () => {
    const bound = (bytes: number): typeof manifest => {
      const dispatches = [{ kernel: "k", origin: "", bindings: [{ buffer: "k", offset: 0, bytes }] }];
      const programs = new Map([["prefill", { role: "prefill", symbols: new Map(), dispatches }]]);
      return { ...manifest, programs } as unknown as typeof manifest;
    };
    expect(layoutOf(bound(90 * 64), loaded(32 * 64), 90)).not.toBeNull();
    expect(layoutOf(bound(90 * 32), loaded(32 * 64), 90)).toBeNull();
  });

  it("goes round the end of a ring", () => {
    const ring = { buffer: "w", rowBytes: 8, rows: 16, ring: 16 };
    const found = rangesOf(ring, 28, 8).map(({ offset, bytes }) => [offset, bytes]);
    expect(found).toEqual([[96, 32], [0, 32]]);
  });
});

describe("a prompt that the site has computed", () => {
  const rows = new Uint8Array(64 * 4).map((_, at) => at);
  const block = new Uint8Array([...new TextEncoder().encode("kprefix1"), ...Array<number>(32).fill(0), 0, 1, 0, 0, 0, 0, 0, 0, ...rows]);
  const list = (change: object = {}): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode(JSON.stringify({ version: 1, build: BUILD, block: 64, blocks: [BLOCK], ...change }));
  const BLOCK = { name: "a".repeat(64), file: "warm/a.kv", sha256: "b".repeat(64) };

  async function read(listed: Uint8Array<ArrayBuffer>, data: Uint8Array): Promise<[PrefixCache, readonly string[]]> {
    const cache = new PrefixCache({ layout: PLAIN, build: BUILD, store: new BlockStore(1 << 20), idle: IDLE });
    const spec = { file: "warm.json", bytes: listed.length, sha256: await sha256Hex(listed) };
    let kept: readonly string[] = [];
    const asked: unknown[] = [];
    const fetch = async (name: string, given: unknown): Promise<Uint8Array> => {
      asked.push([name, given]);
      return name === spec.file ? listed : data;
    };
    await loadWarm(cache, spec, fetch, async (all) => void (kept = all));
    expect(asked.slice(1)).toEqual([[BLOCK.file, { sha256: BLOCK.sha256, bytes: 48 + 256 }]]);
    return [cache, [...kept.slice(1)]];
  }

  it("is taken from its files", async () => {
    const [cache, kept] = await read(list(), block);
    expect(cache.store.get(BLOCK.name)?.full).toEqual(rows);
    expect(kept).toEqual([BLOCK.sha256]);
  });

  it("is taken as far as there is room, and forgotten from its end on", async () => {
    const store = new BlockStore(2 * 304 + 8);
    const cache = new PrefixCache({ layout: PLAIN, build: BUILD, store, idle: IDLE });
    const names = ["a", "b", "c"].map((letter) => letter.repeat(64));
    const listed = list({ blocks: names.map((name) => ({ name, file: `warm/${name}`, sha256: name })) });
    const fetched: string[] = [];
    const fetch = async (name: string): Promise<Uint8Array> => {
      fetched.push(name);
      return name === "warm.json" ? listed : block;
    };
    await loadWarm(cache, { file: "warm.json", bytes: listed.length, sha256: "" }, fetch, async () => undefined);
    expect(fetched).toHaveLength(3); // the list and two blocks
    const there = (): boolean[] => names.map((name) => store.get(name) !== undefined);
    expect(there()).toEqual([true, true, false]);
    store.put("another", { full: rows, ring: null });
    expect(there()).toEqual([true, false, false]);
  });

  it.each([
    ["another build", list({ build: "f".repeat(64) }), block],
    ["no blocks", list({ blocks: 3 }), block],
    ["a name that is none", list({ blocks: [{ ...BLOCK, name: "x" }] }), block],
    ["no JSON", new TextEncoder().encode("{"), block],
    ["another layout", list(), block.map((byte, at) => (at === 41 ? 2 : byte))],
    ["too few bytes", list(), block.slice(0, -1)],
  ])("is refused: %s", async (_, listed, data) => {
    await expect(read(listed, data)).rejects.toThrow("A prompt that the site has computed is damaged");
  });
});
