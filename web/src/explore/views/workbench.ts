/** Edit a kernel's WGSL and run it on its golden tile, on the visitor's own device. */

import { h, setText } from "../../page/dom.js";
import type { Param } from "../../artifact/schema.js";
import type { Files } from "../data/load.js";
import type { KernelData, KernelText } from "../data/types.js";
import type { DeviceHolder } from "../run/device.js";
import { runTile, type Outcome } from "../run/tile.js";
import { failure } from "../failure.js";
import { outcomeView } from "./outcome.js";

const MOST_CHARACTERS = 2 ** 20;

export class Workbench {
  readonly element: HTMLElement;
  private readonly editor = h("textarea", {
    class: "editor",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    wrap: "off",
    rows: 20,
    maxlength: MOST_CHARACTERS,
    "aria-label": "WGSL to run",
    on: { input: () => this.edited(), scroll: () => (this.gutter.scrollTop = this.editor.scrollTop) },
  });
  private readonly gutter = h("div", { class: "gutter", "aria-hidden": "true" });
  private readonly run = h(
    "button",
    { class: "button primary", type: "button", on: { click: () => void this.start() } },
    "Run on this device",
  );
  private readonly reset = h(
    "button",
    { class: "button", type: "button", on: { click: () => this.restore() } },
    "Back to the original",
  );
  private readonly result = h("div", { class: "result", role: "status", "aria-live": "polite" });
  private text: KernelText | null = null;
  private marked: readonly number[] = [];

  constructor(
    private readonly data: KernelData,
    private readonly params: readonly Param[],
    private readonly files: Files,
    private readonly devices: DeviceHolder,
  ) {
    this.element = h(
      "div",
      { class: "workbench" },
      h("div", { class: "editing" }, this.gutter, this.editor),
      h("p", { class: "row" }, this.run, this.reset),
      this.result,
    );
  }

  /** Take another variant; what was changed in the one before is lost. */
  take(text: KernelText): void {
    this.text = text;
    this.restore();
    this.run.disabled = true; // until it is known whether the device can
    void this.devices.lacking(text).then((lacking) => {
      if (this.text !== text) return;
      this.run.disabled = !this.data.check || Boolean(lacking?.length);
      if (!lacking?.length) return;
      const said = `This device lacks ${lacking.join("; ")}: no run of this variant here.`;
      this.result.replaceChildren(h("p", { class: "note" }, said));
    });
  }

  private restore(): void {
    this.editor.value = this.text?.text ?? "";
    this.result.replaceChildren();
    this.edited();
  }

  private edited(): void {
    this.reset.disabled = this.editor.value === this.text?.text;
    this.mark([]);
  }

  /** Number the lines, and mark those that the compiler complains of. */
  private mark(lines: readonly number[]): void {
    const count = this.editor.value.split("\n").length;
    if (count === this.gutter.childElementCount && !lines.length && !this.marked.length) return;
    this.marked = lines;
    this.gutter.replaceChildren(
      ...Array.from({ length: count }, (_, at) =>
        h("span", { class: lines.includes(at + 1) ? "wrong" : "" }, `${at + 1}`),
      ),
    );
    this.gutter.scrollTop = this.editor.scrollTop;
  }

  private async start(): Promise<void> {
    const { text, data } = this;
    const { check } = data;
    if (!text || !check) return;
    const changed = this.editor.value;
    this.run.disabled = true;
    this.result.replaceChildren(h("p", { class: "muted" }, "Running …"));
    try {
      const [open, tile] = await Promise.all([this.devices.get(), this.files.tile(data.name)]);
      const outcome = await runTile(open, { data, text, check, params: this.params, tile, changed });
      if (this.text === text) this.show(outcome, changed === text.text);
    } catch (error) {
      if (this.text === text) this.result.replaceChildren(failure(error, "h3"));
    } finally {
      if (this.text === text) this.run.disabled = false;
      setText(this.run, "Run again");
    }
  }

  private show(outcome: Outcome, unchanged: boolean): void {
    this.mark(outcome.complaints.map(({ line }) => line));
    const { bindings } = this.data;
    this.result.replaceChildren(outcomeView(outcome, bindings, unchanged, (line) => this.goTo(line)));
  }

  /** Put the caret at a line. */
  private goTo(line: number): void {
    const before = this.editor.value
      .split("\n")
      .slice(0, line - 1)
      .join("\n");
    const at = before.length + (line > 1 ? 1 : 0);
    this.editor.focus();
    this.editor.setSelectionRange(at, at);
    const height = this.editor.scrollHeight / Math.max(1, this.editor.value.split("\n").length);
    this.editor.scrollTop = Math.max(0, (line - 4) * height);
  }
}
