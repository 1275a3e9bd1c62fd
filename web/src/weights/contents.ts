import { type Bytes, isSha256 } from "./sha256.js";

/** Manifests are flat; anything nested deeper is ignored. */
const MAX_DEPTH = 16;

/** What storage needs to know of a manifest, read before the rest of it is checked. */
export interface Contents {
  readonly title: string | undefined;
  readonly shards: readonly { readonly bytes: number; readonly sha256: string }[];
  /** sha256 of every other file. */
  readonly files: readonly string[];
}

/** Whether the bytes are the manifest of an artifact: JSON with its `format`. */
export function isManifest(bytes: Bytes): boolean {
  try {
    const value = parse(bytes) as { format?: unknown } | null;
    return typeof value === "object" && value?.format === "kernelc-artifact";
  } catch {
    return false; // an error page, or the login page of a public network
  }
}

/**
 * Every sha256 in a manifest: entries with a size in a list named "shards" are shards, all others are files.
 */
export function contentsOf(manifest: Bytes): Contents {
  const value = parse(manifest);
  const { name } = value as { name?: unknown };
  const shards: { bytes: number; sha256: string }[] = [];
  const files = new Set<string>();
  visit(value, "", 0, (entry, key) => {
    if (key === "shards" && typeof entry.bytes === "number")
      shards.push({ bytes: entry.bytes, sha256: entry.sha256 });
    else files.add(entry.sha256);
  });
  return { title: typeof name === "string" ? name.slice(0, 200) : undefined, shards, files: [...files] };
}

interface Entry {
  readonly sha256: string;
  readonly bytes?: unknown;
}

/** Calls `found` for every object with a sha256, with its key, or the key of the list that holds it. */
function visit(value: unknown, key: string, depth: number, found: (entry: Entry, key: string) => void): void {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const item of value) visit(item, key, depth + 1, found);
    return;
  }
  const entry = value as Partial<Entry>;
  if (typeof entry.sha256 === "string" && isSha256(entry.sha256)) found(entry as Entry, key);
  for (const [name, item] of Object.entries(value)) visit(item, name, depth + 1, found);
}

function parse(bytes: Bytes): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
