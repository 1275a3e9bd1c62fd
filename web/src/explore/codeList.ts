/** A text as a list of lines that can be chosen, with pointer or keyboard; linked lines light up together. */

import { freshId, h } from "../page/dom.js";
import { coloured, type Language } from "./colours.js";
import { reversed, type Light, type Links, type Lit } from "./links.js";

export interface CodeLine {
  readonly text: string;
  /** What stands before it: its number, or nothing. */
  readonly number: string;
  /** The lines of Python that it is from. */
  readonly lines: Lit;
  /** A heading between lines, which cannot be chosen. */
  readonly heading?: boolean;
}

const PAGE = 15; // lines that Page Down moves by
/** Texts of more lines keep one colour, so that they open at once. */
const MOST_COLOURED = 4000;

export class CodeList {
  readonly element: HTMLElement;
  private readonly rows: readonly HTMLElement[];
  private readonly at: ReadonlyMap<number, readonly number[]>;
  private active = -1;
  private lit: readonly number[] = [];
  private near: readonly number[] = [];

  constructor(
    label: string,
    language: Language,
    private readonly lines: readonly CodeLine[],
    private readonly links: Links,
  ) {
    this.at = reversed(lines.map((line) => line.lines));
    const colour = lines.length <= MOST_COLOURED;
    this.rows = lines.map((line) => row(line, colour ? language : null));
    this.element = h(
      "div",
      {
        class: "code-list",
        role: "listbox",
        tabindex: 0,
        "aria-label": label,
        "aria-multiselectable": "true",
        on: {
          click: (event) => this.clicked(event),
          keydown: (event) => this.pressed(event),
          mouseover: (event) => this.links.pointAt(this.lines[this.numberOf(event)]?.lines ?? [], this),
          mouseleave: () => this.links.pointAt([], this),
        },
      },
      ...this.rows,
    );
  }

  /** Follow what other panes choose, until `stop` is called. */
  follow(): () => void {
    return this.links.follow((light, moved) => this.show(light, moved));
  }

  private show(light: Light, moved: boolean): void {
    const chosen = this.of(light.chosen);
    const near = this.of(light.near);
    this.mark(this.lit, chosen, (element, on) => {
      element.classList.toggle("lit", on);
      element.setAttribute("aria-selected", String(on));
    });
    for (const line of chosen) {
      // The statement itself, beside lines that merely have a value of it in them.
      const own = this.lines[line]?.lines[0] === light.chosen[0];
      this.rows[line]?.classList.toggle("own", own);
    }
    this.mark(this.near, near, (element, on) => element.classList.toggle("near", on));
    [this.lit, this.near] = [chosen, near];
    if (!moved || light.from === this) return;
    // What a statement is, before the values that stand in it.
    const first = this.at.get(light.chosen[0] ?? -1)?.[0] ?? chosen[0];
    if (first !== undefined) this.reveal(first);
  }

  private of(lit: Lit): readonly number[] {
    return [...new Set(lit.flatMap((number) => this.at.get(number) ?? []))];
  }

  private mark(
    old: readonly number[],
    now: readonly number[],
    set: (element: HTMLElement, on: boolean) => void,
  ): void {
    const kept = new Set(now);
    for (const line of old) if (!kept.has(line)) set(this.rows[line] as HTMLElement, false);
    for (const line of now) set(this.rows[line] as HTMLElement, true);
  }

  /** Scroll this list alone, so that a line is a third from its top. */
  private reveal(line: number): void {
    const row = this.rows[line];
    if (!row) return;
    const { element } = this;
    const offset = row.getBoundingClientRect().top - element.getBoundingClientRect().top;
    if (offset >= 0 && offset < element.clientHeight - row.offsetHeight) return;
    element.scrollTop += offset - element.clientHeight / 3;
  }

  private numberOf(event: Event): number {
    const row = (event.target as Element).closest('[role="option"]');
    return row ? this.rows.indexOf(row as HTMLElement) : -1;
  }

  private clicked(event: MouseEvent): void {
    if (!getSelection()?.isCollapsed) return; // somebody marks text to copy it
    const line = this.numberOf(event);
    if (line >= 0) this.choose(line);
  }

  private choose(line: number): void {
    const old = this.rows[this.active];
    old?.classList.remove("active");
    this.active = line;
    const row = this.rows[line] as HTMLElement;
    row.classList.add("active");
    row.id ||= freshId("line");
    this.element.setAttribute("aria-activedescendant", row.id);
    this.reveal(line);
    this.links.choose(this.lines[line]?.lines ?? [], this);
  }

  private pressed(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: PAGE,
      PageUp: -PAGE,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (event.key === "Escape") this.links.choose([], this);
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const line = this.next(step);
    if (line !== null) this.choose(line);
  }

  /** The line that a key leads to: the nearest one there that is no heading. */
  private next(step: number): number | null {
    const last = this.rows.length - 1;
    const wanted = Math.min(last, Math.max(0, this.active + step));
    const onwards = step > 0 ? 1 : -1;
    for (const direction of [onwards, -onwards]) {
      for (let line = wanted; line >= 0 && line <= last; line += direction)
        if (isLine(this.lines[line])) return line;
    }
    return null;
  }
}

/** Whether there is something to choose. */
function isLine(line: CodeLine | undefined): boolean {
  return line !== undefined && !line.heading && line.text.trim() !== "";
}

function row(line: CodeLine, language: Language | null): HTMLElement {
  if (line.heading) return h("div", { class: "code-heading", role: "presentation" }, line.text);
  const parts = language ? coloured(line.text, language) : [{ text: line.text, kind: "" }];
  const code = h("span", { class: "code-text" });
  for (const { text, kind } of parts) code.append(kind ? h("span", { class: `c-${kind}` }, text) : text);
  const role = isLine(line) ? { role: "option", "aria-selected": "false" } : { role: "presentation" };
  return h(
    "div",
    { class: line.lines.length ? "code-line linked" : "code-line", ...role },
    h("span", { class: "code-number", "aria-hidden": "true" }, line.number),
    code,
  );
}
