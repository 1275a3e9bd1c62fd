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
  dialog.open(settings, own);
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
  return { saved: () => saved, input, type };
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
    for (const nonsense of ["7", "-1", ""]) {
      dialog.type("Top-p", nonsense);
      expect(dialog.saved().topP).toBe(DEFAULT_SETTINGS.topP);
    }
  });
});
