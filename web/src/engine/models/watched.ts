/**
 * Work on strangers' texts that cannot be stopped from within: a tokenizer's pattern may search for hours.
 * Who watches is told when such work begins and ends, and may end the thread that it runs in.
 */

import type { Coder, Template } from "../../text/types.js";

/** Told what begins, in words, and null where it has ended. */
export type Watch = (busy: string | null) => void;

/** Do work while somebody watches. */
export function watched<T>(watch: Watch, what: string, work: () => T): T {
  watch(what);
  try {
    return work();
  } finally {
    watch(null);
  }
}

/** Let a coder's encoding be watched. */
export function watchCoder(coder: Coder, watch: Watch): void {
  const encode = coder.encode.bind(coder);
  coder.encode = (text, options) => watched(watch, "the tokenizer", () => encode(text, options));
}

/** A template whose rendering is watched. */
export function watchTemplate(template: Template, watch: Watch): Template {
  const render: Template["render"] = (messages, options) =>
    watched(watch, "the chat template", () => template.render(messages, options));
  return { isPlain: template.isPlain, source: template.source, render };
}
