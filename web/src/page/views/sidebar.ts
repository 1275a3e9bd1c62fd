import type { Actions } from "../actions.js";
import type { Conversation } from "../state/conversations.js";
import { MAX_TITLE } from "../state/conversations.js";
import { freshId, h, setAttribute, setChildren, setText } from "../dom.js";
import { formatDay } from "../format.js";
import type { AppState } from "../state/state.js";
import { brandMark } from "./brand.js";
import { iconButton, textButton } from "./buttons.js";
import { confirmLoss } from "./confirmDialog.js";
import { themeButton } from "./themeButton.js";
import type { View } from "./view.js";

/** The sidebar: brand, the conversations on this device, theme and settings. */
export class Sidebar implements View {
  readonly element: HTMLElement;
  private readonly list = h("div", { class: "chat-list" });
  private readonly entries = new Map<string, Entry>();
  private readonly groups = new Map<string, Group>();
  private readonly theme: View;

  constructor(private readonly actions: Actions) {
    this.theme = themeButton(actions);
    const close = iconButton("close", "Close the list of chats", () => actions.closeDrawer(), "only-narrow");
    const settings = textButton("Settings", () => actions.openSettings(), {
      icon: "sliders",
      class: "quiet",
    });
    this.element = h(
      "nav",
      { class: "sidebar", id: "sidebar", "aria-label": "Chats" },
      h("div", { class: "sidebar-head" }, brandMark(), h("span", { class: "brand" }, "kernelc"), close),
      textButton("New chat", () => actions.newChat(), { icon: "plus", class: "wide" }),
      this.list,
      h("div", { class: "sidebar-foot" }, settings, this.theme.element),
    );
  }

  update(state: AppState): void {
    this.theme.update(state);
    const now = this.actions.now();
    const titles = new Map<string, Element[]>();
    for (const chat of state.conversations) {
      const entry = this.entryFor(chat);
      entry.update(chat, chat.id === state.current.id, state.answering?.conversationId === chat.id);
      const day = formatDay(chat.updated, now);
      titles.set(day, [...(titles.get(day) ?? []), entry.element]);
    }
    this.forget(new Set(state.conversations.map((chat) => chat.id)));
    setChildren(
      this.list,
      titles.size > 0 ? [...titles].map(([day, entries]) => this.groupFor(day, entries)) : [this.empty],
    );
  }

  private readonly empty = h(
    "p",
    { class: "muted chat-list-empty" },
    "Your chats are kept on this device, and nowhere else.",
  );

  private groupFor(day: string, entries: Element[]): Element {
    const group = this.groups.get(day) ?? new Group(day);
    this.groups.set(day, group);
    setChildren(group.list, entries);
    return group.element;
  }

  private entryFor(chat: Conversation): Entry {
    const entry = this.entries.get(chat.id) ?? new Entry(this.actions, chat);
    this.entries.set(chat.id, entry);
    return entry;
  }

  private forget(known: ReadonlySet<string>): void {
    for (const id of this.entries.keys()) if (!known.has(id)) this.entries.delete(id);
  }
}

class Group {
  readonly list: HTMLElement;
  readonly element: HTMLElement;

  constructor(day: string) {
    const id = freshId("day");
    this.list = h("ul", { "aria-labelledby": id });
    this.element = h("div", { class: "chat-group" }, h("h2", { id }, day), this.list);
  }
}

/** One conversation in the list, which can be opened, renamed and deleted. */
class Entry {
  readonly element: HTMLElement;
  private readonly title = h("span", { class: "chat-title" });
  private readonly open: HTMLButtonElement;
  private readonly row: HTMLElement;
  private shown = "";

  constructor(
    private readonly actions: Actions,
    private chat: Conversation,
  ) {
    this.open = h(
      "button",
      { type: "button", class: "chat-open", on: { click: () => actions.openChat(this.chat.id) } },
      this.title,
    );
    const rename = iconButton("edit", "Rename", () => this.rename());
    const remove = iconButton("trash", "Delete", () => void this.remove());
    this.row = h(
      "div",
      { class: "chat-row" },
      this.open,
      h("span", { class: "chat-actions" }, rename, remove),
    );
    this.element = h("li", { class: "chat-entry" }, this.row);
  }

  update(chat: Conversation, current: boolean, busy: boolean): void {
    this.chat = chat;
    const shown = `${current} ${busy} ${chat.title}`;
    if (shown === this.shown) return; // a growing answer updates often, and changes nothing here
    this.shown = shown;
    setText(this.title, chat.title);
    this.open.title = chat.title;
    setAttribute(this.open, "aria-current", current ? "true" : null);
    this.row.classList.toggle("current", current);
    this.row.classList.toggle("busy", busy);
    for (const button of this.row.querySelectorAll(".icon-button")) {
      const verb = button.getAttribute("title") ?? "";
      setAttribute(button, "aria-label", `${verb} “${chat.title}”`);
    }
  }

  private rename(): void {
    const input = h("input", {
      type: "text",
      class: "chat-rename",
      maxlength: MAX_TITLE,
      "aria-label": "Name of the chat",
    });
    input.value = this.chat.title;
    let done = false;
    const finish = (keep: boolean): void => {
      if (done) return;
      done = true;
      if (keep) void this.actions.renameChat(this.chat.id, input.value);
      input.replaceWith(this.row);
      this.open.focus();
    };
    input.addEventListener("blur", () => finish(true));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      finish(event.key === "Enter");
    });
    this.row.replaceWith(input);
    input.select();
  }

  private async remove(): Promise<void> {
    const agreed = await confirmLoss(
      "Delete this chat?",
      `“${this.chat.title}” is kept only on this device, and cannot be brought back.`,
      "Delete",
    );
    if (agreed) await this.actions.deleteChat(this.chat.id);
  }
}
