import type { Language } from "./languages.js";

/** What the worker is asked. It answers with markup, or null. */
export interface Colouring {
  readonly code: string;
  readonly language: Language;
}

/** What is used of a worker. */
type Colourist = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

/**
 * Code that takes longer, in milliseconds, keeps one colour. Grammars are regular expressions, some of
 * which try again from each character; 500 ordinary lines take a hundredth of it.
 */
const PATIENCE_MS = 2_000;

/** Colours code in a worker, one piece after the other. The worker is started for the first one. */
export class Highlighter {
  private worker: Colourist | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly start: () => Colourist) {}

  /** Code in the highlighter's markup; null where it cannot be coloured, or not in time. */
  colour(colouring: Colouring): Promise<string | null> {
    const result = this.last.then(() => this.ask(colouring));
    this.last = result;
    return result;
  }

  private ask(colouring: Colouring): Promise<string | null> {
    return new Promise((resolve) => {
      const ended = new AbortController();
      const end = (markup: unknown): void => {
        clearTimeout(timer);
        ended.abort(); // what this worker says later is about something else
        resolve(typeof markup === "string" ? markup : null);
      };
      const giveUp = (): void => {
        this.worker?.terminate();
        this.worker = null; // the next one gets another
        end(null);
      };
      const timer = setTimeout(giveUp, PATIENCE_MS);
      try {
        this.worker ??= this.start();
        this.worker.addEventListener("message", ({ data }) => end(data), { signal: ended.signal });
        // It cannot be had (offline, on a first visit), or it failed.
        this.worker.addEventListener("error", giveUp, { signal: ended.signal });
        this.worker.postMessage(colouring);
      } catch {
        giveUp(); // there are no workers here
      }
    });
  }
}

/** What the highlighter writes, and nothing else: spans with classes, and the entities of its text. */
const PIECES = /<span class="([\w -]+)">|<\/span>|&(amp|lt|gt|quot|#x27);|([^<&]+)/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'" };

/**
 * Code as text in spans, whose classes are the highlighter's, from its markup; null where it is not that
 * code.
 *
 * The code is untrusted, so the markup is never parsed as HTML: elements are made for its spans alone, and
 * the text must come out as it went in.
 */
export function coloured(code: string, markup: string): DocumentFragment | null {
  const fragment = elementsOf(markup);
  return fragment?.textContent === code ? fragment : null;
}

/** The elements that the highlighter's markup stands for; null where there is anything else in it. */
export function elementsOf(markup: string): DocumentFragment | null {
  const fragment = document.createDocumentFragment();
  const open: (DocumentFragment | HTMLElement)[] = [fragment];
  let text = "";
  const endText = (): void => {
    if (text) open.at(-1)?.append(text);
    text = "";
  };
  PIECES.lastIndex = 0;
  while (PIECES.lastIndex < markup.length) {
    const [piece, classes, entity, plain] = PIECES.exec(markup) ?? [];
    if (piece === undefined) return null;
    if (plain ?? entity) text += plain ?? ENTITIES[entity ?? ""] ?? "";
    else {
      endText();
      if (classes === undefined) open.pop();
      else open.push(appended(open.at(-1), classes));
      if (open.length === 0) return null;
    }
  }
  endText();
  return fragment;
}

function appended(parent: ParentNode | undefined, classes: string): HTMLElement {
  const span = document.createElement("span");
  span.className = classes;
  parent?.append(span);
  return span;
}
