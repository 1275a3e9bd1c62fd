import { h } from "../dom.js";
import { coloured, Highlighter } from "./highlighter.js";
import { languageOf, shownName, type Language } from "./languages.js";
import { later, whenNear } from "./later.js";

/**
 * Code of more characters keeps one colour: this is 500 lines, and so many elements take a few milliseconds.
 */
export const MOST_COLOURED = 20_000;
/** So does code with a longer line, as minified code has it, which nobody reads. */
export const LONGEST_COLOURED = 2_000;

/** The language that the fence of a block of code names; "" where it names none. */
export function fenceName(pre: Element): string {
  return /^language-(.+)$/.exec(pre.firstElementChild?.className ?? "")?.[1] ?? "";
}

/**
 * Puts a line above a block of code, with its language and `button`. So the button covers nothing, however
 * large the text is.
 */
export function frameCode(pre: HTMLElement, button: HTMLElement): void {
  const name = shownName(fenceName(pre));
  pre.setAttribute("aria-label", name ? `Code in ${name}` : "Code");
  const head = h("div", { class: "code-head" }, h("span", { class: "code-name" }, name), button);
  const frame = h("div", { class: "code" }, head);
  pre.replaceWith(frame);
  frame.append(pre);
}

/** Colours the code within an element, where its language is known, once it is near what is in sight. */
export function colourCode(element: Element): void {
  const all = element.matches("pre") ? [element] : element.querySelectorAll("pre");
  for (const pre of all) {
    const language = languageOf(fenceName(pre));
    const code = pre.firstElementChild;
    if (!language || !code || code.childElementCount > 0 || !isColoured(code.textContent ?? "")) continue;
    whenNear(pre, () => void colour(code, language));
  }
}

/** Whether code is short enough to be coloured. */
export function isColoured(code: string): boolean {
  return code.length <= MOST_COLOURED && code.split("\n").every((line) => line.length <= LONGEST_COLOURED);
}

const highlighter = new Highlighter(
  () => new Worker(new URL("./highlightWorker.ts", import.meta.url), { type: "module" }),
);

async function colour(code: Element, language: Language): Promise<void> {
  const text = code.textContent ?? "";
  const markup = await highlighter.colour({ code: text, language });
  if (markup === null) return;
  later.do(() => {
    const fragment = code.isConnected && code.textContent === text ? coloured(text, markup) : null;
    if (fragment) code.replaceChildren(fragment);
  });
}
