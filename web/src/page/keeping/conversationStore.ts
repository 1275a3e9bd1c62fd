import { MAX_CONVERSATIONS, type Conversation } from "../state/conversations.js";
import { readConversation } from "../state/readConversation.js";

/** Where conversations are kept, as raw values. `ConversationStore` checks what it reads. */
export interface Shelf {
  all(): Promise<unknown[]>;
  /** The entry of a conversation; undefined where there is none. */
  get(id: string): Promise<unknown>;
  put(conversation: Conversation): Promise<void>;
  delete(id: string): Promise<void>;
  clear(): Promise<void>;
}

/** Conversations of this device, newest first and at most `MAX_CONVERSATIONS`. */
export class ConversationStore {
  constructor(private readonly shelf: Shelf) {}

  /**
   * The valid stored conversations. The oldest ones above the bound are deleted. Invalid entries are left
   * alone, in case a newer version of the page wrote them.
   */
  async list(): Promise<Conversation[]> {
    const read = (await this.shelf.all())
      .map(readConversation)
      .filter((conversation) => conversation !== null);
    read.sort((a, b) => b.updated - a.updated);
    for (const old of read.slice(MAX_CONVERSATIONS)) await this.shelf.delete(old.id);
    return read.slice(0, MAX_CONVERSATIONS);
  }

  /** A stored conversation; null where there is none, or none that is valid. */
  async get(id: string): Promise<Conversation | null> {
    return readConversation(await this.shelf.get(id));
  }

  async save(conversation: Conversation): Promise<void> {
    await this.shelf.put(conversation);
  }

  /** Deletes all conversations, those that this page cannot read too. */
  async clear(): Promise<void> {
    await this.shelf.clear();
  }

  async delete(id: string): Promise<void> {
    await this.shelf.delete(id);
  }
}

/** A shelf in memory, which ends with the page: for private windows, and for tests. */
export class MemoryShelf implements Shelf {
  private readonly entries = new Map<string, unknown>();

  constructor(entries: readonly [string, unknown][] = []) {
    for (const [id, value] of entries) this.entries.set(id, value);
  }

  async all(): Promise<unknown[]> {
    return [...this.entries.values()];
  }

  async get(id: string): Promise<unknown> {
    return structuredClone(this.entries.get(id));
  }

  async put(conversation: Conversation): Promise<void> {
    this.entries.set(conversation.id, structuredClone(conversation));
  }

  async delete(id: string): Promise<void> {
    this.entries.delete(id);
  }

  async clear(): Promise<void> {
    this.entries.clear();
  }
}

/**
 * A shelf that also has forgotten what conversations have computed, when one is deleted: from keys and values
 * texts could be computed. Whose they are cannot be told, so those of all go.
 */
export class ForgettingShelf implements Shelf {
  constructor(
    private readonly shelf: Shelf,
    private readonly forget: () => Promise<void>,
  ) {}

  all(): Promise<unknown[]> {
    return this.shelf.all();
  }

  get(id: string): Promise<unknown> {
    return this.shelf.get(id);
  }

  put(conversation: Conversation): Promise<void> {
    return this.shelf.put(conversation);
  }

  async delete(id: string): Promise<void> {
    await this.shelf.delete(id);
    await this.forget();
  }

  async clear(): Promise<void> {
    await this.shelf.clear();
    await this.forget();
  }
}

const STORE = "conversations";

/** A shelf in IndexedDB. */
export class DatabaseShelf implements Shelf {
  private constructor(private readonly database: IDBDatabase) {}

  /** Opens the database. Rejects where the browser keeps none (some private windows). */
  static async open(name = "kernelc-chat"): Promise<DatabaseShelf> {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    const database = await settled(request);
    // A tab with a newer version of the page may upgrade the database; it must not wait for this one.
    database.onversionchange = () => database.close();
    return new DatabaseShelf(database);
  }

  all(): Promise<unknown[]> {
    return settled(this.store("readonly").getAll(undefined, 2 * MAX_CONVERSATIONS));
  }

  async put(conversation: Conversation): Promise<void> {
    await settled(this.store("readwrite").put(conversation));
  }

  async delete(id: string): Promise<void> {
    await settled(this.store("readwrite").delete(id));
  }

  get(id: string): Promise<unknown> {
    return settled<unknown>(this.store("readonly").get(id));
  }

  async clear(): Promise<void> {
    await settled(this.store("readwrite").clear());
  }

  private store(mode: IDBTransactionMode): IDBObjectStore {
    return this.database.transaction(STORE, mode).objectStore(STORE);
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });
}
