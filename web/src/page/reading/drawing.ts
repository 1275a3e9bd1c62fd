/**
 * Draws formulas. This file is a chunk of its own, with KaTeX, its styles and fonts: for the first formula.
 */
import katex from "katex";
import "katex/dist/katex.min.css";
import type { Formula } from "./mathSyntax.js";

/** What a model asks for may be at most this large, in ems: it could cover the page otherwise. */
const LARGEST_EM = 12;
/** How many macros a formula may expand: KaTeX's own, some of which consist of others. */
const MOST_EXPANSIONS = 1_000;
/**
 * A formula that defines macros can grow with each use of one. Together they may make this many symbols.
 * Those with parameters could make the square of their length of each, so they are not drawn.
 */
const MOST_SYMBOLS = 20_000;
const DEFINES = /\\(?:[gex]?def|(?:future)?let|(?:re)?newcommand|providecommand)(?![a-zA-Z])/;
/** More elements than any formula that is read; KaTeX makes about ten of each symbol. */
const MOST_ELEMENTS = 10_000;

const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));
/** By namespace, what KaTeX makes. */
const ELEMENTS: ReadonlyMap<string | null, ReadonlySet<string>> = new Map([
  [HTML, words("span")],
  [SVG, words("svg path line g")],
  [
    MATHML,
    words(`
      math semantics annotation mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover
      munderover mmultiscripts mprescripts mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose merror
      mfenced mglyph
    `),
  ],
]);
const ATTRIBUTES = words(`
  class style aria-hidden xmlns encoding display displaystyle scriptlevel mathvariant mathcolor mathbackground
  mathsize stretchy fence separator symmetric largeop movablelimits accent accentunder form minsize maxsize
  lspace rspace linebreak width height depth voffset notation linethickness columnalign columnspacing
  columnlines rowalign rowspacing rowlines columnspan side framespacing frame lquote rquote
  preserveAspectRatio viewBox d x1 x2 y1 y2 stroke stroke-width
`);
const MOST_STYLED = 6_000; // characters of one style

/** KaTeX's own tree, which becomes elements by `toNode`. */
interface Tree {
  readonly children?: readonly Tree[];
  readonly attributes?: Record<string, string>;
  toNode(): Node;
}

/** KaTeX's functions that its types leave out. */
interface Builder {
  __renderToDomTree(tex: string, options: Parameters<typeof katex.renderToString>[1]): Tree;
}

/**
 * The elements of a formula; null where it is not one, or asks for more than it may.
 *
 * A formula is untrusted. KaTeX makes elements, not markup, and its commands that link, load or name classes
 * are off; what it made is held against the list above all the same.
 */
export function drawn({ tex, display }: Formula): Element | null {
  const defines = DEFINES.test(tex);
  if (defines && tex.includes("#")) return null;
  try {
    const tree = (katex as unknown as Builder).__renderToDomTree(tex, {
      displayMode: display,
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxSize: LARGEST_EM,
      maxExpand: defines ? Math.floor(MOST_SYMBOLS / tex.length) : MOST_EXPANSIONS,
      macros: {}, // what one formula defines is gone with it
    });
    if (withoutStyles(tree) > MOST_ELEMENTS) return null;
    const element = tree.toNode();
    return element instanceof Element && isHarmless(element) ? element : null;
  } catch {
    return null; // it is not a formula, or nests deeper than KaTeX can go
  }
}

/**
 * Takes the styles off the MathML, which is for screen readers: the page's policy forbids those that are
 * set as attributes. (Those of the visible part are set one by one, which it allows.) Returns how many nodes
 * there are.
 */
function withoutStyles(tree: Tree): number {
  if (tree.attributes) delete tree.attributes.style;
  return (tree.children ?? []).reduce((count, child) => count + withoutStyles(child), 1);
}

/** Whether an element and all in it are what KaTeX makes of a formula that only shows something. */
export function isHarmless(root: Element): boolean {
  return [root, ...root.querySelectorAll("*")].every(
    (element) =>
      ELEMENTS.get(element.namespaceURI)?.has(element.localName) &&
      [...element.attributes].every(
        ({ name, value }) => ATTRIBUTES.has(name) && !(name === "style" && !isPlainStyle(value)),
      ),
  );
}

/** A style without an address, and none that takes an element out of its place on the page. */
function isPlainStyle(style: string): boolean {
  return style.length < MOST_STYLED && !/url|image|position\s*:\s*(?:fixed|absolute|sticky)/i.test(style);
}
