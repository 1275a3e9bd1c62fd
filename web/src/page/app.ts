import type { Actions } from "./actions.js";
import { Announcer } from "./announcer.js";
import { ChatController } from "./chatController.js";
import { h } from "./dom.js";
import { formatBytes } from "./format.js";
import { loadFraction } from "./state/modelState.js";
import { ModelController } from "./modelController.js";
import type { Services } from "./services.js";
import { readSettings, type Settings } from "./state/settings.js";
import {
  initialState,
  loadedTitle,
  reduce,
  type Action,
  type AppState,
  type ThemeChoice,
} from "./state/state.js";
import { Store } from "./state/store.js";
import { Composer } from "./views/composer.js";
import { ModelPanel } from "./views/modelPanel.js";
import { SettingsDialog } from "./views/settingsDialog.js";
import { Sidebar } from "./views/sidebar.js";
import { applyTheme } from "./views/themeButton.js";
import { Toasts } from "./views/toasts.js";
import { Topbar } from "./views/topbar.js";
import { Transcript } from "./views/transcript.js";
import type { View } from "./views/view.js";

/** The page: puts state, controllers and views together, and carries out what a person does. */
export class App implements Actions {
  private readonly store: Store<AppState, Action>;
  private readonly models: ModelController;
  private readonly chats: ChatController;
  private readonly announcer = new Announcer();
  private readonly topbar: Topbar;
  private readonly sidebar: Sidebar;
  private readonly panel: ModelPanel;
  private readonly transcript: Transcript;
  private readonly composer: Composer;
  private readonly settings: SettingsDialog;
  private readonly stage: HTMLElement;
  private readonly root: HTMLElement;

  constructor(private readonly services: Services) {
    const settings = readSettings(services.preferences.read("settings"));
    this.store = new Store(
      initialState(settings, readTheme(services.preferences.read("theme")), services.now()),
      reduce,
    );
    this.models = new ModelController(this.store, services);
    this.chats = new ChatController(this.store, this.models, services);
    this.topbar = new Topbar(this);
    this.sidebar = new Sidebar(this);
    this.panel = new ModelPanel(this);
    this.transcript = new Transcript(this);
    this.composer = new Composer(this);
    this.settings = new SettingsDialog(this);
    const main = h(
      "main",
      { class: "main" },
      this.panel.element,
      this.transcript.element,
      this.composer.element,
    );
    this.stage = h("div", { class: "stage" }, this.topbar.element, main);
    this.root = this.build();
  }

  /** Puts the page into `parent` and begins. */
  async start(parent: HTMLElement): Promise<void> {
    const toasts = new Toasts(this);
    parent.append(this.root, toasts.element, this.settings.element, this.announcer.element);
    const views: View[] = [this.topbar, this.sidebar, this.panel, this.transcript, this.composer, toasts];
    this.store.subscribe((state, previous) => this.changed(state, previous, views));
    for (const view of views) view.update(this.store.state);
    applyTheme(this.store.state.theme);
    document.addEventListener("keydown", (event) => this.press(event));
    document.addEventListener("visibilitychange", () => this.comeBack());
    await Promise.all([this.chats.start(), this.models.start()]);
  }

  /**
   * Whether the processor is to run the chosen model and nothing has begun yet: loading the page again, from
   * its service worker, lets threads share memory, and costs nothing.
   */
  get waitsForThreads(): boolean {
    const { model, answering, current } = this.store.state;
    const computed = model.plan.kind === "known" && model.plan.plan.device === "wasm";
    return computed && model.status.kind === "idle" && !answering && !current.messages.length;
  }

  newChat(): void {
    this.store.dispatch({ type: "chat-started", now: this.services.now() });
    this.closeDrawer();
    this.composer.focus();
  }

  openChat(id: string): void {
    this.store.dispatch({ type: "chat-opened", id });
    this.closeDrawer();
    this.composer.focus();
  }

  async ask(text: string, from: string | null = null): Promise<void> {
    this.announcer.say("The model is answering.");
    const answered = this.chats.ask(text, from);
    this.composer.focus();
    await answered;
  }

  regenerate(): Promise<void> {
    return this.chats.regenerate();
  }

