import type { Actions } from "../actions.js";
import type { GenerationInfo } from "../state/ports.js";
import { freshId, h, setText } from "../dom.js";
import {
  DEFAULT_SETTINGS,
  DEVICES,
  MAX_SEED,
  NUMBER_FIELDS,
  inForce,
  nearestSeed,
  readDevice,
  readSettings,
  type NumberField,
  type Settings,
} from "../state/settings.js";
import { MAX_SYSTEM_LENGTH } from "../state/conversations.js";
import { iconButton, textButton } from "./buttons.js";
import { boundWords, labelled, SettingField } from "./settingField.js";

/** What the dialog shows of the page's state. */
interface Shown {
  readonly settings: Settings;
  readonly current: { readonly system?: string };
}

const EXAMPLE = "Answer briefly, and in plain words.";

/**
 * System prompt and sampling, in a dialog at the side. Changes apply from the next answer on. What few
 * people change is folded.
 */
export class SettingsDialog {
  readonly element: HTMLDialogElement;
  private readonly system: HTMLTextAreaElement;
  /** The system prompt of the current chat alone. */
  private readonly ofChat: HTMLTextAreaElement;
  private readonly seed: HTMLInputElement;
  private readonly seedNote = h("p", { class: "hint note", role: "status" });
  private readonly recommended: HTMLInputElement;
  private readonly device: HTMLSelectElement;
  private readonly fields: readonly SettingField[];
  /** What the authors of the loaded model recommend. */
  private own: GenerationInfo | null = null;
  /** The numbers that apply where those do not. */
  private chosen: Settings = DEFAULT_SETTINGS;

  constructor(private readonly actions: Actions) {
    const titleId = freshId("settings");
    this.system = h("textarea", {
      id: freshId("system"),
      rows: 3,
      maxlength: MAX_SYSTEM_LENGTH,
      placeholder: EXAMPLE,
    });
    this.ofChat = h("textarea", {
      id: freshId("chat-system"),
      rows: 2,
      maxlength: MAX_SYSTEM_LENGTH,
      placeholder: "The one above",
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
    this.fields = NUMBER_FIELDS.map((field) => new SettingField(field, () => this.edited(field)));
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
    for (const [input, type] of [[this.ofChat, "change"], [this.element, "close"]] as const)
      input.addEventListener(type, () => void actions.instructChat(this.ofChat.value));
    this.seed.addEventListener("input", () => setText(this.seedNote, "")); // of what was typed before
    this.seed.addEventListener("change", () => this.settleSeed());
    this.element.addEventListener("click", (event) => this.closeOnBackdrop(event));
  }

  /**
   * `current` is the chat whose own system prompt is shown, `own` what the authors of the loaded model
   * recommend, and `site` the system prompt of the site, which chats have where nothing is written.
   */
  open({ settings, current }: Shown, own: GenerationInfo | null = null, site = ""): void {
    this.own = own;
    this.system.placeholder = site || EXAMPLE;
    this.ofChat.value = current.system ?? "";
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
      labelled(this.ofChat, "System prompt of this chat", "In place of the one above, in this chat alone."),
      h("h3", {}, "Sampling"),
      labelled(
        this.recommended,
        "As the model recommends",
        "The numbers below follow the model, where it has some.",
      ),
      ...this.fields.filter(({ field }) => !field.advanced).map(({ element }) => element),
      this.advanced(),
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

  private advanced(): HTMLElement {
    const seed = labelled(
      this.seed,
      "Seed",
      "The same seed and question give the same answer. Empty: another one each time.",
    );
    seed.append(this.seedNote);
    const fields = this.fields.filter(({ field }) => field.advanced).map(({ element }) => element);
    return h("details", { class: "advanced" }, h("summary", {}, "Advanced"), ...fields, seed);
  }

  private show(settings: Settings): void {
    this.chosen = settings;
    this.system.value = settings.system;
    this.seed.value = settings.seed === null ? "" : String(settings.seed);
    setText(this.seedNote, "");
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
      for (const each of this.fields) if (each.field.key !== key) each.show(each.read());
    }
    this.save();
  }

  private recommendedChanged(): void {
    this.show({ ...this.chosen, ...this.typed(), recommended: this.recommended.checked });
    this.save();
  }

  /** What the dialog holds besides the numbers of sampling. */
  private typed(): Pick<Settings, "system" | "seed" | "device"> {
    const seed = nearestSeed(this.seed.valueAsNumber);
    return { system: this.system.value, seed, device: readDevice(this.device.value) };
  }

  /** Shows the seed that is taken in place of the one that was typed, and says why. */
  private settleSeed(): void {
    const [typed, taken] = [this.seed.valueAsNumber, nearestSeed(this.seed.valueAsNumber)];
    const unreadable = this.seed.validity.badInput; // letters, say; "" is a choice
    this.seed.value = taken === null ? "" : String(taken);
    const words = taken === null ? "" : boundWords(typed, taken, { min: 0, max: MAX_SEED, step: 1 });
    const said = unreadable ? "A seed is a whole number." : words;
    if (unreadable || typed !== taken) setText(this.seedNote, said);
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
