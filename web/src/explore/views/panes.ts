/** The texts of a kernel side by side; which of them is chosen, and which variant of each. */

import { h } from "../../page/dom.js";
import { CodeList, type CodeLine } from "../codeList.js";
import type { Language } from "../colours.js";
import { LANGUAGE, TARGETS, type KernelData, type KernelText, type Target } from "../data/types.js";
import type { Links } from "../links.js";
import { irLines, pythonLines, textLines } from "./lines.js";

export type PaneName = "python" | "ir" | Target;

const PANES: readonly PaneName[] = ["python", "ir", ...TARGETS];

/** What one pane shows now, and what its head offers beside its name. */
interface Shown {
  readonly list: CodeList;
  readonly status: string;
}

export class Panes {
  readonly element: HTMLElement;
  private readonly grid = h("div", { class: "panes" });
  private readonly open = new Map<PaneName, () => void>();
  private readonly chosen = new Map<Target, number>();
  private leading: Target;

  /**
   * @param onVariant - told when another variant of a language is chosen.
   * @param onLead - told when kernel IR is shown as it was traced for another text.
   */
  constructor(
    private readonly data: KernelData,
    private readonly links: Links,
    private readonly onVariant: (text: KernelText) => void,
    private readonly onLead: (text: KernelText) => void,
  ) {
    this.leading = leadOf(data.texts);
    const atFirst: readonly PaneName[] = ["python", "ir", this.leading];
    const boxes = PANES.map((name) => {
      const why = this.whyNot(name);
      const input = h("input", {
        type: "checkbox",
        checked: atFirst.includes(name) && why === null,
        disabled: why !== null,
        on: { change: () => (input.checked ? this.show(name) : this.hide(name)) },
      });
      return h("label", { class: "choice", title: why ?? "" }, input, LANGUAGE[name]);
    });
    const choices = h("fieldset", { class: "choices" }, h("legend", {}, "Side by side"), ...boxes);
    this.element = h("div", { class: "flow" }, choices, this.grid);
    for (const name of atFirst) if (this.whyNot(name) === null) this.show(name);
  }

  /** The text whose kernel IR is shown; undefined where no language can say the kernel. */
  get lead(): KernelText | undefined {
    return this.text(this.leading);
  }

  /** The variant of a language that is shown, or was last; undefined where there is none. */
  text(target: Target): KernelText | undefined {
    return this.texts(target)[this.chosen.get(target) ?? 0];
  }

  /** Show another variant of a language. */
  choose(target: Target, number: number): void {
    if (number === (this.chosen.get(target) ?? 0)) return;
    this.chosen.set(target, number);
    this.again(target);
    const text = this.text(target);
    if (text) this.onVariant(text);
    if (target === this.leading) this.traceFor(target);
  }

  /** Show kernel IR as it was traced for a language. */
  private traceFor(target: Target): void {
    this.leading = target;
    this.again("ir");
    const text = this.lead;
    if (text) this.onLead(text);
  }

  /** Show a pane anew if it is open; whoever has just chosen in it goes on there. */
  private again(name: PaneName): void {
    if (!this.open.has(name)) return;
    const inside = this.pane(name)?.contains(document.activeElement);
    this.hide(name);
    this.show(name);
    if (inside) this.pane(name)?.querySelector("select")?.focus();
  }

  private pane(name: PaneName): HTMLElement | null {
    return this.grid.querySelector(`[data-pane="${name}"]`);
  }

  close(): void {
    for (const name of [...this.open.keys()]) this.hide(name);
  }

  texts(target: Target): readonly KernelText[] {
    return this.data.texts.filter((text) => text.target === target);
  }

  /** Why a pane cannot be shown; null where it can. */
  private whyNot(name: PaneName): string | null {
    if (name === "python") return null;
    if (name === "ir") return this.data.irs.length ? null : "No language can say this kernel";
    return this.texts(name).length ? null : (this.data.refused.get(name) ?? "Not printed for it");
  }

  private show(name: PaneName): void {
    const { list, status } = this.shown(name);
    const stop = list.follow();
    const pane = h(
      "section",
      { class: "pane", "data-pane": name, "aria-label": LANGUAGE[name] },
      h(
        "div",
        { class: "pane-head" },
        h("h3", {}, LANGUAGE[name]),
        this.variants(name),
        h("span", { class: "muted" }, status),
      ),
      list.element,
    );
    const after = PANES.slice(PANES.indexOf(name) + 1).find((each) => this.open.has(each));
    const next = after && this.pane(after);
    this.grid.insertBefore(pane, next ?? null);
    this.open.set(name, () => {
      stop();
      pane.remove();
    });
  }

  private hide(name: PaneName): void {
    this.open.get(name)?.();
    this.open.delete(name);
  }

  private shown(name: PaneName): Shown {
    const list = (language: Language, lines: readonly CodeLine[]): CodeList =>
      new CodeList(`${LANGUAGE[name]} of ${this.data.name}`, language, lines, this.links);
    if (name === "python") return { list: list("python", pythonLines(this.data)), status: "" };
    if (name === "ir") {
      const ir = this.data.irs[this.lead?.ir ?? 0];
      return { list: list("ir", ir ? irLines(ir) : []), status: "" };
    }
    const text = this.text(name);
    return { list: list(name, text ? textLines(text) : []), status: text ? origin(text) : "" };
  }

  private variants(name: PaneName): HTMLElement | null {
    if (name === "python") return null;
    if (name === "ir") return this.traces();
    const texts = this.texts(name);
    if (texts.length < 2) return null;
    const chosen = this.chosen.get(name) ?? 0;
    const select = h(
      "select",
      {
        "aria-label": `Variant of ${LANGUAGE[name]}`,
        on: { change: () => this.chose(name, select.selectedIndex) },
      },
      ...texts.map((text, at) => h("option", { selected: at === chosen }, variantName(text))),
    );
    return select;
  }

  /** Whoever chooses a variant wants to see how it was traced, too. */
  private chose(target: Target, number: number): void {
    if (target !== this.leading) this.traceFor(target);
    this.choose(target, number);
  }

  /** The languages that kernel IR was traced for. */
  private traces(): HTMLElement {
    const targets = TARGETS.filter((target) => this.texts(target).length);
    const select = h(
      "select",
      {
        "aria-label": "What the kernel IR is traced for",
        on: { change: () => this.traceFor(targets[select.selectedIndex] ?? this.leading) },
      },
      ...targets.map((target) =>
        h("option", { selected: target === this.leading }, `traced for ${LANGUAGE[target]}`),
      ),
    );
    return select;
  }
}

/** Of the languages that the artifact has, else of all, the first; WGSL is the first of these. */
export function leadOf(texts: readonly KernelText[]): Target {
  return (texts.find(({ same }) => same !== null) ?? texts[0])?.target ?? "wgsl";
}

/** What a variant asks of a device, in a few words. */
export function variantName({ requires, workgroup }: KernelText): string {
  const { features, subgroup_size } = requires;
  const size = subgroup_size === null ? "" : ` of ${subgroup_size}`;
  const named = features.map((name) =>
    name === "subgroups" ? `subgroups${size}` : name.replace("tile_", "tiles "),
  );
  return `${named.join(", ") || "any device"} · ${workgroup} threads`;
}

function origin({ same }: KernelText): string {
  if (same === null) return "printed for this page";
  return same ? "as in the artifact" : "not the artifact’s text";
}
