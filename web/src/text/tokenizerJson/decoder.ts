/**
 * The "decoder" of a tokenizer.json, as a function from a token to its bytes.
 *
 * The library's own decode works on whole lists of tokens (and tidies up " ." and " n't"), but a stream
 * decodes them one at a time. Decoders that need the whole list are refused.
 */

import { textPiece } from "../detokenize.js";
import { show, type Fields } from "../fields.js";
import { UNSUPPORTED } from "./pattern.js";
import type { LeadingSpace, Piece } from "../types.js";

// The parts of a Sequence must come in this order; another order would give another result.
const STAGES = ["Replace", "Metaspace", "ByteLevel", "ByteFallback", "Fuse", "Strip"];

/**
 * For each byte, the printable character that stands for it in byte-level BPE. Source: GPT-2,
 * `bytes_to_unicode`.
 */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();
const BYTES: ReadonlyMap<string, number> = new Map(BYTE_CHARACTERS.map((char, byte) => [char, byte]));

function byteCharacters(): string[] {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (0x21 <= byte && byte <= 0x7e) || (0xa1 <= byte && byte <= 0xac) || 0xae <= byte;
    return String.fromCharCode(printable ? byte : 256 + others++);
  });
}

/** How a token's spelling becomes bytes. */
export interface PieceDecoder {
  readonly leadingSpace: LeadingSpace;
  piece(token: string): Piece;
}

/** The decoder of a tokenizer.json; throws KernelcError("bad-artifact") where its kind is not supported. */
export function readDecoder(tokenizer: Fields): PieceDecoder {
  const decoder = tokenizer.child("decoder");
  if (!decoder) throw tokenizer.fail("decoder", "got nothing, wanted how tokens become text", UNSUPPORTED);
  const parts = decoder.text("type") === "Sequence" ? decoder.children("decoders", 64) : [decoder];
  const kinds = parts.map((part) => part.text("type"));
  const places = kinds.map((kind) => STAGES.indexOf(kind));
  if (places.some((place, at) => place < (places[at - 1] ?? 0)) || places.length === 0) {
    throw decoder.fail("type", `got ${show(kinds.join(", "))}, wanted ${STAGES.join(", ")}`, UNSUPPORTED);
  }
  if (kinds.includes("Strip") && !kinds.includes("Fuse")) {
    throw decoder.fail("type", "got Strip without Fuse, which strips every token", UNSUPPORTED);
  }
  const replacements = parts.filter((_, at) => (places[at] ?? 0) < 2).map(replacementOf);
  const fallback = kinds.includes("ByteFallback");
  const piece = kinds.includes("ByteLevel")
    ? byteLevelPiece
    : (token: string) => plainPiece(token, replacements, fallback);
  return { leadingSpace: leadingSpaceOf(parts), piece };
}

function byteLevelPiece(token: string): Piece {
  const bytes = [...token].map((char) => BYTES.get(char) ?? -1);
  return bytes.includes(-1) ? textPiece(token) : { data: Uint8Array.from(bytes), droppable: true };
}

function plainPiece(
  token: string,
  replacements: readonly (readonly [string, string])[],
  fallback: boolean,
): Piece {
  let text = token;
  for (const [old, fresh] of replacements) text = text.replaceAll(old, () => fresh);
  const byte = fallback ? /^<0x([0-9A-Fa-f]{2})>$/.exec(text) : null;
  return byte
    ? { data: Uint8Array.of(Number.parseInt(byte[1] ?? "", 16)), droppable: true }
    : textPiece(text);
}

function leadingSpaceOf(parts: readonly Fields[]): LeadingSpace {
  for (const part of parts) {
    if (part.text("type") === "Metaspace") {
      const otherwise = part.flag("add_prefix_space", true) ? "always" : "never";
      if (part.text("prepend_scheme", otherwise) !== "never") return "drop one";
    }
    if (part.text("type") === "Strip") {
      const [content, start, stop] = ["content", "start", "stop"].map((key) => part.data.get(key));
      if (content === " " && start === 1 && stop === 0) return "drop one";
      throw part.fail(
        "Strip",
        `got ${show([content, start, stop].join(", "))}, wanted " ", 1, 0`,
        UNSUPPORTED,
      );
    }
  }
  return "keep";
}

function replacementOf(part: Fields): readonly [string, string] {
  if (part.text("type") === "Metaspace") return [part.text("replacement", "\u2581"), " "];
  const old = part.child("pattern")?.data.get("String");
  if (typeof old !== "string" || !old) throw part.fail("pattern", "wanted a plain string", UNSUPPORTED);
  return [old, part.text("content", "")];
}
