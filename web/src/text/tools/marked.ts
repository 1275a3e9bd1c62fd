/** Special tokens are no text, but the marks of calls and thoughts among them must be seen. */

import type { StreamDecoder } from "../types.js";
import { CHANNEL_MARKS } from "./channels.js";
import { marksOf, type CallForm, type Thoughts } from "./forms.js";

/** A decoder that shows some special tokens as their text; `shown` has the texts by id. */
export function markedDecoder(decoder: StreamDecoder, shown: ReadonlyMap<number, string>): StreamDecoder {
  return {
    push: (id) => {
      const mark = shown.get(id);
      return mark === undefined ? decoder.push(id) : decoder.flush() + mark;
    },
    flush: () => decoder.flush(),
  };
}

/** The marks that are special tokens, by id. */
export function shownMarks(
  special: ReadonlyMap<string, number>,
  form: CallForm | null,
  thoughts: Thoughts | null,
): ReadonlyMap<number, string> {
  const ofThoughts = thoughts?.channels ? CHANNEL_MARKS : thoughts ? [thoughts.open, thoughts.close] : [];
  const marks = [...(form ? marksOf(form) : []), ...ofThoughts];
  return new Map(
    marks.flatMap((mark) => {
      const id = special.get(mark);
      return id === undefined ? [] : [[id, mark] as const];
    }),
  );
}
