import type { Engine } from "../engine/api.js";
import { planArtifact, probe } from "../engine/models/plan.js";
import { createWorkerEngine } from "../engine/worker/workerEngine.js";
import {
  deleteModel,
  deletePrefixes,
  requestPersistence,
  storageEstimate,
  storedModels,
} from "../weights/models.js";
import {
  ConversationStore,
  DatabaseShelf,
  ForgettingShelf,
  MemoryShelf,
} from "./keeping/conversationStore.js";
import { saveFile } from "./keeping/saveFile.js";
import { storagePreferences, type Services } from "./services.js";
import { BrowserSharing } from "./keeping/sharing.js";

/** The page's real services; tests use others. */
export async function realServices(): Promise<Services> {
  const base = new URL("./", document.baseURI).href;
  // Where the browser keeps no database, chats last as long as the page, and so does what they computed.
  const shelf = await DatabaseShelf.open().catch(() => null);
  return {
    base,
    fetchCatalog: () => fetchCatalog(base),
    createEngine: async (url, options) => {
      const engine = await createWorkerEngine(url, { ...options, storePrefixes: shelf !== null });
      const { chat, model } = engine;
      return { chat, model, measure: () => measure(engine), dispose: () => engine.dispose() };
    },
    probe: () => probe(),
    planArtifact: (url, context, options) => planArtifact(url, context, options),
    storedModels: () => storedModels(),
    deleteModel: (id) => deleteModel(id),
    requestPersistence: () => requestPersistence(),
    conversations: new ConversationStore(
      new ForgettingShelf(shelf ?? new MemoryShelf(), () => deletePrefixes()),
    ),
    sharing: new BrowserSharing(),
    preferences: storagePreferences(() => localStorage),
    session: storagePreferences(() => sessionStorage),
    storageEstimate: () => storageEstimate(),
    saveFile,
    surroundings: { userAgent: navigator.userAgent, secureContext: isSecureContext },
    now: () => Date.now(),
    clock: () => performance.now(),
  };
}

const MEASURED_TOKENS = 6;

/** Tokens per second of a few that nobody asked for. */
async function measure(engine: Engine): Promise<number | null> {
  const { bos_token_id } = engine.model;
  const request = { max_tokens: MEASURED_TOKENS, temperature: 0, stop_ids: [] };
  await engine.tokens.generate([bos_token_id ?? 0], request);
  const { generated_tokens, decode_seconds } = await engine.stats();
  return decode_seconds > 0 ? generated_tokens / decode_seconds : null;
}

async function fetchCatalog(base: string): Promise<unknown> {
  const response = await fetch(new URL("models.json", base), { cache: "no-cache" });
  if (!response.ok)
    throw new Error(`models.json: the server answered ${response.status} ${response.statusText}`.trim());
  return (await response.json()) as unknown;
}
