/** Models by name, and engines whose model is replaced. */

import { describe, expect, it, vi } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import type { EngineOptions, LoadedModel } from "../../src/engine/api.js";
import { chosenModel, fetchModelList, readModelList } from "../../src/engine/models/modelList.js";
import { ReloadableEngine } from "../../src/engine/models/reloading.js";

const LIST = "https://models.test/site/models.json";
const WARM = { file: "warm.json", bytes: 10, sha256: "0".repeat(64) };

describe("a list of models", () => {
  it("is read from a site's models.json, with addresses from there", async () => {
    const models = [
      { name: "demo", path: "models/demo/", title: "Demo", warm: WARM, bytes: 5 },
      { name: "far", url: "https://cdn.test/far/" },
    ];
    const send = vi.fn(async () => Response.json({ version: 1, models }));
    vi.stubGlobal("fetch", send);
    try {
      expect(await fetchModelList(LIST)).toEqual([
        { name: "demo", url: "https://models.test/site/models/demo/", title: "Demo", options: { warm: WARM } },
        { name: "far", url: "https://cdn.test/far/" },
      ]);
      send.mockImplementation(async () => new Response("", { status: 404 }));
      await expect(fetchModelList(LIST)).rejects.toMatchObject({ code: "network" });
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it.each<[unknown, string]>([
    [{ version: 2, models: [] }, "wanted version 1"],
    [[], "wanted version 1"],
    [{ version: 1, models: [{ path: "x/" }] }, "models[0] has no name"],
    [{ version: 1, models: [{ name: "a" }] }, "models[0] (a) has neither a path nor a url"],
    [{ version: 1, models: [{ name: "a", path: "a/" }, { name: "a", path: "b/" }] }, 'two models are called "a"'],
  ])("is refused: %j", (value, message) => {
    expect(() => readModelList(value, LIST)).toThrow(`${LIST}: ${message}`);
  });

  it("gives a model its options, before those of the engine", () => {
    const models = [{ name: "a", url: "https://cdn.test/a/", options: { context: 64, warm: WARM } }];
    expect(chosenModel("a", { models, context: 32 })).toMatchObject({
      url: "https://cdn.test/a/", options: { context: 32, warm: WARM },
    });
    expect(() => chosenModel("b", { models })).toThrow('there is no model "b" in the list');
    expect(chosenModel("https://cdn.test/b/", {}).url).toBe("https://cdn.test/b/");
    expect(() => chosenModel("http://", {})).toThrow('"http://" is not the address of a model\'s folder.');
  });
});

interface Fake extends LoadedModel {
  readonly asked: EngineOptions;
  disposed: boolean;
}

/** An engine whose models remember what they were opened with, in order. */
async function reloadable(options: EngineOptions = {}): Promise<{ engine: ReloadableEngine; opened: Fake[] }> {
  const opened: Fake[] = [];
  const open = async (url: string, asked: EngineOptions): Promise<Fake> => {
    if (opened.some((each) => !each.disposed)) throw new Error("two at once");
    if (url.includes("broken")) throw new KernelcError("network", "no");
    const fake = { asked, disposed: false, model: { url } } as unknown as Fake;
    fake.dispose = async () => void (fake.disposed = true);
    fake.stats = async () => ({ url }) as never;
    opened.push(fake);
    return fake;
  };
  const chosen = chosenModel("https://site.test/a/", options);
  return { engine: new ReloadableEngine(open, chosen, await open(chosen.url, chosen.options)), opened };
}

describe("an engine that is loaded again", () => {
  it("has one model at a time, and keeps the options that are not a model's own", async () => {
    const [say, other] = ["https://site.test/say.js", "https://site.test/other.js"];
    const options: EngineOptions = { context: 64, device: "wasm", logitProcessors: { say }, signal: new AbortController().signal };
    const { engine, opened } = await reloadable(options);
    await engine.reload();
    expect(opened.at(-1)?.asked).toMatchObject({ context: 64, device: "wasm" });
    expect(opened.at(-1)?.asked.signal).toBeUndefined();
    await engine.reload("https://site.test/b/", { logitProcessors: { other } });
    expect(opened.at(-1)?.asked).toEqual({ device: "wasm", logitProcessors: { say, other } });
    expect(engine.model.url).toBe("https://site.test/b/");
    await Promise.all([engine.reload("https://site.test/c/"), engine.reload("https://site.test/d/")]);
    expect(await engine.stats()).toEqual({ url: "https://site.test/d/" });
    expect(opened.map(({ disposed }) => disposed)).toEqual([true, true, true, true, false]);
  });

  it("is loaded with the same options again, so that windows share the model", async () => {
    const { engine, opened } = await reloadable({ context: 64 });
    await engine.reload();
    expect(JSON.stringify(opened[1]?.asked)).toBe(JSON.stringify(opened[0]?.asked));
  });

  it("has none after a failure, until the next", async () => {
    const { engine } = await reloadable();
    await expect(engine.reload("https://site.test/broken/")).rejects.toMatchObject({ code: "network" });
    await expect(engine.stats()).rejects.toThrow("the engine has no model at the moment");
    await engine.reload();
    expect(await engine.stats()).toEqual({ url: "https://site.test/a/" });
  });

  it("releases what it loaded where it is disposed of meanwhile", async () => {
    const { engine, opened } = await reloadable();
    const loading = engine.reload("https://site.test/b/");
    await engine.dispose();
    await expect(loading).rejects.toThrow("the engine was disposed");
    expect(opened.every(({ disposed }) => disposed)).toBe(true);
    await expect(engine.reload()).rejects.toThrow("the engine was disposed");
  });
});
