/** Tables and sections, as all views have them. */

import { freshId, h } from "../page/dom.js";

type Cell = string | Node | null;

/** A table with a heading for each column; numbers stand on the right. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
): HTMLElement {
  const right = heads.map((_, at) => rows.length > 0 && rows.every((row) => isNumber(row[at])));
  const side = (at: number): string => (right[at] ? "number" : "");
  return h(
    "div",
    { class: "table", tabindex: 0, role: "group", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, caption),
      h(
        "thead",
        {},
        h("tr", {}, ...heads.map((head, at) => h("th", { scope: "col", class: side(at) }, head))),
      ),
      h(
        "tbody",
        {},
        ...rows.map((row) =>
          h(
            "tr",
            {},
            ...row.map((cell, at) =>
              h(at ? "td" : "th", { scope: at ? null : "row", class: side(at) }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

function isNumber(cell: Cell | undefined): boolean {
  return typeof cell === "string" && /^[\d.,]+(?: ?(?:×|%|µs|bytes|[kMG]B))?$|^–$/.test(cell);
}

/** Facts as terms with what they are. */
export function facts(pairs: readonly (readonly [string, Cell])[]): HTMLElement {
  return h(
    "dl",
    { class: "facts" },
    ...pairs.map(([term, is]) => h("div", {}, h("dt", {}, term), h("dd", {}, is))),
  );
}

/** What is wider than the page scrolls by itself, with the keyboard too. */
export function scroller(label: string, child: Element): HTMLElement {
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": label }, child);
}

/** A part of a view under its heading. */
export function section(title: string, ...children: (Node | string | null)[]): HTMLElement {
  const id = freshId("section");
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
}
