// @vitest-environment jsdom
import { beforeAll, describe, expect, it } from "vitest";
import type { Actions } from "../../src/page/actions.js";
import { DEFAULT_SETTINGS, type Settings } from "../../src/page/state/settings.js";
import { SettingsDialog } from "../../src/page/views/settingsDialog.js";

const OWN = { temperature: 0.2, top_k: 1000, top_p: 0.9, min_p: 0, repetition_penalty: 1 };

/** A dialog, what it saved last, and how to change what it shows. */
function opened(own: typeof OWN | null, settings: Settings = DEFAULT_SETTINGS) {
  let saved = settings;
  const dialog = new SettingsDialog({
    setSettings: (next: Settings) => (saved = next),
  } as unknown as Actions);
  dialog.open({ settings, current: {} }, own);
  const input = (label: string): HTMLInputElement => {
    const labels = [...dialog.element.querySelectorAll("label")];
    const found = labels.find(({ textContent }) => textContent === label);
    return (
      dialog.element.querySelector<HTMLInputElement>(`[id="${found?.htmlFor ?? ""}"]`) ?? expect.fail(label)
    );
  };
  const type = (label: string, value: string): void => {
    input(label).value = value;
    input(label).dispatchEvent(new Event("input"));
  };
  const note = (label: string): string | null | undefined =>
    input(label).closest(".setting")?.querySelector(".note")?.textContent;
  return { saved: () => saved, input, type, note };
}

beforeAll(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined; // which jsdom lacks
});

describe("the dialog of settings", () => {
  it("takes a number typed by hand for a choice, whether or not a model is loaded", () => {
    for (const own of [OWN, null]) {
      const dialog = opened(own);
      dialog.type("Temperature", "0.5");
      expect(dialog.input("As the model recommends").checked).toBe(false);
      expect(dialog.saved()).toMatchObject({ recommended: false, temperature: 0.5 });
    }
  });

  it("keeps the recommendation where only the length of answers changes", () => {
    const dialog = opened(OWN);
    dialog.type("Longest answer", "64");
    expect(dialog.saved()).toMatchObject({
      recommended: true,
      maxTokens: 64,
      temperature: DEFAULT_SETTINGS.temperature,
    });
  });

  it("saves what it shows, as far as the fields go", () => {
    const dialog = opened(OWN);
    expect(dialog.input("Top-k").value).toBe("1000");
    dialog.type("Temperature", "0.5");
    expect([dialog.input("Top-k").value, dialog.saved().topK, dialog.saved().topP]).toEqual([
      "200",
      200,
      0.9,
    ]);
    for (const [typed, taken, words] of [
      ["7", 1, "1 is the most."],
      ["-1", 0.01, "0.01 is the least."],
      ["", DEFAULT_SETTINGS.topP, `Without a number it is ${DEFAULT_SETTINGS.topP}.`],
    ] as const) {
      dialog.type("Top-p", typed);
      expect(dialog.saved().topP).toBe(taken);
      expect(dialog.note("Top-p")).toBe(""); // while it is being typed
      dialog.input("Top-p").dispatchEvent(new Event("change"));
      expect([dialog.input("Top-p").value, dialog.note("Top-p")]).toEqual([String(taken), words]);
    }
  });

  it("takes the nearest seed there is, and says so", () => {
    const dialog = opened(null);
    for (const [typed, taken, words] of [
      ["7", 7, ""],
      ["-1", 0, "0 is the least."],
      ["4294967296", 4294967295, "4294967295 is the most."],
      ["1.7", 2, "It goes in steps of 1."],
      ["", null, ""],
    ] as const) {
      dialog.type("Seed", typed);
      expect(dialog.saved().seed).toBe(taken);
      expect(dialog.note("Seed")).toBe("");
      dialog.input("Seed").dispatchEvent(new Event("change"));
      expect([dialog.input("Seed").value, dialog.note("Seed")]).toEqual([String(taken ?? ""), words]);
    }
  });

  it("folds what few people change", () => {
    const dialog = opened(null);
    const folded = (label: string): boolean => dialog.input(label).closest("details:not([open])") !== null;
    expect(["Top-p", "Top-k", "Min-p", "Repetition penalty", "Seed"].filter((label) => !folded(label))).toEqual([]);
    expect(["System prompt", "Temperature", "Longest answer", "Models run on"].filter(folded)).toEqual([]);
  });

  it("gives a chat its own system prompt once it is typed to the end, or the dialog closes", () => {
    const given: string[] = [];
    const dialog = new SettingsDialog({ instructChat: (text: string) => given.push(text) } as unknown as Actions);
    dialog.open({ settings: DEFAULT_SETTINGS, current: { system: "Rhyme." } });
    const field = [...dialog.element.querySelectorAll("textarea")][1] ?? expect.fail("no field");
    expect(field.value).toBe("Rhyme.");
    field.value = "Sing.";
    field.dispatchEvent(new Event("input"));
    expect(given).toEqual([]);
    field.dispatchEvent(new Event("change"));
    dialog.element.dispatchEvent(new Event("close"));
    expect(given).toEqual(["Sing.", "Sing."]); // the second of which changes nothing
  });
});
