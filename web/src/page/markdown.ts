import createDOMPurify from "dompurify";
import { Marked, type Token, type TokensList } from "marked";

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

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    checkbox: ({ checked }) => (checked ? "\u2611 " : "\u2610 "),
    // A picture would be requested from wherever the model says, so its address is shown as a link instead.
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
  },
});

const purify = createDOMPurify(window);
purify.addHook("afterSanitizeAttributes", (element) => {
  if (element.nodeName === "A") secureLink(element);
  const name = element.getAttribute("class");
  if (name !== null && !/^language-[\w+#.-]{1,40}$/.test(name)) element.removeAttribute("class");
});

/** Whether there are more pairs of emphasis marks than may be tried. Code has none, however long it is. */
function dense(text: string): boolean {
  if (text.length ** 2 < MOST_PAIRS) return false;
  const lexer = new marked.Lexer(marked.defaults);
  lexer.blockTokens(text, lexer.tokens);
  const marks = lexer.inlineQueue.map(({ src }) => src.match(/[*_~]/g)?.length ?? 0);
  return marks.reduce((pairs, count) => pairs + count ** 2, 0) > MOST_PAIRS;
}

function secureLink(link: Element): void {
  if (!LINKS.test(link.getAttribute("href") ?? "")) link.removeAttribute("href");
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer");
}

/** One block of an answer (a paragraph, a list, a table): its source text and its elements. */
interface Block {
  raw: string;
  nodes: Node[];
}

/**
 * Shows a growing Markdown text in an element.
 *
 * Only blocks that changed are made anew. So a selection further up is kept, and a long answer costs no more
 * per token than a short one.
 */
export class MarkdownView {
  private blocks: Block[] = [];

  constructor(private readonly element: Element) {}

  /** Shows `text`. Returns the plain text of the blocks completed since the last call, for screen readers. */
  update(text: string): string[] {
    if (NESTED.test(text) || STUCK.test(text)) return this.showPlain(text);
    try {
      return dense(text) ? this.showPlain(text) : this.showMarkdown(text);
    } catch {
      return this.showPlain(text); // where marked fails, show the text as it is
    }
  }

  private showMarkdown(text: string): string[] {
    const tokens = marked.lexer(text);
    const kept = this.countKept(tokens);
    const finished = this.blocks.length;
    for (const block of this.blocks.splice(kept)) removeAll(block.nodes);
    for (const token of tokens.slice(kept)) this.append(token, tokens);
    return this.textsBetween(Math.max(0, finished - 1), this.blocks.length - 1);
  }

  /** Shows the whole text once more, when no later line can change an earlier one. */
  finish(text: string): string[] {
    const last = this.textsBetween(Math.max(0, this.blocks.length - 1), this.blocks.length);
    for (const block of this.blocks.splice(0)) removeAll(block.nodes);
    this.update(text);
    return last;
  }

  /** Shows the text without formatting, as one block that is never spoken in part. */
  private showPlain(text: string): string[] {
    for (const block of this.blocks.splice(0)) removeAll(block.nodes);
    const paragraph = document.createElement("p");
    paragraph.className = "plain";
    paragraph.textContent = text;
    this.element.append(paragraph);
    this.blocks.push({ raw: "", nodes: [paragraph] });
    return [];
  }

  private countKept(tokens: readonly Token[]): number {
    const same = this.blocks.findIndex((block, index) => block.raw !== tokens[index]?.raw);
    return same < 0 ? Math.min(this.blocks.length, tokens.length) : same;
  }

  private append(token: Token, tokens: TokensList): void {
    const fragment = sanitise(marked.parser(Object.assign([token], { links: tokens.links })));
    const nodes = [...fragment.childNodes];
    this.element.append(fragment);
    this.blocks.push({ raw: token.raw, nodes });
  }

  private textsBetween(start: number, end: number): string[] {
    const texts = this.blocks
      .slice(start, Math.max(start, end))
      .map((block) => block.nodes.map(spoken).join(" "));
    return texts.map((text) => text.replace(/\s+/g, " ").trim()).filter((text) => text.length > 0);
  }
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

function removeAll(nodes: readonly Node[]): void {
  for (const node of nodes) node.parentNode?.removeChild(node);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
