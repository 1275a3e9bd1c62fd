/** The texts of a kernel side by side; which of them is chosen, and which variant of each. */

import { h } from "../../page/dom.js";
import { CodeList, type CodeLine } from "../codeList.js";
import type { Language } from "../colours.js";
import { LANGUAGE, TARGETS, type KernelData, type KernelText, type Target } from "../data/types.js";
import type { Links } from "../links.js";
import { irLines, pythonLines, textLines } from "./lines.js";

export type PaneName = "python" | "ir" | Target;

const PANES: readonly PaneName[] = ["python", "ir", ...TARGETS];
const AT_FIRST: readonly PaneName[] = ["python", "ir", "wgsl"];

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

  /**
   * @param onVariant - told when another variant of a language is chosen.
   */
  constructor(
    private readonly data: KernelData,
    private readonly links: Links,
    private readonly onVariant: (text: KernelText) => void,
  ) {
    const boxes = PANES.map((name) => {
      const why = this.whyNot(name);
      const input = h("input", {
        type: "checkbox",
        checked: AT_FIRST.includes(name) && why === null,
        disabled: why !== null,
        on: { change: () => (input.checked ? this.show(name) : this.hide(name)) },
      });
      return h("label", { class: "choice", title: why ?? "" }, input, LANGUAGE[name]);
    });
    const choices = h("fieldset", { class: "choices" }, h("legend", {}, "Side by side"), ...boxes);
    this.element = h("div", { class: "flow" }, choices, this.grid);
    for (const name of AT_FIRST) if (this.whyNot(name) === null) this.show(name);
  }

  /** The variant of a language that is shown, or was last; undefined where there is none. */
  text(target: Target): KernelText | undefined {
    return this.texts(target)[this.chosen.get(target) ?? 0];
  }

  /** Show another variant of a language. */
  choose(target: Target, number: number): void {
    if (number === (this.chosen.get(target) ?? 0)) return;
    this.chosen.set(target, number);
    for (const name of [target, ...(target === "wgsl" ? (["ir"] as const) : [])]) {
      if (!this.open.has(name)) continue;
      this.hide(name);
      this.show(name);
    }
    const text = this.text(target);
    if (text) this.onVariant(text);
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
    const next = after && this.grid.querySelector(`[data-pane="${after}"]`);
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
      const text = this.text("wgsl") ?? this.data.texts[0];
      const ir = this.data.irs[text?.ir ?? 0];
      const of = text ? `traced for ${LANGUAGE[text.target]}` : "";
      return { list: list("ir", ir ? irLines(ir) : []), status: of };
    }
    const text = this.text(name);
    return { list: list(name, text ? textLines(text) : []), status: text ? origin(text) : "" };
  }

  private variants(name: PaneName): HTMLElement | null {
    if (name === "python" || name === "ir") return null;
    const texts = this.texts(name);
    if (texts.length < 2) return null;
    const chosen = this.chosen.get(name) ?? 0;
    const select = h(
      "select",
      {
        "aria-label": `Variant of ${LANGUAGE[name]}`,
        on: { change: () => this.choose(name, select.selectedIndex) },
      },
      ...texts.map((text, at) => h("option", { selected: at === chosen }, variantName(text))),
    );
    return select;
  }
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
