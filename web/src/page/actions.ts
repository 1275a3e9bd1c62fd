import type { StorageEstimate } from "./state/ports.js";
import type { Settings } from "./state/settings.js";
import type { ThemeChoice } from "./state/state.js";

/** What a person can do on the page. Views show the state and call these; App carries them out. */
export interface Actions {
  /**
   * Sends a message. With `from`, it replaces that question and what followed, which stays as another
   * version. False where it was not sent.
   */
  ask(text: string, from?: string | null): Promise<boolean>;
  /** Answers the last question again. */
  regenerate(): Promise<void>;
  /** Lets the last answer go on where it ended. */
  continueAnswer(): Promise<void>;
  /** Lets the oldest turns be left out from now on, and answers. */
  slide(): Promise<void>;
  stopAnswer(): void;
  /** Shows the version of a message that is `step` after the one that is shown. */
  chooseVersion(messageId: string, step: number): void;
  /** Keeps what is being written in the message field. */
  keepDraft(text: string): void;

  newChat(): void;
  openChat(id: string): void;
  renameChat(id: string, title: string): Promise<void>;
  /** Gives the current chat a system prompt of its own; blank: that of the settings again. */
  instructChat(system: string): Promise<void>;
  deleteChat(id: string): Promise<void>;
  /** Hands a chat to the person as a file, or all of them where `id` is null. */
  exportChats(id: string | null): void;
  importChats(file: Blob): Promise<void>;
  deleteAllChats(): Promise<void>;

  selectModel(name: string): void;
  chooseContext(context: number): void;
  /** Loads the chosen model: the build that was planned, or the one that is stored. */
  loadModel(build?: "planned" | "stored"): Promise<void>;
  cancelLoading(): void;
  /** Deletes a model's stored files. */
  deleteModel(id: string): Promise<void>;

  setTheme(theme: ThemeChoice): void;
  setSettings(settings: Settings): void;

  /** Shows the models, or the conversation where the models are shown. */
  toggleModels(): void;
  openSettings(): void;
  /** Shows what is stored on this device. */
  openStorage(): void;
  storageEstimate(): Promise<StorageEstimate>;
  openDrawer(): void;
  closeDrawer(): void;
  closeToast(id: string): void;

  /** Has screen readers say a text. */
  announce(text: string): void;
  /** The time, in milliseconds since 1970. */
  now(): number;
}
