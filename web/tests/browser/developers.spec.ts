/**
 * What programs do with engines in Chromium: several models in a worker, others after them, code and embeddings. On
 * the processor, where it takes seconds; nothing of it knows the device.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

/** A logit processor that lets answers say one text alone, again and again. */
const SAY = `export default (text, { encode }) => {
  const ids = encode(text);
  return (logits, { said }) => {
    const wanted = ids[said.length % ids.length];
    for (let id = 0; id < logits.length; id += 1) if (id !== wanted) logits[id] = -Infinity;
  };
};`;
/** A page's own worker, with a logit processor that needs no module. */
const OWN = `import { serveEngines } from "/lib/index.js";
serveEngines({ logitProcessors: { never: (ids) => (logits) => { for (const id of ids) logits[id] = -Infinity; } } });`;

const PROMPT = [1, 403, 407, 261, 378];

const { computed, embedded } = inject("prepared");

describe.skipIf(!hasChromium || computed === "")("a program's engines in Chromium", { timeout: 180_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let page: Page;

  beforeAll(async () => {
    const script = (text: string) => (_: unknown, response: import("node:http").ServerResponse) =>
      void response.writeHead(200, { "Content-Type": "text/javascript" }).end(text);
    const mounts = { "/say.js": script(SAY), "/own.js": script(OWN) };
    [browser, server] = await Promise.all([startBrowser([], false), startServer(mounts)]);
    page = await openEngine(browser, server);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  test("two models in one worker answer side by side, each as it does alone", async () => {
    const found = await page.evaluate(async (prompt) => {
      const asked = { temperature: 0, max_tokens: 6, stop_ids: [] };
      const alone: (readonly number[])[] = [];
      for (const url of ["/models/tiny-q4-wasm/", "/models/tiny-f32-wasm/"]) {
        const engine = await kernelc.createWorkerEngine(url);
        alone.push((await engine.tokens.generate(prompt, asked)).ids);
        await engine.dispose();
      }
      const worker = new kernelc.EngineWorker();
      const both = await Promise.all(["/models/tiny-q4-wasm/", "/models/tiny-f32-wasm/"].map((url) => worker.create(url)));
      const together = await Promise.all(both.map(async (each) => (await each.tokens.generate(prompt, asked)).ids));
      await both[0]?.dispose();
      const again = (await both[1]?.tokens.generate(prompt, asked))?.ids;
      const refused = await both[0]?.stats().catch((error: Error) => error.message);
      const open = worker.engines.length;
      worker.end();
      return { alone, together, again, refused, open, names: both.map(({ model }) => model.quant) };
    }, PROMPT);
    expect(found.together).toEqual(found.alone);
    expect(found.again).toEqual(found.alone[1]);
    expect(found.refused).toBe("the engine was disposed");
    expect([found.open, found.names]).toEqual([1, ["q4", "f32"]]);
  });

  test("an engine loads another model by its name, the same one again, and one after a failure", async () => {
    const found = await page.evaluate(async (prompt) => {
      const asked = { temperature: 0, max_tokens: 4, stop_ids: [] };
      const models = [
        { name: "small", url: "/models/tiny-q4-wasm/", options: { context: 128 } },
        { name: "exact", url: "/models/tiny-f32-wasm/" },
        { name: "gone", url: "/models/none/" },
      ];
      const engine = await kernelc.createWorkerEngine("small", { models });
      const facts = (): unknown => [engine.model.quant, engine.model.context];
      const seen = [facts()];
      const first = (await engine.tokens.generate(prompt, asked)).ids;
      await engine.reload("exact");
      seen.push(facts());
      const failed = await engine.reload("gone").catch((error: Error) => error.message);
      const none = await engine.stats().catch((error: Error) => error.message);
      await engine.reload("small", { context: 64 });
      seen.push(facts());
      await engine.reload();
      seen.push(facts());
      const last = (await engine.tokens.generate(prompt, asked)).ids;
      const unknown = await engine.reload("other").catch((error: Error) => error.message);
      const still = (await engine.stats()).context;
      await engine.dispose();
      return { seen, first, last, failed, none, unknown, still };
    }, PROMPT);
    const full = (found.seen as [string, number][])[1]?.[1];
    expect(found.seen).toEqual([["q4", 128], ["f32", full], ["q4", 64], ["q4", 64]]);
    expect(found.last).toEqual(found.first);
    expect(found.failed).toContain("manifest.json: the server answered 404");
    expect(found.none).toBe("the engine has no model at the moment");
    expect([found.unknown, found.still]).toEqual(['there is no model "other" in the list', 64]);
  });

  test("scores are changed by a module's code in the worker, and by that of the page's own worker", async () => {
    const found = await page.evaluate(async (prompt) => {
      const messages = [{ role: "user" as const, content: "Once upon a time" }];
      const asked = { messages, max_tokens: 6, temperature: 1 };
      const module = await kernelc.createWorkerEngine("/models/tiny-q4-wasm/", { logitProcessors: { say: "/say.js" } });
      const options = { name: "say", options: "the cat" };
      const said = (await module.chat.completions.create({ ...asked, logit_processor: options })).choices[0];
      await module.dispose();
      const worker = new Worker("/own.js", { type: "module" });
      const own = await kernelc.createWorkerEngine("/models/tiny-q4-wasm/", { worker });
      const { ids } = await own.tokens.generate(prompt, { temperature: 0, max_tokens: 1, stop_ids: [] });
      const text = { prompt, max_tokens: 1, temperature: 0, logprobs: 1 };
      const plain = (await own.completions.create(text)).choices[0].logprobs?.tokens;
      const never = { name: "never", options: ids };
      const without = (await own.completions.create({ ...text, logit_processor: never })).choices[0].logprobs?.tokens;
      await own.dispose();
      const logitProcessors = { mine: () => () => undefined };
      const refused = await kernelc
        .createWorkerEngine("/models/tiny-q4-wasm/", { logitProcessors })
        .catch((error: Error) => error.message);
      return { said: said.message.content, plain, without, refused };
    }, PROMPT);
    expect(found.said).toMatch(/^the cat/);
    expect(found.without).not.toEqual(found.plain);
    expect(found.refused).toBe('the logit processor "mine" is a function, which cannot be sent to a worker');
  });

  test("tokens are counted as prompts have them, and texts come back from their ids", async () => {
    const found = await page.evaluate(async () => {
      const engine = await kernelc.createWorkerEngine("/models/tiny-q4-wasm/");
      const messages = [
        { role: "system" as const, content: "Be kind." },
        { role: "user" as const, content: "Once upon a time" },
      ];
      const counted = await engine.tokens.count({ messages });
      const { usage } = await engine.chat.completions.create({ messages, max_tokens: 1 });
      const back = await engine.tokens.decode(await engine.tokens.encode("the cat sat"));
      const refused = await engine.tokens.count({ messages: [] }).catch((error: Error) => error.message);
      await engine.dispose();
      return { counted, prompt: usage.prompt_tokens, back, refused };
    });
    expect(found.counted).toBe(found.prompt);
    expect([found.back, found.refused]).toEqual(["the cat sat", "messages is a list of 0, wanted a list of 1 to 100000 messages"]);
  });

  test("embeddings are those of the native runtime", async () => {
    const found = await page.evaluate(async (inputs) => {
      const engine = await kernelc.createWorkerEngine("/models/tiny-embed/", { embeddings: true });
      const { data, usage } = await engine.embeddings.create({ input: inputs });
      const coded = await engine.embeddings.create({ input: inputs, encoding_format: "base64" });
      await engine.dispose();
      const plain = await kernelc
        .createWorkerEngine("/models/tiny-f32-wasm/", { embeddings: true })
        .catch((error: Error) => error.message);
      const bytes = Uint8Array.from(atob(coded.data[0]?.embedding ?? ""), (letter) => letter.charCodeAt(0));
      return { vectors: data.map(({ embedding }) => embedding), first: [...new Float32Array(bytes.buffer)], usage, plain };
    }, embedded.map(({ ids }) => ids));
    embedded.forEach(({ vector }, at) => {
      const ours = found.vectors[at] ?? [];
      expect(ours).toHaveLength(vector.length);
      vector.forEach((value, place) => expect(ours[place]).toBeCloseTo(value, 5));
    });
    expect(found.first).toEqual(found.vectors[0]);
    expect(found.usage.total_tokens).toBe(embedded.reduce((sum, { ids }) => sum + ids.length, 0));
    expect(found.plain).toBe("the artifact has no program for embeddings");
  });
});
