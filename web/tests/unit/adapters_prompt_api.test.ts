// @vitest-environment jsdom
/**
 * The backend for Chrome's polyfill of the Prompt API: by the interface of its backends/base.js, and, where
 * $KERNELC_PROMPT_API_POLYFILL names a folder with its source, with the polyfill itself.
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { KernelcBackend, type Content, type KernelcConfig } from "../../src/adapters/promptApi.js";
import { KernelcError } from "../../src/artifact/errors.js";
import type { ChatRequest, CountRequest, Engine, EngineOptions } from "../../src/engine/api.js";

const POLYFILL = process.env["KERNELC_PROMPT_API_POLYFILL"] ?? "";

/** An engine that repeats the last message, word by word. */
class Parrot {
  readonly requests: ChatRequest[] = [];
  opened = 0;
  left = 0;

  readonly config: KernelcConfig = {
    apiKey: "none",
    modelName: "parrot",
    open: async ({ onProgress }: Pick<EngineOptions, "onProgress">) => {
      this.opened += 1;
      for (const loadedBytes of [0, 50, 50, 100]) onProgress?.({ phase: "weights", loadedBytes, totalBytes: 100 });
      return this as unknown as Engine;
    },
  };

  readonly tokens = {
    count: async ({ messages }: CountRequest) => messages.reduce((sum, { content }) => sum + String(content).split(" ").length, 0),
  };

  readonly chat = {
    completions: {
      create: async (request: ChatRequest): Promise<unknown> => {
        this.requests.push(request);
        const text = String(request.messages.at(-1)?.content ?? "");
        if (text === "long") throw new KernelcError("context", "it is too long", { help: "shorten it" });
        const usage = { total_tokens: 9 };
        return request.stream ? this.say(text.split(/(?<= )/)) : { choices: [{ message: { content: text } }], usage };
      },
    },
  };

  private async *say(words: readonly string[]): AsyncGenerator<unknown> {
    try {
      for (const content of words) yield { choices: [{ delta: { content } }] };
      yield { choices: [{ delta: {} }], usage: { total_tokens: 9 } };
    } finally {
      this.left += 1;
    }
  }
}

const user = (text: string): Content => ({ role: "user", parts: [{ text }] });
afterEach(() => vi.unstubAllGlobals());

describe("a backend of the Prompt API's polyfill", () => {
  it("opens its engine once, for all sessions, and tells how far that is", async () => {
    const parrot = new Parrot();
    const told: number[] = [];
    const monitor = Object.assign(new EventTarget(), { __lastProgressLoaded: -1 });
    monitor.addEventListener("downloadprogress", (event) => told.push((event as ProgressEvent).loaded));
    for (const backend of [new KernelcBackend(parrot.config), new KernelcBackend(parrot.config)]) {
      await backend.createSession({}, {}, monitor);
      expect(backend.modelName).toBe("parrot");
    }
    // jsdom's events have whole numbers, as those of older browsers do: half is 0 there.
    expect([parrot.opened, told.map(Math.floor)]).toEqual([1, [0, 0, 1]]);
  });

  it("answers turns, whole and in pieces, with the system prompt and the session's sampling", async () => {
    const parrot = new Parrot();
    const backend = new KernelcBackend(parrot.config);
    await backend.createSession({ temperature: 0.5, topK: 3 }, { systemInstruction: "Be kind." });
    const said: Content[] = [user("Hi"), { role: "model", parts: [{ text: "Yes" }] }, user("one two")];
    expect(await backend.generateContent(said)).toEqual({ text: "one two", usage: 9 });
    const pieces = [];
    for await (const piece of await backend.generateContentStream(said)) pieces.push([piece.text(), piece.usageMetadata.totalTokenCount]);
    expect(pieces).toEqual([["one ", 0], ["two", 0], ["", 9]]);
    expect(parrot.requests[0]).toMatchObject({
      messages: [
        { role: "system", content: "Be kind." }, { role: "user", content: "Hi" },
        { role: "assistant", content: "Yes" }, { role: "user", content: "one two" },
      ],
      temperature: 0.5, top_k: 3, response_format: null,
    });
    expect(await backend.countTokens(said)).toBe(4);
  });

  it("follows constraints, which come with a session that nobody waits for", async () => {
    const parrot = new Parrot();
    const backend = new KernelcBackend(parrot.config);
    const schema = { type: "object" };
    void backend.createSession({}, { generationConfig: { responseSchema: backend.convertSchema(schema) } });
    await backend.generateContent([user("a")]);
    void backend.createSession({}, { generationConfig: { responseSchema: backend.convertSchema(/^[ab]+$/) } });
    await backend.generateContent([user("a")]);
    expect(parrot.requests.map(({ response_format }) => response_format)).toEqual([
      { type: "json_schema", json_schema: { name: "answer", schema } }, { type: "regex", regex: "^[ab]+$" },
    ]);
    void backend.createSession({}, { generationConfig: { responseSchema: /yes/i } });
    await expect(backend.generateContent([user("a")])).rejects.toMatchObject({ name: "NotSupportedError" });
  });

  it("stops an answer that is left, and has the API's names for errors", async () => {
    const parrot = new Parrot();
    const backend = new KernelcBackend(parrot.config);
    for await (const _ of await backend.generateContentStream([user("a b c")])) break;
    expect(parrot.left).toBe(1);
    const long = { name: "QuotaExceededError", message: "it is too long: shorten it" };
    await expect(backend.generateContent([user("long")])).rejects.toMatchObject(long);
    const failing: KernelcConfig = { apiKey: "x", open: vi.fn().mockRejectedValueOnce(new KernelcError("network", "off")).mockResolvedValue(parrot) };
    const again = new KernelcBackend(failing);
    await expect(again.createSession({}, {})).rejects.toMatchObject({ name: "NetworkError" });
    await expect(again.createSession({}, {})).resolves.toBe(parrot);
  });

  it("is there for texts, where the page has set it up", () => {
    expect(KernelcBackend.availability({})).toBe("unavailable");
    vi.stubGlobal("KERNELC_CONFIG", new Parrot().config);
    expect(KernelcBackend.availability({ expectedInputs: [{ type: "text" }] })).toBe("available");
    expect(KernelcBackend.availability({ expectedInputs: [{ type: "image" }] })).toBe("unavailable");
  });
});

