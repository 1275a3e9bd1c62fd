import { tryLock, withLock } from "../../weights/locks.js";
import { isRecord, isText } from "../state/check.js";

/** What happened to a conversation: it was stored anew, or deleted; null stands for all of them. */
export interface Change {
  id: string | null;
}

/** What the windows of one browser tell each other, so that they agree about conversations. */
export interface Sharing {
  /** Tells the other windows about a change. */
  tell(change: Change): void;
  /** Calls `listener` for each change in another window. */
  listen(listener: (change: Change) => void): void;
  /** Runs `work` while no other window answers in conversation `id`; "busy" where one does. */
  alone<T>(id: string, work: () => Promise<T>): Promise<T | "busy">;
  /** The conversations that are being answered in any window. */
  answered(): Promise<ReadonlySet<string>>;
  /** Resolves once no window answers in conversation `id`, even where that window was ended. */
  free(id: string): Promise<void>;
}

const CHANNEL = "kernelc-chats";
const LOCK = "kernelc-answer-";

/**
 * Windows that talk over a BroadcastChannel, and hold a Web Lock while they answer. The browser releases the
 * lock of a window that ends, however it ends.
 */
export class BrowserSharing implements Sharing {
  private readonly channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);

  tell(change: Change): void {
    this.channel?.postMessage(change);
  }

  listen(listener: (change: Change) => void): void {
    this.channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (isRecord(data) && (data.id === null || isText(data.id, 100))) listener({ id: data.id });
    });
  }

  alone<T>(id: string, work: () => Promise<T>): Promise<T | "busy"> {
    return tryLock(LOCK + id, work);
  }

  async answered(): Promise<ReadonlySet<string>> {
    const locks = await navigator.locks?.query().catch(() => null);
    const names = (locks?.held ?? []).map(({ name }) => name ?? "");
    return new Set(names.filter((name) => name.startsWith(LOCK)).map((name) => name.slice(LOCK.length)));
  }

  free(id: string): Promise<void> {
    return withLock(LOCK + id, undefined, async () => undefined);
  }
}

/** A window that knows of no others. */
export const ALONE: Sharing = {
  tell: () => undefined,
  listen: () => undefined,
  alone: (_, work) => work(),
  answered: async () => new Set(),
  free: async () => undefined,
};
