import { describe, expect, it } from "vitest";
import { ChatController } from "../../src/page/chatController.js";
import { ModelController } from "../../src/page/modelController.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { initialState, reduce, type AppState } from "../../src/page/state/state.js";
import { Store } from "../../src/page/state/store.js";
import { BASE, fakeServices, type FakeOptions } from "./fakeEngine.js";

function page(options: FakeOptions = {}) {
  const services = fakeServices(options);
  const store = new Store(initialState({ ...DEFAULT_SETTINGS }, "auto", 1), reduce);
  const models = new ModelController(store, services);
  const chats = new ChatController(store, models, services);
  return { services, store, models, chats };
}

async function loaded(options: FakeOptions = {}) {
  const made = page(options);
  await made.models.start();
  await made.models.load();
  return made;
}

const TWO = [
  { name: "a", title: "A", bytes: 10, context: 512 },
  { name: "b", title: "B", bytes: 20, context: 8192 },
];
const STORED = {
  id: "id-demo",
  url: `${BASE}models/demo/`,
  title: "Demo",
  bytes: 5_100_000,
  totalBytes: 5_100_000,
  complete: true,
};
const until = async (
  store: Store<AppState, never> | { state: AppState },
  done: (state: AppState) => boolean,
): Promise<void> => {
  while (!done(store.state)) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe("what is stored", () => {
  it("is asked to be kept when a download begins", async () => {
    const { services } = await loaded();
    expect(services.asked).toBe(1);
  });

  it("is not asked about again where nothing is downloaded", async () => {
    const { services, store, models } = page({ stored: [STORED] });
    await models.start();
    expect(store.state.model.loaded).not.toBeNull();
    expect(services.asked).toBe(0);
  });
});

describe("starting", () => {
  it("chooses the only model and plans it, and downloads nothing", async () => {
    const { store, models } = page();
    await models.start();
    expect(store.state.model).toMatchObject({
      selected: "demo",
      context: 1024,
      plan: { kind: "known" },
      status: { kind: "idle" },
      loaded: null,
    });
    expect(models.engine).toBeNull();
  });

  it("starts a model that is stored whole", async () => {
    const { store, models } = page({ stored: [STORED] });
    await models.start();
    expect(store.state).toMatchObject({ view: "chat", model: { loaded: { name: "demo" } } });
  });

  it.each([
    ["of which a part is stored", { stored: [{ ...STORED, bytes: 5, complete: false }] }],
    ["that does not fit", { stored: [STORED], fits: false, reasons: ["too large"] }],
  ])("does not start a model %s", async (_, options) => {
    const { store, models } = page(options);
    await models.start();
    expect(store.state.model.loaded).toBeNull();
  });

  it("asks before it downloads a new build at the same address, and runs the stored one where that is wanted", async () => {
    const { services, store, models } = page({ stored: [STORED], newBuild: true });
    await models.start();
    expect(store.state.model).toMatchObject({ selected: "demo", loaded: null, plan: { plan: { id: "new-demo" } } });
    expect(services.loadedBuilds).toEqual([]);
    await models.load("stored");
    expect(services.asked).toBe(0);
    await models.load();
    expect(services.loadedBuilds).toEqual(["id-demo", "id-demo"]); // planned anew, it is the one that runs
    await models.select("demo");
    await models.load();
    expect(services.loadedBuilds.at(-1)).toBe("new-demo");
    expect(services.asked).toBe(1);
  });

  it("chooses the first of several, but the one of the last time, and downloads neither", async () => {
    const first = page({ models: TWO });
    await first.models.start();
    expect(first.store.state.model).toMatchObject({ selected: "a", loaded: null });
    first.services.preferences.write("model", "b");
    first.services.preferences.write("context.b", 2048);
    await first.models.start();
    expect(first.store.state.model).toMatchObject({ selected: "b", context: 2048 });
  });

  it("says what is wrong with models.json", async () => {
    const { services, store, models } = page();
    services.fetchCatalog = async () => ({ version: 3 });
    await models.start();
    expect(store.state.catalogFailure?.detail).toContain("version 1");
  });
});

describe("loading", () => {
  it("passes the context, and puts the engine before away", async () => {
    const { services, store, models } = await loaded();
    await models.chooseContext(256);
    expect(store.state.model).toMatchObject({ context: 256, loaded: { context: 1024 } });
    await models.load();
    expect(store.state.model.loaded).toEqual({ name: "demo", context: 256 });
    expect(services.disposed).toBe(1);
  });

  it("can be cancelled", async () => {
    const { store, models } = page({ pause: 5 });
    await models.start();
    const loading = models.load();
    models.cancel();
    await loading;
    expect(store.state.model).toMatchObject({ status: { kind: "idle" }, loaded: null });
  });

  it("says why it failed", async () => {
    const { store } = await loaded({ failLoad: { code: "corrupt-shard", message: "0001.bin" } });
    expect(store.state.model.status).toMatchObject({
      kind: "failed",
      failure: { code: "corrupt-shard", detail: "0001.bin" },
    });
  });

  it("shows the plan of the last choice, whichever comes last", async () => {
    const { services, store, models } = await loaded({ models: TWO });
    const real = services.planArtifact;
    services.planArtifact = async (url, context, choices) => {
      await new Promise((resolve) => setTimeout(resolve, context === 4096 ? 20 : 1));
      return real(url, context, choices);
    };
    await models.select("b");
    const late = models.chooseContext(512);
    await models.chooseContext(1024);
    await late;
    const { plan } = store.state.model;
    expect(plan.kind === "known" && plan.plan.context).toBe(1024);
  });

  it("deletes what is stored, and plans again", async () => {
    const { store, models } = await loaded();
    expect(store.state.stored).toHaveLength(1);
    await models.delete("id-demo");
    expect(store.state.stored).toEqual([]);
    const { plan } = store.state.model;
    expect(plan.kind === "known" && plan.plan.stored_bytes).toBe(0);
  });
});

describe("asking", () => {
  it("sends the conversation so far with the settings, and keeps it", async () => {
    const { services, store, chats } = await loaded({ answer: () => "An answer." });
    store.dispatch({
      type: "settings-changed",
      settings: { ...DEFAULT_SETTINGS, system: "Be brief.", temperature: 0, seed: 5 },
    });
    await chats.ask("  one ");
    await chats.ask("two");
    expect(services.requests[1]).toMatchObject({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "one" },
        { role: "assistant", content: "An answer." },
        { role: "user", content: "two" },
      ],
      stream: true,
      temperature: 0,
      seed: 5,
      max_tokens: 1024,
    });
    const kept = await services.conversations.list();
    expect(kept[0]?.messages.map((message) => message.content)).toEqual(["one", "An answer.", "two", "An answer."]);
    expect(kept[0]?.messages[3]?.stats).toMatchObject({ promptTokens: 20, completionTokens: 2 });
  });

  it("sends the site's system prompt where nobody wrote one, and loads what the site computed of it", async () => {
    const warm = { file: "warm.json", bytes: 7, sha256: "a".repeat(64) };
    const models = [{ name: "demo", title: "Demo", bytes: 10, context: 512, system: "Be kind.", warm }];
    const { services, store, chats } = await loaded({ answer: () => "An answer.", models });
    expect(services.loadedWarm.at(-1)).toEqual(warm);
    await chats.ask("one");
    store.dispatch({ type: "settings-changed", settings: { ...DEFAULT_SETTINGS, system: "Be brief." } });
    await chats.ask("two");
    expect(services.requests.map(({ messages }) => messages[0]?.content)).toEqual(["Be kind.", "Be brief."]);
  });

  it("sends a chat's own system prompt in place of that of the settings, and keeps it with the chat", async () => {
    const { services, store, chats } = await loaded({ answer: () => "An answer." });
    const systems = (): unknown[] => services.requests.map(({ messages }) => messages[0]);
    store.dispatch({ type: "settings-changed", settings: { ...DEFAULT_SETTINGS, system: "Be brief." } });
    await chats.instruct("Rhyme.");
    await chats.ask("one");
    expect((await services.conversations.list())[0]?.system).toBe("Rhyme.");
    await chats.instruct(" ");
    await chats.ask("two");
    expect((await services.conversations.list())[0]?.system).toBeUndefined();
    await chats.instruct("Sing.");
    store.dispatch({ type: "chat-started", now: 9 });
    await chats.ask("three");
    expect(systems().map((message) => (message as { content: string }).content)).toEqual([
      "Rhyme.",
      "Be brief.",
      "Be brief.",
    ]);
    expect((await services.conversations.list()).map(({ system }) => system)).toContain("Sing.");
  });

  it("answers on where the oldest turns may be left out, and tells how far the prompt is read", async () => {
    const progress = [{ total: 900, cached: 0, processed: 512 }];
    const { services, store, chats } = await loaded({ progress });
    const told: unknown[] = [];
    store.subscribe(({ answering }) => void (answering?.progress && told.push(answering.progress)));
    await chats.ask("one");
    expect(told[0]).toEqual(progress[0]);
    expect(services.requests[0]).toMatchObject({ context_policy: "stop", return_progress: true });
    await chats.slide();
    expect(services.requests[1]).toMatchObject({ context_policy: "slide", continue_final_message: true });
    expect((await services.conversations.list())[0]?.slides).toBe(true);
  });

  it("keeps a growing answer while it grows, and not only at its end", async () => {
    const made = await loaded({ answer: () => "word ".repeat(2000), pause: 1 });
    const { services, store, chats } = made;
    let time = 0;
    services.clock = () => (time += 40); // a second every few pieces
    const asking = chats.ask("go on");
    await until(store, (state) => (state.current.messages[1]?.content.length ?? 0) > 100);
    const [kept] = await services.conversations.list();
    expect(kept?.messages[1]?.content.startsWith("word")).toBe(true);
    expect(kept?.messages[1]?.finish).toBeUndefined();
    chats.stop();
    await asking;
  });

  it("draws a seed for each answer where none is set", async () => {
    const { services, chats } = await loaded();
    await chats.ask("one");
    await chats.regenerate();
    const seeds = services.requests.map((request) => request.seed ?? -1);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
    expect(seeds[0]).not.toBe(seeds[1]);
  });

  it("stops, and keeps what had come", async () => {
    const { store, chats } = await loaded({ answer: () => "word ".repeat(200), pause: 1 });
    const asking = chats.ask("go on");
    await until(store, (state) => state.answering?.phase === "writing");
    chats.stop();
    await asking;
    const last = store.state.current.messages.at(-1);
    expect(last?.finish).toBe("stopped");
    expect(last?.content.startsWith("word")).toBe(true);
    expect(store.state.answerFailure).toBeNull();
  });

  it("keeps half an answer and says why it ended; the engine is put away where it is of no more use", async () => {
    const lost = await loaded({ failAfter: { pieces: 2, code: "device-lost", message: "gone" } });
    await lost.chats.ask("one two three");
    expect(lost.store.state.answerFailure?.failure.code).toBe("device-lost");
    expect(lost.store.state.current.messages[1]).toMatchObject({ content: "You said:", finish: "failed" });
    expect(lost.store.state.model).toMatchObject({ loaded: null, status: { kind: "failed" } });
    const full = await loaded({ failAfter: { pieces: 0, code: "context", message: "full" } });
    await full.chats.ask("one");
    expect(full.store.state.model.loaded).not.toBeNull();
  });

  it("asks nothing where nothing is written or loaded", async () => {
    const { services, chats } = await loaded();
    await chats.ask("  \n ");
    expect(services.requests).toEqual([]);
    const empty = page();
    await empty.chats.ask("hello");
    expect(empty.store.state.conversations).toEqual([]);
  });

  it("goes on where chats cannot be kept, and says so once", async () => {
    const { services, store, chats } = await loaded();
    services.conversations.save = async () => Promise.reject(new Error("quota"));
    await chats.ask("one");
    expect(store.state.current.messages[1]?.content).toBe("You said: one");
    expect(store.state.toasts.map((toast) => toast.text)).toEqual([
      "Conversations cannot be kept in this browser: quota",
    ]);
  });

  it("deletes a chat that is being answered", async () => {
    const { services, store, chats } = await loaded({ answer: () => "word ".repeat(200), pause: 1 });
    const asking = chats.ask("go on");
    await until(store, (state) => state.answering?.phase === "writing");
    await chats.delete(store.state.current.id);
    await asking;
    expect(store.state.conversations).toEqual([]);
    expect(await services.conversations.list()).toEqual([]);
  });
});

describe("how fast a model is here", () => {
  it("is measured at the first load, said where it is slow, and remembered", async () => {
    const { services, store, models } = await loaded({ rate: 2 });
    expect(store.state.model.rate).toBe(2);
    expect(store.state.toasts.map(({ text }) => text).join()).toContain("about 2.0 tokens/s on this device");
    await models.load();
    expect(services.measured).toBe(1); // it is known by now
    models.noteRate(30);
    await models.select("demo");
    expect(store.state.model.rate).toBe(30);
  });

  it("is no matter for a person where it is fast", async () => {
    const { store } = await loaded({ rate: 40 });
    expect([store.state.model.rate, store.state.toasts]).toEqual([40, []]);
  });
});
