import { freshId, h, setText } from "../dom.js";
import { nearestNumber, type NumberField } from "../state/settings.js";

/** A number that can be dragged and typed. */
export class SettingField {
  readonly element: HTMLElement;
  private readonly range: HTMLInputElement;
  private readonly number: HTMLInputElement;
  private readonly note = h("p", { class: "hint note", role: "status" });

  constructor(
    readonly field: NumberField,
    changed: () => void,
  ) {
    const bounds = { min: field.min, max: field.max, step: field.step };
    this.number = h("input", { id: freshId(field.key), type: "number", ...bounds, inputmode: "decimal" });
    this.range = h("input", { type: "range", ...bounds, "aria-label": field.label });
    this.element = labelled(this.number, field.label, field.hint, this.range);
    this.element.append(this.note);
    this.range.addEventListener("input", () => {
      this.number.value = this.range.value;
      setText(this.note, "");
      changed();
    });
    this.number.addEventListener("input", () => {
      this.range.value = this.number.value;
      setText(this.note, ""); // of what was typed before
      changed();
    });
    this.number.addEventListener("change", () => this.settle());
  }

  show(value: number): void {
    this.number.value = String(value);
    this.range.value = String(value);
    setText(this.note, "");
  }

  /** The number, or the bound that is next to it; the default where there is none. */
  read(): number {
    return nearestNumber(this.number.valueAsNumber, this.field);
  }

  /**
   * Once it is typed to the end: shows what is taken in its place where it is beyond the bounds, and says so.
   */
  private settle(): void {
    const [typed, taken] = [this.number.valueAsNumber, this.read()];
    this.show(taken);
    if (typed !== taken) setText(this.note, boundWords(typed, taken, this.field));
  }
}

/** Why another number is taken than the one that was typed. */
export function boundWords(
  typed: number,
  taken: number,
  { min, max, step }: Pick<NumberField, "min" | "max" | "step">,
): string {
  if (typed > max) return `${max} is the most.`;
  if (typed < min) return `${min} is the least.`;
  return Number.isNaN(typed) ? `Without a number it is ${taken}.` : `It goes in steps of ${step}.`;
}

/** An input with its label and a hint. */
export function labelled(
  input: HTMLElement,
  label: string,
  hint: string,
  extra: HTMLElement | null = null,
): HTMLElement {
  const hintId = freshId("hint");
  input.setAttribute("aria-describedby", hintId);
  return h(
    "div",
    { class: extra ? "setting with-range" : "setting" },
    h("label", { for: input.id }, label),
    input,
    extra,
    h("p", { class: "hint", id: hintId }, hint),
  );
}
