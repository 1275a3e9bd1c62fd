import createDOMPurify from "dompurify";
import { Marked, type MarkedExtension, type Token } from "marked";
import { colourCode } from "./reading/code.js";
import { showFormulas } from "./reading/formulas.js";
import { escapeHtml, mathSyntax, mayHaveMath } from "./reading/mathSyntax.js";

/**
 * Turns the Markdown of an answer into elements.
 *
 * An answer is untrusted: a model repeats what it was given. There are three barriers, each of which
 * suffices: HTML in the text is shown as text, the output of marked goes through DOMPurify with a short list
 * of tags, and the page's Content-Security-Policy allows neither scripts nor requests to other sites.
 */

const TAGS = [
  "a",
  "blockquote",
  "br",
  "code",
  "del",
  "em",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "li",
  "ol",
  "p",
  "pre",
  "strong",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];
const ATTRIBUTES = ["href", "title", "class", "start", "align"];
/**
 * This many quote and list marks in a row nest deeper than anybody reads, and than marked's recursion may go.
 */
const NESTED = /^[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*){50}/m;
/**
 * A run of one character, as stuck models produce: marked's time grows with the square or cube of its length.
 */
const STUCK = /[*_]{200}/;
/**
 * In a text without blocks (a paragraph, a cell, the line of an item), marked tries pairs of emphasis marks,
 * again for each new token. This many pairs take 40 ms and never occur in prose: they are 2,000 marks in one
 * paragraph, or 500 in each of sixteen.
 */
