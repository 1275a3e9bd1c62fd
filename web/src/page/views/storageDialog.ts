import type { Actions } from "../actions.js";
import { freshId, h, setText } from "../dom.js";
import { formatBytes, formatCount } from "../format.js";
import type { StorageEstimate } from "../state/ports.js";
import { storedFor, type AppState } from "../state/state.js";
import { iconButton, textButton } from "./buttons.js";
import { confirmLoss } from "./confirmDialog.js";
import type { View } from "./view.js";

/**
 * What is stored on this device, in a dialog at the side: models and chats, to be kept elsewhere, or deleted.
 */
export class StorageDialog implements View {
  readonly element: HTMLDialogElement;
  private readonly models = h("ul", { class: "stored-models" });
  private readonly none = h("p", { class: "muted" }, "No model is stored.");
  private readonly chats = h("p");
  private readonly room = h("p", { class: "muted" });
  private readonly file: HTMLInputElement;
  private readonly one: HTMLButtonElement;
  private readonly all: HTMLButtonElement;
  private readonly deletion: HTMLButtonElement;
  private shown: AppState | null = null;

  constructor(private readonly actions: Actions) {
    const titleId = freshId("storage");
    this.file = h("input", { type: "file", accept: ".json,application/json", hidden: true });
    this.file.addEventListener("change", () => void this.take());
    this.one = textButton("Save this chat", () => actions.exportChats(this.shown?.current.id ?? null));
    this.all = textButton("Save all chats", () => actions.exportChats(null));
    this.deletion = textButton("Delete all chats", () => void this.deleteAll(), { class: "danger" });
    const head = h(
      "div",
      { class: "dialog-head" },
      h("h2", { id: titleId }, "On this device"),
      iconButton("close", "Close", () => this.element.close()),
    );
    this.element = h("dialog", { class: "dialog side", "aria-labelledby": titleId }, head, this.body());
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
  }

  async open(): Promise<void> {
    this.element.showModal();
    await this.estimate();
  }

  update(state: AppState): void {
    const before = this.shown;
    this.shown = state;
    const count = state.conversations.length;
    const chats = count === 1 ? "One chat is" : `${formatCount(count)} chats are`;
    setText(this.chats, `${chats} kept here.`);
    this.one.hidden = state.current.messages.length === 0;
    this.all.disabled = this.deletion.disabled = count === 0;
    if (before?.stored !== state.stored || before.catalog !== state.catalog) this.listModels(state);
  }

  private body(): HTMLElement {
    const load = textButton("Open a file of chats…", () => this.file.click());
    return h(
      "div",
      { class: "dialog-body" },
      h("p", {}, "Models and chats are kept in this browser, and nowhere else."),
      this.room,
      h("h3", {}, "Models"),
      this.models,
      h("h3", {}, "Chats"),
      this.chats,
      h("div", { class: "storage-buttons" }, this.one, this.all, load, this.file),
      h("div", { class: "storage-buttons" }, this.deletion),
      h("p", {}, h("a", { href: "./licenses.txt", target: "_blank" }, "Licences of this page")),
    );
  }

  private listModels(state: AppState): void {
    const rows = state.stored.map(({ id, title, bytes, complete, url }) => {
      const model = state.catalog?.find((entry) => entry.url === url);
      const current = model !== undefined && storedFor(state, model)?.id === id;
      const words = `${model?.title ?? title} · ${formatBytes(bytes)}`;
      const note = complete ? (current ? "" : " · not used by this page") : " · not complete";
      return h(
        "li",
        {},
        h("span", {}, words + note),
        iconButton("trash", `Delete the files of ${model?.title ?? title}`, () => void this.delete(id)),
      );
    });
    this.models.replaceChildren(...(rows.length > 0 ? rows : [h("li", {}, this.none)]));
  }

  private async estimate(): Promise<void> {
    setText(this.room, roomWords(await this.actions.storageEstimate()));
  }

  private async delete(id: string): Promise<void> {
    await this.actions.deleteModel(id);
    await this.estimate();
  }

  private async deleteAll(): Promise<void> {
    const agreed = await confirmLoss(
      "Delete all chats?",
      "They cannot be brought back. Save those that matter to a file first.",
      "Delete all",
    );
    if (agreed) await this.actions.deleteAllChats();
  }

  private async take(): Promise<void> {
    const [file] = this.file.files ?? [];
    this.file.value = ""; // the same file may be chosen again
    if (file) await this.actions.importChats(file);
  }
}

/** "88 MB of 12 GB are used. The browser will not delete them by itself." */
export function roomWords({ usageBytes, quotaBytes, persisted }: StorageEstimate): string {
  const used = formatBytes(usageBytes);
  const share = quotaBytes === undefined ? used : `${used} of ${formatBytes(quotaBytes)}`;
  return `${share} are used. ${
    persisted
      ? "The browser will not delete them by itself."
      : "The browser may delete them where space is short: save chats that matter to a file."
  }`;
}
