import type { MarkedExtension, TokenizerExtension } from "marked";

/**
 * Formulas in Markdown: `$...$`, `$$...$$`, `\(...\)` and `\[...\]`. What is found becomes a piece of code of
 * the class "math-inline" or "math-display", which reads as it was written until it is drawn.
 *
 * A dollar sign is money more often than not. So, as in Pandoc, one opens a formula only where no space
 * follows it, and closes it only after no space; and neither may touch a letter or a digit outside.
 */

/** Longer ones stay text. They are no formulas, and looking for their ends would take long. */
export const LONGEST_FORMULA = 2_000;

const MOST_MARKS = 2_000;
/** Where no empty line follows, a formula on lines of its own is looked for within so many characters. */
const LONGEST_PARAGRAPH = 10_000;
const SPAN = `{1,${LONGEST_FORMULA}}`;
/** None of these can match in two ways, so their time grows with the length alone. */
const INLINE = [
  new RegExp(String.raw`^\$\$((?:\\[^]|[^\\$]|\$(?!\$))${SPAN}?)\$\$`),
  /^\$(?![\s$])((?:\\[^\n]|[^\\$\n]){1,1000})\$(?![\p{L}\p{N}_$])/u,
  new RegExp(String.raw`^\\\(((?:\\(?!\))[^]|[^\\])${SPAN}?)\\\)`),
  new RegExp(String.raw`^\\\[((?:\\(?!\])[^]|[^\\])${SPAN}?)\\\]`),
];
/** A formula on lines of its own, which may have empty ones in it. */
const BLOCK = [
  new RegExp(String.raw`^ {0,3}\$\$((?:\\[^]|[^\\$]|\$(?!\$))${SPAN}?)\$\$[ \t]*(?:\n+|$)`),
  new RegExp(String.raw`^ {0,3}\\\[((?:\\(?!\])[^]|[^\\])${SPAN}?)\\\][ \t]*(?:\n+|$)`),
];
const WORD_END = /[\p{L}\p{N}_$]$/u;

/** A formula as it was written, taken apart. */
export interface Formula {
  readonly tex: string;
  readonly display: boolean;
}

/** The formula that a text is, with its marks; null where it is none. */
export function formulaOf(source: string): Formula | null {
  const [, open, tex, close] = /^(\$\$|\$|\\[([])([^]*?)(\$\$|\$|\\[)\]])$/.exec(source.trim()) ?? [];
  if (open === undefined || tex === undefined || close === undefined || !tex.trim()) return null;
  return { tex: tex.trim(), display: open === "$$" || open === "\\[" };
}

/**
 * Whether formulas are looked for in a text. Most have no mark of one, and pay nothing; in one of nothing but
 * marks, looking for the end of each would take long.
 */
export function mayHaveMath(text: string): boolean {
  const marks = text.match(/\$|\\[([]/g)?.length ?? 0;
  return marks > 0 && marks <= MOST_MARKS;
}

/** The class of a formula's place. */
export function mathClass(source: string): string {
  return formulaOf(source)?.display ? "math-display" : "math-inline";
}

/** A text as HTML that shows it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const inline: TokenizerExtension = {
  name: "formula",
  level: "inline",
  start: (source) => firstOf(source, ["$", "\\(", "\\["]),
  tokenizer(source, tokens) {
    if (source[0] !== "$" && source[0] !== "\\") return undefined;
    const single = source[0] === "$" && source[1] !== "$";
    if (single && WORD_END.test(tokens.at(-1)?.raw.slice(-2) ?? "")) return undefined; // "US$5"
    for (const pattern of INLINE) {
      const raw = pattern.exec(source)?.[0];
      if (raw && formulaOf(raw) && !(single && /\s\$$/.test(raw))) return { type: "formula", raw, text: raw };
    }
    return undefined;
  },
};

const block: TokenizerExtension = {
  name: "formulaBlock",
  level: "block",
  // A paragraph ends at an empty line anyway: looking further would be done again for each.
  start: (source) => /^ {0,3}(?:\$\$|\\\[)/m.exec(source.slice(0, endOfParagraph(source)))?.index,
  tokenizer(source) {
    for (const pattern of BLOCK) {
      const raw = pattern.exec(source)?.[0];
      if (raw && formulaOf(raw)) return { type: "formulaBlock", raw, text: raw.trim() };
    }
    return undefined;
  },
};

function endOfParagraph(source: string): number {
  const near = source.slice(0, LONGEST_PARAGRAPH);
  const at = near.indexOf("\n\n");
  return at < 0 ? near.length : at;
}

/** The first of `marks` in a text. */
function firstOf(text: string, marks: readonly string[]): number | undefined {
  const found = marks.map((mark) => text.indexOf(mark)).filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : undefined;
}

/** Formulas as marked sees them when it looks for the ends of emphasis. */
const EMPHASIS_FREE = /\$[^$\n]{1,1000}\$|\\\([^\n]{1,1000}?\\\)/g;

/** The extension of marked that finds formulas. Their stars and underscores are no emphasis. */
export const mathSyntax: MarkedExtension = {
  hooks: { emStrongMask: (source) => source.replace(EMPHASIS_FREE, masked) },
  extensions: [
    { ...inline, renderer: ({ text }) => place(String(text)) },
    { ...block, renderer: ({ text }) => `<p>${place(String(text))}</p>\n` },
  ],
};

function masked(formula: string): string {
  return formula.replace(/[*_]/g, "a");
}

function place(source: string): string {
  return `<code class="${mathClass(source)}">${escapeHtml(source)}</code>`;
}