interface Session {
  readonly contextUsage: number;
  prompt(input: unknown, options?: object): Promise<string>;
  promptStreaming(input: unknown, options?: object): ReadableStream<string>;
  clone(): Promise<Session>;
  measureContextUsage(input: unknown): Promise<number>;
}

describe.skipIf(!POLYFILL)("the polyfill itself", () => {
  let folder = "";
  let LanguageModel: { availability(options?: object): Promise<string>; create(options?: object): Promise<Session> };
  const parrot = new Parrot();

  beforeAll(async () => {
    folder = mkdtempSync(join(import.meta.dirname, ".polyfill-"));
    cpSync(POLYFILL, folder, { recursive: true });
    // What its README says of a backend of one's own: a row of the registry.
    const registry = `export const BACKENDS = [{ config: "KERNELC_CONFIG", path: "./backends/kernelc.js" }];
      export const getBackendClass = async () => globalThis.kernelcBackend;`;
    writeFileSync(join(folder, "backends-registry.js"), registry);
    Object.assign(globalThis, { KERNELC_CONFIG: parrot.config, kernelcBackend: KernelcBackend });
    const module: unknown = await import(/* @vite-ignore */ pathToFileURL(join(folder, "prompt-api-polyfill.js")).href);
    ({ LanguageModel } = module as { LanguageModel: typeof LanguageModel });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("gives pages sessions that our engine answers", async () => {
    vi.stubGlobal("KERNELC_CONFIG", parrot.config);
    expect(await LanguageModel.availability({ expectedInputs: [{ type: "audio" }] })).toBe("unavailable");
    const told: number[] = [];
    const monitor = (target: EventTarget): void =>
      target.addEventListener("downloadprogress", (event) => told.push((event as ProgressEvent).loaded));
    const session = await LanguageModel.create({ initialPrompts: [{ role: "system", content: "Be kind." }], monitor });
    expect([told.at(0), told.at(-1), session.contextUsage]).toEqual([0, 1, 2]);
    expect(await session.prompt("one two")).toBe("one two");
    expect(session.contextUsage).toBe(9);
    let text = "";
    const reader = session.promptStreaming("three four").getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text).toBe("three four");
    const clone = await session.clone();
    expect(await clone.prompt("x", { responseConstraint: { type: "string" } })).toBe("x");
    expect(parrot.requests.at(-1)?.response_format).toMatchObject({ type: "json_schema" });
    expect(parrot.requests.at(-1)?.messages.map(({ content }) => content)).toEqual([
      "Be kind.", "one two", "one two", "three four", "three four", "x",
    ]);
    expect(await session.measureContextUsage("a b c")).toBe(3);
    await expect(session.prompt("long")).rejects.toMatchObject({ name: "QuotaExceededError" });
    expect(parrot.opened).toBe(1);
  });
});
