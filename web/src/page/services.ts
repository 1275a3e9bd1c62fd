import type { ConversationStore } from "./keeping/conversationStore.js";
import type { Sharing } from "./keeping/sharing.js";
import type { Surroundings } from "./state/failures.js";
import type {
  ChatEngine,
  DeviceChoice,
  LoadOptions,
  Plan,
  Probe,
  StorageEstimate,
  StoredModel,
} from "./state/ports.js";

/** Everything outside of the page that it uses. It is passed in, so that tests can pass in something else. */
export interface Services {
  /** Absolute address of the page's folder. */
  base: string;
  /** The site's models.json, not yet checked. */
  fetchCatalog(): Promise<unknown>;
  createEngine(url: string, options: LoadOptions): Promise<ChatEngine>;
  probe(): Promise<Probe>;
  planArtifact(url: string, context: number, options: PlanChoices): Promise<Plan>;
  storedModels(): Promise<StoredModel[]>;
  deleteModel(id: string): Promise<void>;
  /** Asks the browser not to delete stored data on its own; undefined where it has no such function. */
  requestPersistence(): Promise<boolean | undefined>;
  conversations: ConversationStore;
  /** The other windows of this browser. */
  sharing: Sharing;
  /** Small settings, kept in localStorage where it is not blocked. */
  preferences: Preferences;
  /** What this window remembers when it is loaded again, in sessionStorage. */
  session: Preferences;
  storageEstimate(): Promise<StorageEstimate>;
  /** Hands a file to the person, who chooses where to keep it. */
  saveFile(name: string, text: string): void;
  surroundings: Surroundings;
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  clock(): number;
}

/** On what a model is to run, and which build of it; undefined for the server's newest one. */
export interface PlanChoices {
  device: DeviceChoice;
  build: string | undefined;
}

export interface Preferences {
  read(key: string): unknown;
  write(key: string, value: unknown): void;
}

/** Preferences in a Storage. Where the browser blocks it, they last as long as the page. */
export function storagePreferences(storage: () => Storage): Preferences {
  const held = new Map<string, unknown>();
  return {
    read(key) {
      try {
        return JSON.parse(storage().getItem(`kernelc.${key}`) ?? "null") as unknown;
      } catch {
        return held.get(key) ?? null;
      }
    },
    write(key, value) {
      held.set(key, value);
      try {
        storage().setItem(`kernelc.${key}`, JSON.stringify(value));
      } catch {
        // Blocked or full: the value lasts until the page is closed.
      }
    },
  };
}
