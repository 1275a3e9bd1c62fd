import { planArtifact, probe } from "../engine/plan.js";
import { createWorkerEngine } from "../engine/worker/workerEngine.js";
import { deleteModel, requestPersistence, storedModels } from "../weights/models.js";
import { ConversationStore, DatabaseShelf, MemoryShelf, type Shelf } from "./conversationStore.js";
import { storagePreferences, type Services } from "./services.js";

/** The page's real services; tests use others. */
export async function realServices(): Promise<Services> {
  const base = new URL("./", document.baseURI).href;
  return {
    base,
    fetchCatalog: () => fetchCatalog(base),
    createEngine: (url, options) => createWorkerEngine(url, options),
    probe: () => probe(),
    planArtifact: (url, context, device) => planArtifact(url, context, { device }),
    storedModels: () => storedModels(),
    deleteModel: (id) => deleteModel(id),
    requestPersistence: () => requestPersistence(),
    conversations: new ConversationStore(await openShelf()),
    preferences: storagePreferences(() => localStorage),
    surroundings: { userAgent: navigator.userAgent, secureContext: isSecureContext },
    now: () => Date.now(),
    clock: () => performance.now(),
  };
}

async function fetchCatalog(base: string): Promise<unknown> {
  const response = await fetch(new URL("models.json", base), { cache: "no-cache" });
  if (!response.ok)
    throw new Error(`models.json: the server answered ${response.status} ${response.statusText}`.trim());
  return (await response.json()) as unknown;
}

/** Opens the database. Where the browser keeps none, chats last as long as the page. */
async function openShelf(): Promise<Shelf> {
  return DatabaseShelf.open().catch(() => new MemoryShelf());
}
