/** Blocks of conversations on this device: written beside answers, bounded, and proved when they are read. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DiskBlocks } from "../../src/prefixes/disk.js";
import { decoded, encoded } from "../../src/prefixes/blockFiles.js";
import { HEADER_BYTES } from "../../src/prefixes/fileFormat.js";
import type { Block } from "../../src/prefixes/store.js";
import { deletePrefixes, prefixBytes } from "../../src/weights/models.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import { getBytes, putBytes } from "../../src/weights/stores/store.js";

const SIZES = { full: 24, ring: 8 };
const BUILD = "0123456789abcdef".repeat(4);
const PLACE = `${BUILD.slice(0, 16)}-${"d".repeat(16)}`;
const WHOLE = HEADER_BYTES + SIZES.full + SIZES.ring;

const nameOf = (number: number): string => number.toString(16).padStart(64, "0");
const file = (number: number): string => `${PLACE}-${nameOf(number)}`;

function block(number: number, ring = true): Block {
  const rows = (count: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: count }, (_, at) => number + at);
  return { full: rows(SIZES.full), ring: ring ? rows(SIZES.ring) : null };
}

let store: MemoryStore;
let opened: DiskBlocks[];
let time: number;

beforeEach(() => {
  [store, opened, time] = [new MemoryStore(), [], 0];
});
afterEach(() => {
  for (const each of opened) each.close();
});

async function open(mostBytes = 100 * WHOLE, place = PLACE): Promise<DiskBlocks> {
  const disk = new DiskBlocks({ store, place, sizes: SIZES, mostBytes, now: () => (time += 1000) });
  opened.push(disk);
  await disk.ready;
  return disk;
}

async function filled(count: number, mostBytes?: number): Promise<DiskBlocks> {
  const disk = await open(mostBytes);
  for (let number = 0; number < count; number += 1) disk.put(nameOf(number), block(number));
  await disk.settled();
  return disk;
}

describe("a block as a file", () => {
  it("is that of the native runtime", async () => {
    // `runtime.prefixes.file_format.encoded` of the same block under the same name
    const data = await encoded(nameOf(7), block(7));
    expect(Buffer.from(data.subarray(0, HEADER_BYTES)).toString("hex")).toBe(NATIVE);
    expect(await decoded(nameOf(7), data, SIZES)).toEqual(block(7));
  });

  it.each([[true], [false]])("is none once any byte of it is another (with rings: %s)", async (ring) => {
    const data = await encoded(nameOf(7), block(7, ring));
    expect(await decoded(nameOf(7), data, SIZES)).toEqual(block(7, ring));
    for (let at = 0; at < data.length; at += 1) {
      const changed = data.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await decoded(nameOf(7), changed, SIZES)).toBeUndefined();
    }
    for (const length of [0, 7, HEADER_BYTES, data.length - 1]) {
      expect(await decoded(nameOf(7), data.slice(0, length), SIZES)).toBeUndefined();
    }
    expect(await decoded(nameOf(8), data, SIZES)).toBeUndefined();
    expect(await decoded(nameOf(7), data, { full: 16, ring: 16 })).toBeUndefined();
  });
});

const NATIVE = "6b70726566697831bbe810c43ab6163a36e34607e1ec5d7dd8cff98d1907bf3a756e3c001976dce11800000000000000";

describe("blocks on this device", () => {
  it("are there at the next visit", async () => {
    await filled(3);
    const disk = await open();
    expect([0, 1, 2, 3].map((number) => disk.kept(nameOf(number)))).toEqual([true, true, true, undefined]);
    expect(await disk.get(nameOf(1))).toEqual(block(1));
    expect([disk.size, disk.bytes, await prefixBytes(store)]).toEqual([3, 3 * WHOLE, 3 * WHOLE]);
  });

  it("are there before they are written", async () => {
    const disk = await open();
    disk.put(nameOf(1), block(1));
    expect(disk.kept(nameOf(1))).toBe(true);
    expect(await disk.get(nameOf(1))).toEqual(block(1));
    await disk.settled();
    expect(await getBytes(store, "prefixes", file(1))).toHaveLength(WHOLE);
  });

  it("are written again with the rows of rings, and not without", async () => {
    const disk = await open();
    for (const ring of [false, true, false]) {
      disk.put(nameOf(1), block(1, ring));
      await disk.settled();
    }
    expect(disk.kept(nameOf(1))).toBe(true);
    expect(await disk.get(nameOf(1))).toEqual(block(1));
  });

  it("wait in bounded memory, of which one that has more rows now takes its place only", async () => {
    const big = (ring: boolean): Block => ({ full: new Uint8Array(20 * 2 ** 20), ring: ring ? new Uint8Array(8) : null });
    const limits = new DiskBlocks({ store, place: PLACE, sizes: { full: 20 * 2 ** 20, ring: 8 }, mostBytes: 2 ** 30 });
    opened.push(limits);
    await limits.ready;
    for (let number = 0; number < 3; number += 1) for (const ring of [false, true]) limits.put(nameOf(number), big(ring));
    expect([0, 1, 2].map((number) => limits.kept(nameOf(number)))).toEqual([true, true, true]);
    limits.put(nameOf(3), big(true));
    expect(limits.kept(nameOf(3))).toBeUndefined();
    await limits.settled();
    expect(limits.size).toBe(3);
  });

  it("of another device or build are others", async () => {
    await filled(1);
    const other = await open(undefined, PLACE.replace("d", "e"));
    expect(other.kept(nameOf(0))).toBeUndefined();
    expect(other.bytes).toBe(WHOLE); // they count all the same
  });

  it("that were changed are removed when they are read", async () => {
    await filled(2);
    const data = await getBytes(store, "prefixes", file(0));
    if (data) data[WHOLE - 1] = 99;
    await putBytes(store, "prefixes", file(0), data ?? new Uint8Array(0));
    const disk = await open();
    expect(await disk.get(nameOf(0))).toBeUndefined();
    expect(disk.kept(nameOf(0))).toBeUndefined();
    expect(await getBytes(store, "prefixes", file(0))).toBeUndefined();
    disk.put(nameOf(0), block(0));
    expect(await disk.get(nameOf(0))).toEqual(block(0));
  });

  it("that a page that was ended has written in part are not there", async () => {
    await putBytes(store, "prefixes", file(0), new Uint8Array(WHOLE - 5));
    expect((await open()).kept(nameOf(0))).toBeUndefined();
  });

  it("make room, what was not used for longest first, and the end of a prompt before its beginning", async () => {
    const disk = await filled(8, 10 * WHOLE);
    disk.note([5, 6, 7].map(nameOf));
    disk.note([0, 1, 2].map(nameOf));
    for (let number = 8; number < 11; number += 1) {
      disk.put(nameOf(number), block(number));
      disk.note([nameOf(number)]);
    }
    await disk.settled();
    const left = Array.from({ length: 11 }, (_, number) => number).filter((number) => disk.kept(nameOf(number)));
    expect(left).toEqual([0, 1, 2, 5, 6, 7, 8, 9, 10]);
    expect(disk.bytes).toBeLessThanOrEqual(10 * WHOLE);
    expect(disk.bytes).toBe(await prefixBytes(store));
  });

  it("of all windows together are bounded", async () => {
    const [disk, other] = [await open(10 * WHOLE), await open(10 * WHOLE)];
    for (let number = 0; number < 8; number += 1) {
      disk.put(nameOf(number), block(number));
      await disk.settled();
      other.put(nameOf(100 + number), block(100 + number));
      await other.settled();
      expect(await prefixBytes(store)).toBeLessThanOrEqual(10 * WHOLE);
    }
  });

  it("keep their age over a reload", async () => {
    const disk = await filled(4, 5 * WHOLE);
    disk.note([nameOf(0)]);
    disk.put(nameOf(9), block(9));
    await disk.settled();
    const again = await open(5 * WHOLE);
    again.put(nameOf(10), block(10));
    await again.settled();
    expect(again.kept(nameOf(0))).toBe(true);
    expect(await prefixBytes(store)).toBeLessThanOrEqual(5 * WHOLE);
  });

  it("end with a disk that is full, and answers do not", async () => {
    const disk = await filled(1);
    store.append = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
    for (const number of [1, 2]) disk.put(nameOf(number), block(number));
    await disk.settled();
    disk.put(nameOf(3), block(3));
    expect([0, 1, 2, 3].map((number) => disk.kept(nameOf(number)))).toEqual([true, undefined, undefined, undefined]);
    expect(disk.roomFor(1)).toBe(0);
    expect(await disk.get(nameOf(0))).toEqual(block(0));
  });

  it("leave no part of a file on a disk that is full", async () => {
    const disk = await filled(1);
    const append = store.append.bind(store);
    store.append = async (area, name, from) => {
      const writer = await append(area, name, from);
      const write = async (chunk: Uint8Array<ArrayBuffer>): Promise<void> => {
        await writer.write(chunk.subarray(0, 9));
        throw new DOMException("full", "QuotaExceededError");
      };
      return { write, close: () => writer.close() };
    };
    disk.put(nameOf(1), block(1));
    await disk.settled();
    expect([...(await store.sizes("prefixes")).keys()]).toEqual([file(0)]);
  });

  it("go when the person deletes them, and do not come back", async () => {
    const disk = await filled(2);
    await putBytes(store, "records", "model-x.json", new Uint8Array(2));
    disk.put(nameOf(2), block(2));
    const waiting = disk.settled();
    await deletePrefixes(undefined, store);
    await waiting;
    await deletePrefixes(undefined, store); // the message may come after the block that was being written
    for (const number of [0, 1, 2]) disk.put(nameOf(number), block(number));
    await disk.settled();
    expect(await prefixBytes(store)).toBe(0);
    expect([...(await store.sizes("records")).keys()].filter((name) => !name.startsWith("prefixes-"))).toHaveLength(1);
    expect((await open()).size).toBe(0);
  });

  it("of one model go with it", async () => {
    await filled(2);
    const other = `${"f".repeat(16)}-${"d".repeat(16)}`;
    const disk = await open(undefined, other);
    disk.put(nameOf(5), block(5));
    await disk.settled();
    await deletePrefixes(BUILD, store);
    expect([...(await store.sizes("prefixes")).keys()]).toEqual([`${other}-${nameOf(5)}`]);
    expect(disk.kept(nameOf(5))).toBe(true);
  });
});

describe("notes of when blocks were used", () => {
  it.each([[null], [5], [[["x", 1]]], [[[nameOf(1), "soon"]]], [{ length: 1e9 }]])("that are wrong are none: %j", async (notes) => {
    await putBytes(store, "records", `prefixes-${PLACE}.json`, new TextEncoder().encode(JSON.stringify(notes)));
    await filled(1);
    expect((await open()).kept(nameOf(0))).toBe(true);
  });
});
