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

const NO_CHATS = "Your chats are kept on this device, and nowhere else.";
/** With fewer chats than this, one sees them all. */
const SEARCHED_FROM = 4;

/** The sidebar: brand, the conversations on this device, theme and settings. */
export class Sidebar implements View {
  readonly element: HTMLElement;
  private readonly list = h("div", { class: "chat-list" });
  private readonly entries = new Map<string, Entry>();
  private readonly groups = new Map<string, Group>();
  private readonly theme: View;
  private readonly search: HTMLInputElement;
  /** The state whose conversations are listed. */
  private listed: AppState | null = null;

  constructor(private readonly actions: Actions) {
    this.theme = themeButton(actions);
    const close = iconButton("close", "Close the list of chats", () => actions.closeDrawer(), "only-narrow");
    const settings = textButton("Settings", () => actions.openSettings(), {
      icon: "sliders",
      class: "quiet",
    });
    const storage = iconButton("box", "What is on this device", () => actions.openStorage());
    this.search = h("input", {
      type: "search",
      class: "chat-search",
      placeholder: "Search",
      "aria-label": "Search the chats",
      on: { input: () => this.listed && this.showList(this.listed) },
    });
    this.element = h(
      "nav",
      { class: "sidebar", id: "sidebar", "aria-label": "Chats" },
      h("div", { class: "sidebar-head" }, brandMark(), h("span", { class: "brand" }, "kernelc"), close),
      textButton("New chat", () => actions.newChat(), { icon: "plus", class: "wide" }),
      this.search,
      this.list,
      h("div", { class: "sidebar-foot" }, settings, storage, this.theme.element),
    );
  }

  update(state: AppState): void {
    this.theme.update(state);
    // A growing answer changes the state many times a second, and nothing here.
    if (this.listed && sameList(this.listed, state)) return;
    this.showList(state);
  }

  private showList(state: AppState): void {
    this.listed = state;
    this.search.hidden = state.conversations.length < SEARCHED_FROM;
    const wanted = this.search.hidden ? "" : this.search.value;
    const now = this.actions.now();
    const groups = new Map<string, Element[]>();
    for (const chat of state.conversations) {
      if (!isFound(chat, wanted)) continue;
      const entry = this.entryFor(chat);
      const busy = state.answering?.conversationId === chat.id || state.elsewhere.has(chat.id);
      entry.update(chat, chat.id === state.current.id, busy);
      const day = formatDay(chat.updated, now);
      const group = groups.get(day);
      if (group) group.push(entry.element);
      else groups.set(day, [entry.element]);
    }
    this.forget(new Set(state.conversations.map((chat) => chat.id)));
    setText(this.empty, wanted ? "Nothing was found." : NO_CHATS);
    setChildren(
      this.list,
      groups.size > 0 ? [...groups].map(([day, entries]) => this.groupFor(day, entries)) : [this.empty],
    );
  }

  private readonly empty = h("p", { class: "muted chat-list-empty" });

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

/** Whether the list of chats of two states looks the same. */
function sameList(one: AppState, other: AppState): boolean {
  return (
    one.current.id === other.current.id &&
    one.elsewhere === other.elsewhere &&
    one.answering?.conversationId === other.answering?.conversationId &&
    one.conversations.length === other.conversations.length &&
    one.conversations.every((chat, index) => {
      const { id, title, updated } = other.conversations[index] ?? chat;
      return chat.id === id && chat.title === title && chat.updated === updated;
    })
  );
}

/** Whether a chat's title or anything said in it has all of the words. */
export function isFound(chat: Conversation, words: string): boolean {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return true;
  const texts = [chat.title, ...chat.messages.map((message) => message.content)];
  const text = texts.join("\n").toLowerCase();
  return wanted.every((word) => text.includes(word));
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
