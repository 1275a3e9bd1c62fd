/** Files and lines stay short enough to be read side by side. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");
const [MOST_LINES, MOST_COLUMNS] = [300, 110];

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, lines: readFileSync(join(SRC, name), "utf8").trimEnd().split("\n") }));

describe("the files of src", () => {
  it("are there", () => {
    expect(files.length).toBeGreaterThan(50);
  });

  it(`have at most ${MOST_LINES} lines`, () => {
    const long = files.filter(({ lines }) => lines.length > MOST_LINES);
    expect(long.map(({ name, lines }) => `${name}: ${lines.length}`)).toEqual([]);
  });

  it(`have lines of at most ${MOST_COLUMNS} columns`, () => {
    const long = files.flatMap(({ name, lines }) =>
      lines.flatMap((line, at) => (line.length > MOST_COLUMNS ? [`${name}:${at + 1}: ${line.length}`] : [])),
    );
    expect(long).toEqual([]);
  });
});
