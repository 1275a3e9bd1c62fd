/**
 * From token ids back to text: at once, or id by id without ever showing half a character.
 *
 * Both kinds of tokenizer become the same thing here: each id stands for some bytes, the bytes are joined,
 * one rule says what happens to the space that starts the text, and the whole is read as UTF-8 (invalid bytes
 * show as U+FFFD). So the streamed text equals the text decoded at once, by construction.
 */

import type { DecodeOptions, LeadingSpace, Piece, StreamDecoder } from "./types.js";

const SPACE = 0x20;

/** What decoding needs of a tokenizer. */
export interface Pieces {
  readonly leadingSpace: LeadingSpace;
  piece(id: number): Piece;
}

/** What special tokens and ids beyond the vocabulary stand for. */
export const NOTHING: Piece = { data: new Uint8Array(0), droppable: true };

const utf8 = new TextEncoder();

/** A piece that stands for a text. */
export function textPiece(text: string, droppable = true): Piece {
  return { data: utf8.encode(text), droppable };
}

class Decoder implements StreamDecoder {
  readonly #pieces: Pieces;
  // Without ignoreBOM, the decoder would remove a U+FEFF at the start of the text.
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  #drop: LeadingSpace;

  constructor(pieces: Pieces, continued: boolean) {
    this.#pieces = pieces;
    this.#drop = continued ? "keep" : pieces.leadingSpace;
  }

  push(id: number): string {
    return this.#utf8.decode(this.#withoutLeadingSpace(this.#pieces.piece(id)), { stream: true });
  }

  flush(): string {
    return this.#utf8.decode();
  }

  #withoutLeadingSpace({ data, droppable }: Piece): Uint8Array {
    let rest = data;
    if (this.#drop !== "keep" && droppable && rest[0] === SPACE) {
      rest = rest.subarray(1);
      if (this.#drop === "drop one") this.#drop = "keep";
    }
    if (rest.length > 0) this.#drop = "keep";
    return rest;
  }
}

export function streamDecoder(pieces: Pieces, options: DecodeOptions = {}): StreamDecoder {
  return new Decoder(pieces, options.continued ?? false);
}

/** The text of all ids. */
export function decode(pieces: Pieces, ids: Iterable<number>, options: DecodeOptions = {}): string {
  const decoder = streamDecoder(pieces, options);
  let text = "";
  for (const id of ids) text += decoder.push(id);
  return text + decoder.flush();
}
