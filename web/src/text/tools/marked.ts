/** Special tokens are no text, but the marks of calls and thoughts among them must be seen. */

import type { StreamDecoder } from "../types.js";
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
  const marks = [...(form ? marksOf(form) : []), ...(thoughts ? [thoughts.open, thoughts.close] : [])];
  return new Map(
    marks.flatMap((mark) => {
      const id = special.get(mark);
      return id === undefined ? [] : [[id, mark] as const];
    }),
  );
}
