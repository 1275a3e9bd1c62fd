/** Beginnings of prompts in a real Chromium: kept between conversations, and shipped with a site. */
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

interface Asked {
  readonly text: string;
  readonly cached: number;
}

describe.skipIf(!hasChromium)("beginnings of prompts", { timeout: 180_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let context: BrowserContext;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer({ "/warm/": inject("prepared").warm })]);
    context = await browser.newContext();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** The answers of a new engine to these questions, one after the other, each under its own system prompt. */
  async function ask(asked: readonly (readonly [system: number, question: string])[], warm: boolean): Promise<Asked[]> {
    const page = await openEngine(context, server);
    const answers = await page.evaluate(
      async ([asked, warm]) => {
        const { models } = (await (await fetch("/warm/models.json")).json()) as {
          models: [{ path: string; system: string; warm: { file: string; bytes: number; sha256: string } }];
        };
        const [model] = models;
        const engine = await kernelc.createEngine(`/warm/${model.path}`, warm ? { warm: model.warm } : {});
        if (warm) {
          const list = (await (await fetch(`/warm/${model.path}warm.json`)).json()) as { blocks: { file: string }[] };
          // Blocks are fetched beside the first answers; this waits until they are there.
          for (let left = 600; left > 0 && (await engine.stats()).kept_blocks < list.blocks.length; left -= 1) {
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        }
        const answers: Asked[] = [];
        for (const [system, content] of asked) {
          const messages = [
            { role: "system" as const, content: [model.system, "x y z ".repeat(60)][system] ?? "" },
            { role: "user" as const, content },
          ];
          const { choices, usage } = await engine.chat.completions.create({ messages, temperature: 0, max_tokens: 12 });
          const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0;
          answers.push({ text: choices[0].message.content ?? "", cached });
        }
        await engine.dispose();
        return answers;
      },
      [asked, warm] as const,
    );
    await page.close();
    return answers;
  }

  test("are kept while conversations take turns", async () => {
    const found = await ask([[0, "Who?"], [1, "Who?"], [0, "Who?"], [1, "Why?"]], false);
    expect(found.map(({ cached }) => cached >= 64)).toEqual([false, false, true, true]);
    expect(found[2]?.text).toBe(found[0]?.text);
    expect(found[0]?.text).not.toBe("");
  });

  test.skipIf(!inject("prepared").artifacts["tiny-f32-wasm"])("are kept on the processor, too", async () => {
    const page = await openEngine(context, server);
    const cached = await page.evaluate(async () => {
      const engine = await kernelc.createEngine("/models/tiny-f32-wasm/", { device: "wasm" });
      const found: [string, number][] = [];
      for (const text of ["a b c ", "x y z ", "a b c "]) {
        const request = { prompt: text.repeat(60), temperature: 0, max_tokens: 6 };
        const { choices, usage } = await engine.completions.create(request);
        found.push([choices[0].text, usage?.prompt_tokens_details?.cached_tokens ?? 0]);
      }
      await engine.dispose();
      return found;
    });
    expect(cached[2]?.[0]).toBe(cached[0]?.[0]);
    expect(cached.map(([, tokens]) => tokens >= 64)).toEqual([false, false, true]);
  });

  test("are there after a reload where the engine keeps them on the device, until they are deleted", async () => {
    const visit = async (content: string, deleting = false) => {
      const page = await openEngine(context, server);
      const found = await page.evaluate(
        async ([content, deleting]) => {
          const [{ path }] = ((await (await fetch("/warm/models.json")).json()) as { models: [{ path: string }] }).models;
          if (deleting) await kernelc.deletePrefixes();
          const engine = await kernelc.createWorkerEngine(`/warm/${path}`, { storePrefixes: true });
          const messages = [{ role: "user" as const, content: content.repeat(50) }];
          const { choices, usage } = await engine.chat.completions.create({ messages, temperature: 0, max_tokens: 8 });
          const blocks = Math.floor(((usage?.prompt_tokens ?? 0) - 1) / 64);
          for (let left = 200; left > 0 && (await engine.stats()).stored_blocks < blocks; left -= 1) {
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          const { stored_blocks } = await engine.stats();
          await engine.dispose();
          const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0;
          return { text: choices[0].message.content ?? "", cached, blocks, stored: stored_blocks >= blocks };
        },
        [content, deleting] as const,
      );
      await page.close();
      return found;
    };
    const first = await visit("q r s ");
    expect(first).toMatchObject({ cached: 0, stored: true });
    expect(first.blocks).toBeGreaterThan(1);
    expect(await visit("q r s ")).toEqual({ ...first, cached: 64 * first.blocks });
    expect(await visit("q r s ", true)).toEqual(first);
  });

  test("that the site has computed are put back, at the next visit without a download", async () => {
    const [alone] = await ask([[0, "When?"]], false);
    server.reset();
    const [first] = await ask([[0, "When?"]], true);
    const blocks = server.requests(".kv").length;
    expect(blocks).toBeGreaterThan(0);
    expect(first?.cached).toBe(64 * blocks);
    expect(first?.text).toBe(alone?.text);
    server.reset();
    expect(await ask([[0, "When?"]], true)).toEqual([first]);
    expect(server.requests(".kv")).toEqual([]);
  });
});
