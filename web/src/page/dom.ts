/** Makes and changes elements without any markup in strings: nothing here parses HTML. */

type Child = Node | string | null | undefined | false;

interface Attributes {
  class?: string;
  on?: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
  [attribute: string]: unknown;
}

/**
 * An element with attributes, listeners and children. `true` sets an empty attribute; null and false set
 * none.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { on, ...rest } = attributes;
  for (const [name, value] of Object.entries(rest)) setAttribute(element, name, value);
  for (const [type, listener] of Object.entries(on ?? {}))
    element.addEventListener(type, listener as EventListener);
  element.append(
    ...children.filter(
      (child): child is Node | string => child !== null && child !== undefined && child !== false,
    ),
  );
  return element;
}

/** Sets an attribute, or removes it where the value is null, undefined or false. */
export function setAttribute(element: Element, name: string, value: unknown): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * Sets an element's text, but not where it is the same already: that would disturb screen readers and
 * selections.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Hides an element or shows it, but does not touch one where that is so already. */
export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** Puts the children in place. Those that are in the document already are not moved. */
export function setChildren(parent: Element, children: readonly Element[]): void {
  if (children.length === parent.children.length && areAt(parent, children)) return;
  const wanted = new Set(children);
  for (const old of [...parent.children]) if (!wanted.has(old)) old.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/** Whether the first children of `parent` are these. */
function areAt(parent: Element, children: readonly Element[]): boolean {
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child !== next) return false;
    next = next.nextElementSibling;
  }
  return true;
}

let idCounter = 0;

/** A new id for `for`, `aria-labelledby` and similar attributes. */
export function freshId(prefix: string): string {
  idCounter += 1;
  return `${prefix}-${idCounter}`;
}
