/** Makes elements of pictures. */

const NAMESPACE = "http://www.w3.org/2000/svg";

type Attributes = Readonly<Record<string, string | number>>;

/** An element of SVG with attributes and children; a string is text. */
export function s(
  tag: string,
  attributes: Attributes = {},
  ...children: (SVGElement | string | null)[]
): SVGElement {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A picture of this size with a description; it shrinks with its surroundings. */
export function picture(
  width: number,
  height: number,
  label: string,
  ...children: (SVGElement | null)[]
): SVGElement {
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return s("svg", { ...size, class: "picture", role: "img", "aria-label": label }, ...children);
}

/** A rectangle, with words that a pointer shows. */
export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  kind: string,
  title = "",
): SVGElement {
  const words = title ? s("title", {}, title) : null;
  return s("rect", { x, y, width: Math.max(0, width), height, class: kind, rx: 2 }, words);
}

/** Words at a place. */
export function words(x: number, y: number, text: string, kind = "", anchor = "start"): SVGElement {
  return s("text", { x, y, class: kind, "text-anchor": anchor }, text);
}
