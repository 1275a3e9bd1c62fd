/**
 * Says which lines of Python are lit, in words: for whoever hears the page, and on a phone, where the pane of
 * Python stands far above the text that is touched.
 */

import { h } from "../../page/dom.js";
import type { KernelData } from "../data/types.js";
import type { Links, Lit } from "../links.js";

/** Values that are written in a line may be from as many other lines; more than a few help nobody. */
const MOST_SAID = 3;

export class Origin {
  readonly element = h("p", { class: "origin", role: "status", hidden: true });
  private readonly lines: readonly string[][];
  readonly close: () => void;

  constructor(
    private readonly data: KernelData,
    links: Links,
  ) {
    this.lines = data.python.map(({ text }) => text.split("\n"));
    this.close = links.follow(({ chosen }, moved) => moved && this.say(chosen));
  }

  private say(chosen: Lit): void {
    const said = chosen.slice(0, MOST_SAID).flatMap((number) => {
      const [file, line] = this.data.places[number] ?? [0, 0];
      const name = this.data.files[file]?.split("/").at(-1) ?? "";
      const where = h("span", { class: "where" }, `${name}:${line}`);
      return [h("span", {}, where, " ", h("code", {}, this.python(file, line)))];
    });
    const more = chosen.length - MOST_SAID;
    this.element.hidden = !said.length;
    this.element.replaceChildren(...said, more > 0 ? h("span", { class: "where" }, `and ${more} more`) : "");
  }

  private python(file: number, line: number): string {
    const at = this.data.python.findIndex(
      (block, number) =>
        block.file === file && line >= block.first && line < block.first + (this.lines[number]?.length ?? 0),
    );
    return this.lines[at]?.[line - (this.data.python[at]?.first ?? 0)]?.trim() ?? "";
  }
}