  stopAnswer(): void {
    this.chats.stop();
  }

  renameChat(id: string, title: string): Promise<void> {
    return this.chats.rename(id, title);
  }

  deleteChat(id: string): Promise<void> {
    return this.chats.delete(id);
  }

  selectModel(name: string): void {
    this.models.select(name);
  }

  chooseContext(context: number): void {
    this.models.chooseContext(context);
  }

  loadModel(): Promise<void> {
    return this.models.load();
  }

  cancelLoading(): void {
    this.models.cancel();
  }

  deleteModel(id: string): Promise<void> {
    return this.models.delete(id);
  }

  closeToast(id: string): void {
    this.store.dispatch({ type: "toast-closed", id });
  }

  announce(text: string): void {
    this.announcer.say(text);
  }

  now(): number {
    return this.services.now();
  }

  toggleModels(): void {
    const chat = this.store.state.view === "model";
    this.store.dispatch({ type: "view-chosen", view: chat ? "chat" : "model" });
    if (chat) this.composer.focus();
    else this.panel.element.focus();
  }

  setTheme(theme: ThemeChoice): void {
    this.services.preferences.write("theme", theme);
    this.store.dispatch({ type: "theme-changed", theme });
    applyTheme(theme);
  }

  setSettings(settings: Settings): void {
    const { device } = this.store.state.settings;
    this.services.preferences.write("settings", settings);
    this.store.dispatch({ type: "settings-changed", settings });
    if (settings.device !== device) void this.models.plan();
  }

  openSettings(): void {
    this.settings.open(this.store.state.settings, this.models.engine?.model?.generation ?? null);
  }

  openDrawer(): void {
    this.root.classList.add("drawer-open");
    this.stage.inert = true;
    this.sidebar.element.querySelector("button")?.focus();
  }

  closeDrawer(): void {
    if (!this.root.classList.contains("drawer-open")) return;
    this.root.classList.remove("drawer-open");
    this.stage.inert = false;
    this.topbar.menu.focus();
  }

  private build(): HTMLElement {
    const skip = h(
      "button",
      { type: "button", class: "skip", on: { click: () => this.composer.focus(true) } },
      "Skip to the message field",
    );
    const shade = h("div", { class: "shade", on: { click: () => this.closeDrawer() } });
    return h("div", { class: "app" }, skip, this.sidebar.element, shade, this.stage);
  }

  private changed(state: AppState, previous: AppState, views: readonly View[]): void {
    for (const view of views) view.update(state);
    const title = loadedTitle(state);
    document.title = title ? `${title} · kernelc` : "kernelc";
    if (state.model.loaded && !previous.model.loaded) this.ready(title ?? "");
    else this.announceLoading(state, previous);
    if (previous.answering && !state.answering)
      this.announcer.say(state.answerFailure ? "The answer failed." : "The answer is complete.");
  }

  private ready(title: string): void {
    this.announcer.say(`${title} is ready.`);
    this.composer.focus();
  }

  /** Announces every quarter of the way. */
  private announceLoading(state: AppState, previous: AppState): void {
    if (state.model.status.kind !== "loading" || previous.model.status.kind !== "loading") return;
    const quarter = Math.floor(loadFraction(state.model.status.steps) * 4);
    if (quarter <= Math.floor(loadFraction(previous.model.status.steps) * 4)) return;
    const bytes = state.model.status.steps.weights?.loadedBytes;
    this.announcer.say(
      `${quarter * 25} percent loaded${bytes === undefined ? "" : `, ${formatBytes(bytes)}`}.`,
    );
  }

  /** Reads the conversations again, as another tab may have changed them meanwhile. */
  private comeBack(): void {
    if (document.visibilityState === "visible") void this.chats.start();
  }

  /** Escape closes the drawer where it is open, else stops the answer. A dialog handles its own Escape. */
  private press(event: KeyboardEvent): void {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (this.root.classList.contains("drawer-open")) this.closeDrawer();
    else this.chats.stop();
  }
}

function readTheme(value: unknown): ThemeChoice {
  return value === "light" || value === "dark" ? value : "auto";
}
