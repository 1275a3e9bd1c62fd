/** What the page does about models: starting, loading, storing, measuring. */

import { describe, expect, it } from "vitest";
import { BASE } from "./fakeEngine.js";
import { loaded, page } from "./page_made.js";

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
