import { h } from "../dom.js";
import { later, whenNear } from "./later.js";
import { formulaOf, type Formula } from "./mathSyntax.js";

/**
 * Drawn formulas by their source, to be copied, and null for what cannot be drawn: while a paragraph grows,
 * it is made anew for every token.
 */
const drawn = new Map<string, Element | null>();
/** So many are kept. */
const KEPT = 300;

const PLACES = "code.math-inline, code.math-display";

type Drawing = typeof import("./drawing.js");
let drawing: Drawing | null = null;

/**
 * Puts drawn formulas in their places within some nodes: at once where they were drawn before, else once they
 * are near what is in sight. A place whose formula cannot be drawn goes on showing its source.
 */
export function showFormulas(nodes: readonly Node[]): void {
  const elements = nodes.filter((node) => node instanceof Element);
  for (const place of elements.flatMap((element) => [...element.querySelectorAll<HTMLElement>(PLACES)])) {
    const source = place.textContent ?? "";
    const formula = formulaOf(source);
    const known = drawn.get(source);
    if (formula && known) put(place, known, formula);
    else if (formula && known === undefined) whenNear(place, () => void draw(place, source, formula));
  }
}

async function draw(place: HTMLElement, source: string, formula: Formula): Promise<void> {
  // Where the file cannot be had (offline, on a first visit), the source is shown.
  drawing ??= await import("./drawing.js").catch(() => null);
  if (!drawing || !place.isConnected) return;
  later.do(() => {
    const known = drawn.get(source);
    const element = known === undefined ? (drawing?.drawn(formula) ?? null) : known;
    keep(source, element);
    if (element && place.isConnected) put(place, element, formula);
  });
}

function keep(source: string, element: Element | null): void {
  drawn.set(source, element);
  for (const oldest of drawn.keys()) {
    if (drawn.size <= KEPT) break;
    drawn.delete(oldest);
  }
}

function put(place: HTMLElement, element: Element, { display }: Formula): void {
  const copy = element.cloneNode(true);
  if (!display) return place.replaceWith(h("span", { class: "math" }, copy));
  const attributes = { class: "math display", tabindex: 0, role: "group", "aria-label": "Formula" };
  place.replaceWith(h("span", attributes, copy));
}
