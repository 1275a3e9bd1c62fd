/** The page's icons: strokes on a 24 by 24 grid, in the colour of the surrounding text. */

const PATHS = {
  plus: ["M12 5v14", "M5 12h14"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h16"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  send: ["M12 19V5", "M6 11l6-6 6 6"],
  stop: ["M7 7h10v10H7z"],
  copy: ["M9 9h10v11H9z", "M5 15V4h10"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  edit: ["M4 20h4L19 9l-4-4L4 16z", "M13 7l4 4"],
  retry: ["M20 12a8 8 0 1 1-2.4-5.7", "M20 3v4.5h-4.5"],
  trash: ["M5 7h14", "M10 7V4h4v3", "M7 7l1 13h8l1-13", "M10.5 11v5", "M13.5 11v5"],
  sliders: ["M4 8h9", "M19 8h1", "M16 5.5v5", "M4 16h1", "M11 16h9", "M8 13.5v5"],
  sun: [
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
    "M12 2.5v2",
    "M12 19.5v2",
    "M2.5 12h2",
    "M19.5 12h2",
    "M5.3 5.3l1.4 1.4",
    "M17.3 17.3l1.4 1.4",
    "M5.3 18.7l1.4-1.4",
    "M17.3 6.7l1.4-1.4",
  ],
  moon: ["M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z"],
  auto: ["M12 4a8 8 0 1 0 0 16z", "M12 4a8 8 0 0 1 0 16"],
  chip: [
    "M7 7h10v10H7z",
    "M10 3v4",
    "M14 3v4",
    "M10 17v4",
    "M14 17v4",
    "M3 10h4",
    "M3 14h4",
    "M17 10h4",
    "M17 14h4",
  ],
  warning: ["M12 4L2.8 20h18.4z", "M12 10v5", "M12 17.6v.1"],
  info: ["M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z", "M12 11v5.5", "M12 7.6v.1"],
  down: ["M6 9l6 6 6-6"],
  back: ["M15 6l-6 6 6 6"],
  forth: ["M9 6l6 6-6 6"],
  play: ["M8 5l11 7-11 7z"],
  box: ["M4 8h16v12H4z", "M4 8l2-4h12l2 4", "M10 12h4"],
  save: ["M12 4v11", "M7 10l5 5 5-5", "M5 20h14"],
} as const;

export type IconName = keyof typeof PATHS;

const NAMESPACE = "http://www.w3.org/2000/svg";

/** An icon. It is hidden from screen readers: the button around it has a name. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const data of PATHS[name]) {
    const path = document.createElementNS(NAMESPACE, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}
