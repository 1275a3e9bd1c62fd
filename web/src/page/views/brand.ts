const NAMESPACE = "http://www.w3.org/2000/svg";

/** The logo: the tiles of a matrix, some of them lit. */
export function brandMark(): SVGSVGElement {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "brand-mark");
  svg.setAttribute("aria-hidden", "true");
  for (let cell = 0; cell < 9; cell += 1) svg.append(tile(cell % 3, Math.floor(cell / 3)));
  return svg;
}

/** The lit tiles form a "k". */
const LIT = new Set([0, 3, 6, 4, 2, 8]);
/** The tile in its middle stands for the one that is being computed. */
const SPARK = 4;

function tile(column: number, row: number): SVGRectElement {
  const rect = document.createElementNS(NAMESPACE, "rect");
  const attributes = { x: 2 + column * 7, y: 2 + row * 7, width: 6, height: 6, rx: 1.6 };
  for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, String(value));
  const cell = row * 3 + column;
  rect.setAttribute("class", cell === SPARK ? "lit spark" : LIT.has(cell) ? "lit" : "unlit");
  return rect;
}
