import type { Actions } from "../actions.js";
import type { GenerationInfo } from "../state/ports.js";
import { freshId, h } from "../dom.js";
import {
  DEFAULT_SETTINGS,
  DEVICES,
  MAX_SEED,
  MAX_SYSTEM_LENGTH,
  NUMBER_FIELDS,
  inForce,
  readDevice,
  readNumber,
  readSeed,
  readSettings,
  type NumberField,
  type Settings,
} from "../state/settings.js";
import { iconButton, textButton } from "./buttons.js";

/** System prompt and sampling, in a dialog at the side. Changes apply from the next answer on. */
export class SettingsDialog {
  readonly element: HTMLDialogElement;
  private readonly system: HTMLTextAreaElement;
  private readonly seed: HTMLInputElement;
  private readonly recommended: HTMLInputElement;
  private readonly device: HTMLSelectElement;
  private readonly fields: readonly Field[];
  /** What the authors of the loaded model recommend. */
  private own: GenerationInfo | null = null;
  /** The numbers that apply where those do not. */
  private chosen: Settings = DEFAULT_SETTINGS;

  constructor(private readonly actions: Actions) {
    const titleId = freshId("settings");
    this.system = h("textarea", {
      id: freshId("system"),
      rows: 5,
      maxlength: MAX_SYSTEM_LENGTH,
      placeholder: "Answer briefly, and in plain words.",
    });
    this.seed = h("input", {
      id: freshId("seed"),
      type: "number",
      min: 0,
      max: MAX_SEED,
      step: 1,
      placeholder: "random",
      inputmode: "numeric",
    });
    this.recommended = h("input", { id: freshId("recommended"), type: "checkbox" });
    const devices = DEVICES.map(([value, words]) => h("option", { value }, words));
    this.device = h("select", { id: freshId("device") }, ...devices);
    this.fields = NUMBER_FIELDS.map((field) => new Field(field, () => this.edited(field)));
    const head = h(
      "div",
      { class: "dialog-head" },
      h("h2", { id: titleId }, "Settings"),
      iconButton("close", "Close the settings", () => this.element.close()),
    );
    const foot = h(
      "div",
      { class: "dialog-buttons" },
      textButton("Reset to defaults", () => this.reset()),
      textButton("Done", () => this.element.close(), { class: "primary" }),
    );
    this.element = h("dialog", { class: "dialog side", "aria-labelledby": titleId }, head, this.body(), foot);
    this.recommended.addEventListener("change", () => this.recommendedChanged());
    this.device.addEventListener("change", () => this.save());
    for (const input of [this.system, this.seed]) input.addEventListener("input", () => this.save());
    this.element.addEventListener("click", (event) => this.closeOnBackdrop(event));
  }

  /** `own` is what the authors of the loaded model recommend. */
  open(settings: Settings, own: GenerationInfo | null = null): void {
    this.own = own;
    this.show(settings);
    this.element.showModal();
  }

  private body(): HTMLElement {
    return h(
      "div",
      { class: "dialog-body" },
      labelled(
        this.system,
        "System prompt",
        "Given to the model before every conversation. Not every model follows one.",
      ),
      h("h3", {}, "Sampling"),
      labelled(
        this.recommended,
        "As the model recommends",
        "The numbers below follow the model, where it has some.",
      ),
      ...this.fields.map((field) => field.element),
      labelled(
        this.seed,
        "Seed",
        "The same seed and question give the same answer. Empty: another one each time.",
      ),
      h("h3", {}, "Device"),
      labelled(
        this.device,
        "Models run on",
        "Applies when a model is loaded the next time. The processor is slower.",
      ),
      h(
        "p",
        { class: "muted" },
        "Settings apply from the next answer on, in every chat, and are kept on this device.",
      ),
    );
  }

  private show(settings: Settings): void {
    this.chosen = settings;
    this.system.value = settings.system;
    this.seed.value = settings.seed === null ? "" : String(settings.seed);
    this.recommended.checked = settings.recommended;
    this.device.value = settings.device;
    const shown = inForce(settings, this.own);
    for (const field of this.fields) field.show(shown[field.field.key]);
  }

  /**
   * A number was changed by hand: from now on the numbers apply, not what this model or the next one
   * recommends. What the model recommends beyond a field's bounds becomes what the field can hold.
   */
  private edited({ key }: NumberField): void {
    if (key !== "maxTokens" && this.recommended.checked) {
      this.recommended.checked = false;
      for (const each of this.fields) if (each.field.key !== key) each.show(each.nearest());
    }
    this.save();
  }

  private recommendedChanged(): void {
    this.show({ ...this.chosen, ...this.typed(), recommended: this.recommended.checked });
    this.save();
  }

  /** What the dialog holds besides the numbers of sampling. */
  private typed(): Pick<Settings, "system" | "seed" | "device"> {
    const seed = this.seed.value === "" ? null : readSeed(this.seed.valueAsNumber);
    return { system: this.system.value, seed, device: readDevice(this.device.value) };
  }

  private save(): void {
    const recommended = this.recommended.checked;
    const settings: Settings = { ...this.chosen, ...this.typed(), recommended };
    for (const { field, read } of this.fields.map((each) => ({ field: each.field, read: each.read() }))) {
      // While the model's own numbers are shown, those chosen before are kept.
      if (!(recommended && this.own) || field.key === "maxTokens") settings[field.key] = read;
    }
    this.chosen = readSettings(settings);
    this.actions.setSettings(this.chosen);
  }

  private reset(): void {
    this.show(DEFAULT_SETTINGS);
    this.save();
  }

  private closeOnBackdrop(event: MouseEvent): void {
    if (event.target === this.element) this.element.close();
  }
}

/** A number that can be dragged and typed. */
class Field {
  readonly element: HTMLElement;
  private readonly range: HTMLInputElement;
  private readonly number: HTMLInputElement;

  constructor(
    readonly field: NumberField,
    changed: () => void,
  ) {
    const bounds = { min: field.min, max: field.max, step: field.step };
    this.number = h("input", { id: freshId(field.key), type: "number", ...bounds, inputmode: "decimal" });
    this.range = h("input", { type: "range", ...bounds, "aria-label": field.label });
    this.element = labelled(this.number, field.label, field.hint, this.range);
    this.range.addEventListener("input", () => {
      this.number.value = this.range.value;
      changed();
    });
    this.number.addEventListener("input", () => {
      this.range.value = this.number.value;
      changed();
    });
    this.number.addEventListener("change", () => this.show(this.read()));
  }

  show(value: number): void {
    this.number.value = String(value);
    this.range.value = String(value);
  }

  /** The number; the default where there is none within the field's bounds. */
  read(): number {
    return readNumber(this.number.valueAsNumber, this.field);
  }

  /** The number, or the bound that is next to it. */
  nearest(): number {
    const { min, max } = this.field;
    return readNumber(Math.min(Math.max(this.number.valueAsNumber, min), max), this.field);
  }
}

function labelled(
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
