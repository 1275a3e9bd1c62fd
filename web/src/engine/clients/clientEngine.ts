/** Engines of a service worker, or of an extension's background, as a window has them. */

import { KernelcError } from "../../artifact/errors.js";
import type {
  Completions,
  Embeddings,
  Engine,
  EngineOptions,
  ModelCard,
  Plan,
  Stats,
  TextCompletions,
} from "../api.js";
import { chosenModel, type ChosenModel } from "../models/modelList.js";
import { disposed } from "../refusals.js";
import { creators, reloadOptions } from "../models/reloading.js";
import { openRemote } from "../worker/remoteEngine.js";
import { Connection, type Port } from "./connection.js";
import { isOurs, read, written, type FromEngines } from "./messages.js";
import { PORT_NAME, type ExtensionPort } from "./ports.js";

/** Browsers end a worker that heard nothing for half a minute: a window with an engine is heard before. */
const PING_MS = 15_000;

/**
 * Open a model in this site's service worker, which calls `serveWindows`: windows that ask for the same model
 * share it. Where the browser has ended the worker, the next request loads the model again.
 *
 * @throws KernelcError as `createEngine`.
 */
export async function createServiceWorkerEngine(
  url: string,
  options: EngineOptions & { readonly registration?: ServiceWorkerRegistration } = {},
): Promise<Engine> {
  const { registration = await navigator.serviceWorker.ready, ...rest } = options;
  return ClientEngine.open(() => windowPort(registration), url, rest);
}

/**
 * Open a model in the background of this extension, which calls `serveExtension`; `connect` stands for
 * `chrome.runtime.connect`.
 *
 * @throws KernelcError as `createEngine`.
 */
export async function createExtensionEngine(
  url: string,
  options: EngineOptions & { readonly connect?: (info: { name: string }) => ExtensionPort } = {},
): Promise<Engine> {
  type Chrome = { runtime: { connect(info: { name: string }): ExtensionPort } };
  const {
    connect = (info) => (globalThis as unknown as { chrome: Chrome }).chrome.runtime.connect(info),
    ...rest
  } = options;
  return ClientEngine.open(() => extensionPort(connect({ name: PORT_NAME })), url, rest);
}

function windowPort(registration: ServiceWorkerRegistration): Port {
  return {
    post: (message) => {
      if (!registration.active) throw new Error("the service worker is not active");
      registration.active.postMessage(message);
    },
    listen: (receive) => {
      const take = ({ data }: MessageEvent<unknown>): void => {
        if (isOurs(data)) receive(data as FromEngines);
      };
      navigator.serviceWorker.addEventListener("message", take);
      navigator.serviceWorker.startMessages();
      return () => navigator.serviceWorker.removeEventListener("message", take);
    },
  };
}

function extensionPort(port: ExtensionPort): Port {
  return {
    post: (message) => port.postMessage(written(message)),
    listen: (receive, gone) => {
      port.onMessage.addListener((message) => receive(read(message) as FromEngines));
      port.onDisconnect.addListener(gone);
      return () => port.disconnect();
    },
  };
}

class ClientEngine implements Engine {
  readonly chat: { readonly completions: Completions };
  readonly completions: TextCompletions;
  readonly embeddings: Embeddings;
  readonly tokens: Engine["tokens"];
  private opening: Promise<Engine>;
  private connection: Connection;
  private card: ModelCard | null = null;
  private readonly timer = setInterval(() => void this.heard(), PING_MS);
  private ended = false;

  private constructor(
    private readonly connect: () => Port,
    private chosen: ChosenModel,
  ) {
    this.connection = new Connection(connect());
    this.opening = this.openHere();
    const engine = (): Promise<Engine> => this.engine();
    const { chat, completions, embeddings } = creators(engine);
    this.chat = { completions: chat };
    this.completions = completions;
    this.embeddings = embeddings;
    this.tokens = {
      generate: async (...args) => (await engine()).tokens.generate(...args),
      score: async (...args) => (await engine()).tokens.score(...args),
      encode: async (...args) => (await engine()).tokens.encode(...args),
      decode: async (...args) => (await engine()).tokens.decode(...args),
      count: async (...args) => (await engine()).tokens.count(...args),
    };
  }

  static async open(connect: () => Port, url: string, options: EngineOptions): Promise<Engine> {
    const client = new ClientEngine(connect, chosenModel(url, options));
    try {
      await client.opening;
      return client;
    } catch (error) {
      await client.dispose();
      throw error;
    }
  }

  get model(): ModelCard {
    if (this.card) return this.card;
    throw new KernelcError("internal", "the engine is not open yet");
  }

  async reload(url?: string, options: EngineOptions = {}): Promise<void> {
    const engine = await this.engine();
    await engine.reload(url, options);
    [this.chosen, this.card] = [reloadOptions(this.chosen, url, options), engine.model];
  }

  async stats(): Promise<Stats> {
    return (await this.engine()).stats();
  }

  async plan(contextLength: number): Promise<Plan> {
    return (await this.engine()).plan(contextLength);
  }

  async reset(): Promise<void> {
    await (await this.engine()).reset();
  }

  async simulateLoss(): Promise<void> {
    await (await this.engine()).simulateLoss();
  }

  async dispose(): Promise<void> {
    this.ended = true;
    clearInterval(this.timer);
    await this.opening.then((engine) => engine.dispose()).catch(() => undefined);
    this.connection.end("the engine was disposed");
  }

  /** The engine, opened again where its worker was ended meanwhile. */
  private async engine(): Promise<Engine> {
    if (this.ended) throw disposed();
    const { connection, opening } = this;
    if (await connection.isAlive()) return opening;
    if (this.connection === connection) {
      connection.end("the worker of the engine was ended by the browser");
      this.chosen = reloadOptions(this.chosen, undefined, {}); // the first signal is over
      this.connection = new Connection(this.connect());
      this.opening = this.openHere();
    }
    return this.opening;
  }

  private async openHere(): Promise<Engine> {
    const { connection, chosen } = this;
    await connection.isAlive(); // notes which run of the worker it is
    const engine = await openRemote(connection.line, chosen.asked.model, chosen.asked.options);
    this.card = engine.model;
    return engine;
  }

  /** Lets the worker hear that somebody is there; rejects what waits for one that was ended. */
  private async heard(): Promise<void> {
    const { connection } = this;
    if (!(await connection.isAlive())) connection.end("the worker of the engine was ended by the browser");
  }
}
