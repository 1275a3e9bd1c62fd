import type { Actions } from "./actions.js";
import { Announcer, whatHappened } from "./announcer.js";
import { ChatController } from "./chatController.js";
import { h } from "./dom.js";
import { ModelController } from "./modelController.js";
import { keepDraft, lastChat, rememberChat, unsentDraft } from "./keeping/resume.js";
import type { Services } from "./services.js";
import type { StorageEstimate } from "./state/ports.js";
import { readSettings, type Settings } from "./state/settings.js";
import {
  initialState,
  loadedModel,
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
import { StorageDialog } from "./views/storageDialog.js";
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
  private readonly storage: StorageDialog;
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
    this.storage = new StorageDialog(this);
    const main = h(
      "main",
      { class: "main" },
      this.panel.element,
      this.transcript.element,
      h("div", { class: "to-end-place" }, this.transcript.toEnd),
      this.composer.element,
    );
    this.stage = h("div", { class: "stage" }, this.topbar.element, main);
    this.root = this.build();
  }

  /** Puts the page into `parent` and begins. */
  async start(parent: HTMLElement): Promise<void> {
    const toasts = new Toasts(this);
    const dialogs = [this.settings.element, this.storage.element];
    parent.append(this.root, toasts.element, ...dialogs, this.announcer.element);
    const views: View[] = [
      this.topbar,
      this.sidebar,
      this.panel,
      this.transcript,
      this.composer,
      this.storage,
      toasts,
    ];
    this.store.subscribe((state, previous) => this.changed(state, previous, views));
    for (const view of views) view.update(this.store.state);
    applyTheme(this.store.state.theme);
    document.addEventListener("keydown", (event) => this.press(event));
    document.addEventListener("visibilitychange", () => this.comeAndGo());
    addEventListener("pagehide", () => void this.chats.keepNow());
    await Promise.all([this.chats.start().then(() => this.resume()), this.models.start()]);
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

  async ask(text: string, from: string | null = null): Promise<boolean> {
    this.announcer.say("The model is answering.");
    const answered = this.chats.ask(text, from);
    this.composer.focus();
    return answered;
  }

  continueAnswer(): Promise<void> {
    return this.chats.continue();
  }

  slide(): Promise<void> {
    return this.chats.slide();
  }

  chooseVersion(messageId: string, step: number): void {
    void this.chats.chooseVersion(messageId, step);
  }

  keepDraft(text: string): void {
    keepDraft(this.services.preferences, text);
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

  instructChat(system: string): Promise<void> {
    return this.chats.instruct(system);
  }

  deleteChat(id: string): Promise<void> {
    return this.chats.delete(id);
  }

  exportChats(id: string | null): void {
    this.chats.export(id);
  }

  importChats(file: Blob): Promise<void> {
    return this.chats.import(file);
  }

  deleteAllChats(): Promise<void> {
    return this.chats.deleteAll();
  }

  selectModel(name: string): void {
    this.models.select(name);
  }

  chooseContext(context: number): void {
    this.models.chooseContext(context);
  }

  loadModel(build?: "planned" | "stored"): Promise<void> {
    return this.models.load(build);
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
    const [{ state }, { engine }] = [this.store, this.models];
    this.settings.open(state, engine?.model?.generation ?? null, loadedModel(state)?.system);
  }

  openStorage(): void {
    void this.storage.open();
  }

  storageEstimate(): Promise<StorageEstimate> {
    return this.services.storageEstimate();
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

  /** Goes on where this window, or one that was ended, stopped. */
  private resume(): void {
    const id = lastChat(this.store.state, this.services.session);
    if (id !== null) this.store.dispatch({ type: "chat-opened", id });
    // Later ones are noted as they are opened; this one may be written in without that.
    rememberChat(this.services.session, this.store.state.current.id);
    const draft = unsentDraft(this.store.state, this.services.preferences);
    if (draft !== null) this.composer.restore(draft);
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
    if (state.current.id !== previous.current.id) rememberChat(this.services.session, state.current.id);
    document.title = title ? `${title} · kernelc` : "kernelc";
    for (const words of whatHappened(state, previous)) this.announcer.say(words);
    if (state.model.loaded && !previous.model.loaded) this.composer.focus();
  }

  /**
   * Reads the conversations again when the page comes back, as another tab may have changed them. When it
   * goes out of sight, the browser may end it at any time, so what is being written is stored.
   */
  private comeAndGo(): void {
    if (document.visibilityState === "visible") void this.chats.start();
    else void this.chats.keepNow();
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