const MOST_PAIRS = 4e6;
const LINKS = /^(?:https?|mailto):/i;
/** The language of code, and the place of a formula: an answer can name no other class. */
const CLASSES = /^(?:language-[\w+#.-]{1,40}|math-(?:inline|display))$/;

const MARKDOWN: MarkedExtension = {
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    checkbox: ({ checked }) => (checked ? "\u2611 " : "\u2610 "),
    // A picture would be requested from wherever the model says, so its address is shown as a link instead.
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
  },
};
const plain = new Marked(MARKDOWN);
const withMath = new Marked(MARKDOWN, mathSyntax);

const purify = createDOMPurify(window);
purify.addHook("afterSanitizeAttributes", (element) => {
  if (element.nodeName === "A") secureLink(element);
  const name = element.getAttribute("class");
  if (name !== null && !CLASSES.test(name)) element.removeAttribute("class");
});

/** Whether there are more pairs of emphasis marks than may be tried. Code has none, however long it is. */
function dense(text: string): boolean {
  if (text.length ** 2 < MOST_PAIRS) return false;
  const lexer = new plain.Lexer(plain.defaults);
  lexer.blockTokens(text, lexer.tokens);
  const marks = lexer.inlineQueue.map(({ src }) => src.match(/[*_~]/g)?.length ?? 0);
  return marks.reduce((pairs, count) => pairs + count ** 2, 0) > MOST_PAIRS;
}

function secureLink(link: Element): void {
  if (!LINKS.test(link.getAttribute("href") ?? "")) link.removeAttribute("href");
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer");
}

/** One block of an answer (a paragraph, a list, a table), and its elements. */
interface Block {
  /** Its source text. */
  readonly raw: string;
  /** What marked made of it; null where no later line can change that. */
  readonly html: string | null;
  readonly nodes: readonly Node[];
  /** Its plain text, for screen readers. */
  readonly said: string;
  /** The text of a block of code, and its language, so that the block can grow in its place. */
  readonly code: { readonly text: Text; readonly language: string } | null;
}

/**
 * Shows a growing Markdown text in an element.
 *
 * Only blocks that changed are made anew, and code grows in its place. So a selection further up is kept, and
 * a long answer costs no more per token than a short one. Code is coloured once a block follows it.
 */
export class MarkdownView {
  private blocks: Block[] = [];

  /** `frame` puts what it likes around a block of code. */
  constructor(
    private readonly element: Element,
    private readonly frame: (pre: HTMLElement) => void = () => undefined,
  ) {}

  /** Shows `text`. Returns the plain text of the blocks completed since the last call, for screen readers. */
  update(text: string): string[] {
    return this.show(text, false);
  }

  /** Shows the whole text once more, when no later line can change an earlier one. */
  finish(text: string): string[] {
    const last = this.textsBetween(Math.max(0, this.blocks.length - 1), this.blocks.length);
    this.show(text, true);
    for (const { nodes } of this.blocks.slice(-1)) colour(nodes);
    return last;
  }

  private show(text: string, final: boolean): string[] {
    if (NESTED.test(text) || STUCK.test(text)) return this.showPlain(text);
    try {
      return dense(text) ? this.showPlain(text) : this.showMarkdown(text, final);
    } catch {
      return this.showPlain(text); // where marked fails, show the text as it is
    }
  }

  private showMarkdown(text: string, final: boolean): string[] {
    const marked = mayHaveMath(text) ? withMath : plain;
    const tokens = marked.lexer(text);
    const render = (token: Token): string => marked.parser(Object.assign([token], { links: tokens.links }));
    const finished = this.blocks.length;
    let kept = this.countKept(tokens, final ? render : null);
    if (this.grow(kept, tokens[kept])) kept += 1;
    for (const { nodes } of this.blocks.splice(kept)) removeAll(nodes);
    for (const token of tokens.slice(kept)) this.append(token, render(token));
    for (const { nodes } of this.blocks.slice(Math.max(0, Math.min(kept, finished - 1)), -1)) colour(nodes);
    return this.textsBetween(Math.max(0, finished - 1), this.blocks.length - 1);
  }

  /** Shows the text without formatting, as one block that is never spoken in part. */
  private showPlain(text: string): string[] {
    for (const { nodes } of this.blocks.splice(0)) removeAll(nodes);
    const paragraph = document.createElement("p");
    paragraph.className = "plain";
    paragraph.textContent = text;
    this.element.append(paragraph);
    this.blocks.push({ raw: "", html: null, nodes: [paragraph], said: "", code: null });
    return [];
  }

  /** How many blocks stay as they are; with `render`, in view of the addresses that may follow, too. */
  private countKept(tokens: readonly Token[], render: ((token: Token) => string) | null): number {
    const same = this.blocks.findIndex(({ raw, html }, index) => {
      const token = tokens[index];
      return raw !== token?.raw || (render !== null && html !== null && html !== render(token));
    });
    return same < 0 ? Math.min(this.blocks.length, tokens.length) : same;
  }

  /** Lets the last block grow where it is code that goes on; false where it is made anew. */
  private grow(index: number, token: Token | undefined): boolean {
    const block = this.blocks[index];
    if (index !== this.blocks.length - 1 || !block?.code || token?.type !== "code") return false;
    const { text, language } = block.code;
    // Where colours took the text's place (an answer that goes on after its end), the block is made anew.
    if (languageOf(token) !== language || !text.parentNode) return false;
    const [before, now] = [text.data.replace(/\n$/, ""), codeOf(token)];
    if (now.startsWith(before)) text.replaceData(before.length, text.length, now.slice(before.length));
    else text.data = now; // what looked like code was the first character of the closing fence
    this.blocks[index] = { ...block, raw: token.raw, said: squeeze(now) };
    return true;
  }

  private append(token: Token, html: string): void {
    const fragment = sanitise(html);
    const said = squeeze(spoken(fragment));
    const code = token.type === "code" ? growing(fragment, languageOf(token)) : null;
    for (const pre of fragment.querySelectorAll("pre")) this.frame(pre);
    const nodes = [...fragment.childNodes];
    this.element.append(fragment);
    showFormulas(nodes);
    this.blocks.push({ raw: token.raw, html: code ? null : html, nodes, said, code });
  }

  private textsBetween(start: number, end: number): string[] {
    const blocks = this.blocks.slice(start, Math.max(start, end));
    return blocks.map(({ said }) => said).filter((said) => said.length > 0);
  }
}

/** The text of the block of code in a fragment, which may go on. */
function growing(fragment: DocumentFragment, language: string): Block["code"] {
  const code = fragment.querySelector("pre > code");
  if (code?.firstChild === null) code.append(""); // nothing follows the fence so far
  const text = code?.firstChild;
  return text instanceof Text ? { text, language } : null;
}

/** The text of a block of code, as marked shows it. */
function codeOf(token: Token): string {
  const text = "text" in token ? String(token.text).replace(/\n$/, "") : "";
  return text && `${text}\n`;
}

/** All that the fence of a block of code names; "" for one without. */
function languageOf(token: Token): string {
  return "lang" in token ? String(token.lang ?? "") : "";
}

function colour(nodes: readonly Node[]): void {
  for (const node of nodes) if (node instanceof Element) colourCode(node);
}

function sanitise(html: string): DocumentFragment {
  const fragment = purify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: LINKS,
    ADD_URI_SAFE_ATTR: ["start", "align"], // otherwise their values would have to look like addresses
    RETURN_DOM_FRAGMENT: true,
  });
  for (const pre of fragment.querySelectorAll("pre")) makeScrollable(pre, "Code");
  for (const table of fragment.querySelectorAll("table")) wrapTable(table);
  return fragment;
}

/** Lets wide elements scroll by themselves, with the keyboard too. */
function makeScrollable(element: HTMLElement, label: string): void {
  element.tabIndex = 0;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", label);
}

function wrapTable(table: Element): void {
  const wrapper = document.createElement("div");
  wrapper.className = "table-scroll";
  makeScrollable(wrapper, "Table");
  table.replaceWith(wrapper);
  wrapper.append(table);
}

/** A block's text, with a space for each visible line break or cell boundary. */
function spoken(node: Node): string {
  if (node.nodeName === "BR") return " ";
  if (!node.hasChildNodes()) return node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "") : "";
  const text = Array.from(node.childNodes, spoken).join("");
  return /^(?:LI|P|TD|TH|PRE)$/.test(node.nodeName) ? `${text} ` : text;
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function removeAll(nodes: readonly Node[]): void {
  for (const node of nodes) node.parentNode?.removeChild(node);
}

