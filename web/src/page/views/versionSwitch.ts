import type { Actions } from "../actions.js";
import { h, setText } from "../dom.js";
import { iconButton } from "./buttons.js";

/** Which of several versions of a message is shown, from 0 on. */
export interface Versions {
  shown: number;
  count: number;
}

/** "‹ 2 / 3 ›": goes through the versions of a message, and of what followed it. */
export class VersionSwitch {
  readonly element: HTMLElement;
  private readonly back: HTMLButtonElement;
  private readonly forth: HTMLButtonElement;
  private readonly place = h("span", { class: "versions-place" });
  private messageId = "";

  constructor(actions: Actions) {
    this.back = iconButton("back", "Earlier version", () => actions.chooseVersion(this.messageId, -1));
    this.forth = iconButton("forth", "Later version", () => actions.chooseVersion(this.messageId, 1));
    this.element = h("span", { class: "versions", hidden: true }, this.back, this.place, this.forth);
  }

  update(messageId: string, versions: Versions | null, canChange: boolean): void {
    this.messageId = messageId;
    this.element.hidden = versions === null;
    if (!versions) return;
    setText(this.place, `${versions.shown + 1} / ${versions.count}`);
    this.back.disabled = !canChange || versions.shown === 0;
    this.forth.disabled = !canChange || versions.shown === versions.count - 1;
  }
}
