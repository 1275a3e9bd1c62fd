/**
 * The beginning of a prompt that a site's builder computed: a list of blocks beside the artifact, and a file
 * for each (`kernelc web --warm`). They are fetched and kept as an artifact's other files are, by sha256.
 */

import { KernelcError } from "../artifact/errors.js";
import { isSha256 } from "../weights/sha256.js";
import type { FileSpec } from "../weights/files.js";
import type { PrefixCache } from "./cache.js";
import { HEADER_BYTES, lengthIn, MAGIC, magicOf, sizesOf } from "./fileFormat.js";
import type { CacheLayout } from "./layout.js";
import { BLOCK } from "./names.js";
import type { Block } from "./store.js";

const VERSION = 1;
const MOST_BLOCKS = 4096;

/** The list of a site's blocks: a file beside the manifest. */
export interface WarmList extends FileSpec {
  readonly file: string;
  readonly bytes: number;
}

interface WarmBlock {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
}

/** Fetches a file of the artifact's folder and checks it. */
export type FetchFile = (name: string, spec: FileSpec) => Promise<Uint8Array>;

/**
 * Puts the blocks of a list into the cache's store, one after the other, from the beginning of the prompt on,
 * as far as there is room. `keeps` is told the sha256 of every file, before any of the blocks is fetched.
 *
 * @throws KernelcError "bad-artifact" for a list or a file that is not what it should be; as `fetch`.
 */
export async function loadWarm(
  cache: PrefixCache,
  list: WarmList,
  fetch: FetchFile,
  keeps: (sha256: readonly string[]) => Promise<void>,
): Promise<void> {
  const blocks = readList(await fetch(list.file, list), cache.build);
  await keeps([list.sha256, ...blocks.map(({ sha256 }) => sha256)]);
  const bytes = fileBytes(cache.layout);
  const wanted = blocks.slice(0, cache.store.roomFor(bytes));
  for (const { name, file, sha256 } of wanted) {
    if (cache.store.get(name)) continue;
    cache.store.put(name, decoded(await fetch(file, { sha256, bytes }), file, cache.layout));
  }
  cache.store.used(wanted.map(({ name }) => name)); // so that the end goes first
}

/** Bytes of a block's file with the rows of rings, as builders write them. */
function fileBytes(layout: CacheLayout): number {
  const { full, ring } = sizesOf(layout);
  return HEADER_BYTES + full + ring;
}

function readList(data: Uint8Array, build: string): WarmBlock[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(data));
  } catch {
    throw wrong("it is no JSON");
  }
  const list = value as Partial<Record<"version" | "build" | "block" | "blocks", unknown>> | null;
  if (list?.version !== VERSION || list.block !== BLOCK) throw wrong("it is of another version");
  if (list.build !== build) throw wrong("it is of another build of the model");
  const { blocks } = list;
  if (!Array.isArray(blocks) || blocks.length > MOST_BLOCKS || !blocks.every(isBlock)) {
    throw wrong("a list of blocks is wanted");
  }
  return blocks;
}

function isBlock(value: unknown): value is WarmBlock {
  const { name, file, sha256 } = (value ?? {}) as Partial<Record<keyof WarmBlock, unknown>>;
  const hashes = [name, sha256].every((hash) => typeof hash === "string" && isSha256(hash));
  return hashes && typeof file === "string";
}

/** The block in a file whose sha256 has been checked. */
function decoded(data: Uint8Array, file: string, layout: CacheLayout): Block {
  const { full } = sizesOf(layout);
  if (data.length !== fileBytes(layout) || magicOf(data) !== MAGIC) {
    throw wrong("it is no block of this model", file);
  }
  if (lengthIn(data) !== BigInt(full)) throw wrong("it is a block of another layout", file);
  return { full: data.slice(HEADER_BYTES, HEADER_BYTES + full), ring: data.slice(HEADER_BYTES + full) };
}

function wrong(why: string, file = "the list of its blocks"): KernelcError {
  const message = `A prompt that the site has computed is damaged: ${file}: ${why}.`;
  const help = "Answers are right without it. Build the site again.";
  return new KernelcError("bad-artifact", message, { help });
}
