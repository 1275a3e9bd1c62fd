import type { Settings } from "./state/settings.js";
import type { ThemeChoice } from "./state/state.js";

/** What a person can do on the page. Views show the state and call these; App carries them out. */
export interface Actions {
  /** Sends a message. With `from`, it replaces that question, and what followed is dropped. */
  ask(text: string, from?: string | null): Promise<void>;
  /** Answers the last question again. */
  regenerate(): Promise<void>;
  stopAnswer(): void;

  newChat(): void;
  openChat(id: string): void;
  renameChat(id: string, title: string): Promise<void>;
  deleteChat(id: string): Promise<void>;

  selectModel(name: string): void;
  chooseContext(context: number): void;
  loadModel(): Promise<void>;
  cancelLoading(): void;
  /** Deletes a model's stored files. */
  deleteModel(id: string): Promise<void>;

  setTheme(theme: ThemeChoice): void;
  setSettings(settings: Settings): void;

  /** Shows the models, or the conversation where the models are shown. */
  toggleModels(): void;
  openSettings(): void;
  openDrawer(): void;
  closeDrawer(): void;
  closeToast(id: string): void;

  /** Has screen readers say a text. */
  announce(text: string): void;
  /** The time, in milliseconds since 1970. */
  now(): number;
}
