/**
 * Tokens that a grammar forces: text that must come is written without asking the model.
 *
 * The port of `runtime/grammar/ahead.py`, which says why the tokens are those that the model's own tokenizer
 * makes of the text, as far as no token could go on beyond what is certain.
 */

import type { Vocabulary } from "./vocabulary.js";

/** For fewer a step over several rows costs a graphics card as much as it saves. */
const LEAST_TOKENS = 3;

/** What knows text that must come, such as a `Matcher`. */
interface Forcing {
  forcedBytes(): Uint8Array;
  advance(token: number): boolean;
}

/** Writes the texts that grammars force with the tokens of one model. */
export class ForcedTokens {
  /** @param encode - the ids of a text, with no special token among them. */
  constructor(
    private readonly encode: (text: string) => readonly number[],
    private readonly vocabulary: Vocabulary,
  ) {}

  /**
   * The tokens that must come after a token, at most `most`, which the matcher takes. None where the model
   * should be asked.
   */
  take(matcher: Forcing, after: number, most: number): number[] {
    const text = wholeCharacters(matcher.forcedBytes());
    if (text.length < LEAST_TOKENS) return [];
    const certain: number[] = [];
    let left = this.certainBytes(text);
    for (const token of this.written(text, after).slice(0, most)) {
      left -= this.vocabulary.piece(token).length;
      if (left < 0) break;
      certain.push(token);
    }
    if (certain.length < LEAST_TOKENS) return [];
    const refused = certain.findIndex((token) => !matcher.advance(token));
    return refused < 0 ? certain : certain.slice(0, refused);
  }

  /** The number of bytes before the first place from which a token leads beyond the text. */
  private certainBytes(text: Uint8Array): number {
    for (let at = 0; at < text.length; at += 1) {
      if (this.vocabulary.hasLonger(text.subarray(at))) return at;
    }
    return text.length;
  }

  /**
   * The tokens of a text, as a tokenizer writes it behind a token; none where it does not.
   *
   * A tokenizer may put a space before a text, or join its beginning to what is before: behind other text it
   * does not. Where the token before does not keep to itself, a line end stands for it.
   */
  private written(text: Uint8Array, after: number): readonly number[] {
    const loose = new TextDecoder("utf-8", { ignoreBOM: true });
    const said = loose.decode(text);
    const before = loose.decode(this.vocabulary.piece(after)).replaceAll("\ufffd", "");
    for (const lead of [before, "\n"]) {
      const ids = this.encode(lead + said);
      let [length, first] = [0, ids.length];
      while (length < text.length && first > 0) {
        first -= 1;
        length += this.vocabulary.piece(ids[first] ?? 0).length;
      }
      if (length === text.length) return ids.slice(first);
    }
    return [];
  }
}

/** Bytes without a character that is cut at their end; none where they begin inside of one. */
function wholeCharacters(data: Uint8Array): Uint8Array {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let cut = 0; cut < Math.min(4, data.length + 1); cut += 1) {
    const whole = data.subarray(0, data.length - cut);
    try {
      strict.decode(whole);
      return whole;
    } catch {
      // a character is cut
    }
  }
  return new Uint8Array(0);
}
