/** The texts of a kernel as lines that name their lines of Python. */

import type { CodeLine } from "../codeList.js";
import type { KernelData, KernelIr, KernelText } from "../data/types.js";

/** The functions that the kernel's lines are from, with a heading for each. */
export function pythonLines(data: KernelData): CodeLine[] {
  const numbers = new Map(data.places.map(([file, line], number) => [`${file}:${line}`, number]));
  return data.python.flatMap(({ file, name, first, text }) => {
    const where = data.files[file] ?? "";
    const lines = text.split("\n").map((line, at) => {
      const number = numbers.get(`${file}:${first + at}`);
      return { text: line, number: `${first + at}`, lines: number === undefined ? [] : [number] };
    });
    return [{ text: `${where} · ${name}`, number: "", lines: [], heading: true }, ...lines];
  });
}

export function irLines({ text, lines }: KernelIr): CodeLine[] {
  return numbered(text, lines);
}

/** Without the comments that name the lines of Python: the page shows that better. */
export function textLines({ text, lines }: KernelText): CodeLine[] {
  return numbered(text, lines).map((line) => ({
    ...line,
    text: line.lines.length ? line.text.replace(/\s+(?:\/\/|;) [\w./]+\.py:\d+$/, "") : line.text,
  }));
}

function numbered(text: string, lines: readonly (readonly number[])[]): CodeLine[] {
  return text.split("\n").map((line, at) => ({ text: line, number: `${at + 1}`, lines: lines[at] ?? [] }));
}
