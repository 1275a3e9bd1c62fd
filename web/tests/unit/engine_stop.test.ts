/** A prompt that is stopped while a device computes it: one that can stop leaves nothing of it behind. */
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/artifact/manifest.js";
import { GENERATE_ROLES, TokenEngine } from "../../src/engine/engine.js";
import { checkedSampling } from "../../src/engine/sampling/sampling.js";
import type { Executor } from "../../src/gpu/executor.js";
import { CHUNK, CONTEXT, toyManifest, VOCAB } from "./engine_fakes.js";
import { RING, RING_MANIFEST, RingExecutor, SlowExecutor } from "./ring_fakes.js";

const FIRST = Array.from({ length: 20 }, (_, at) => (7 * at) % VOCAB);
const LONG = [...FIRST, ...Array.from({ length: 3 * CHUNK }, (_, at) => (5 * at + 1) % VOCAB)];
const TURNS = Array.from({ length: 20 }, (_, turns) => turns);

function open(executor: Executor, manifest: Manifest): TokenEngine {
  return new TokenEngine(executor, manifest, CONTEXT, GENERATE_ROLES, async () => {
    throw new Error("nothing is lost here");
  });
}

/** What the engine says after `ids`, and how many of them it had in its cache. */
async function answer(engine: TokenEngine, ids: readonly number[]): Promise<{ found: number[]; kept: number }> {
  const kept = engine.truncate(Math.min(engine.commonPrefix(ids), ids.length - 1));
  await engine.feed(ids.slice(kept));
  const found: number[] = [];
  for await (const { id } of engine.generate(6, checkedSampling({ temperature: 0, seed: 0 }), [])) found.push(id);
  return { found, kept };
}

/** Stop the long prompt after so many turns of the event loop; false where it was read by then. */
async function stopped(engine: TokenEngine, turns: number): Promise<boolean> {
  const controller = new AbortController();
  const feeding = engine.feed(LONG.slice(engine.ids.length), { signal: controller.signal });
  const outcome = feeding.then(
    () => false,
    (error: { code?: string }) => error.code === "aborted",
  );
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
  controller.abort();
  return outcome;
}

const CACHES = [
  ["rings", RING_MANIFEST, RING.rows],
  ["plain caches", toyManifest(), CONTEXT],
] as const;

describe.each(CACHES)("a stopped prompt, with %s", (_, manifest, rows) => {
  it.each(TURNS)("leaves what was there before and what was read whole (%i turns)", async (turns) => {
    const device = new SlowExecutor(rows);
    const engine = open(device, manifest);
    await engine.feed(FIRST);
    await stopped(engine, turns);
    expect(LONG.slice(0, engine.ids.length)).toEqual(engine.ids);
    expect(engine.ids.length).toBeGreaterThanOrEqual(FIRST.length);
    const other = [...LONG.slice(0, engine.ids.length), 3, 1, 4];
    const { found } = await answer(engine, other);
    expect(found).toEqual((await answer(open(new RingExecutor(rows), manifest), other)).found);
    const again = await answer(engine, [...FIRST, 9, 9]);
    expect(again.found).toEqual((await answer(open(new RingExecutor(rows), manifest), [...FIRST, 9, 9])).found);
  });

  it("is not computed to its end", async () => {
    const outcomes = TURNS.map(async (turns) => {
      const device = new SlowExecutor(rows);
      const engine = open(device, manifest);
      await engine.feed(FIRST);
      const early = await stopped(engine, turns);
      const { kept } = await answer(engine, [...FIRST, 9]); // what is still queued runs before this
      return { early, spent: device.prefilled - FIRST.length - (FIRST.length + 1 - kept) };
    });
    const early = (await Promise.all(outcomes)).filter((outcome) => outcome.early);
    expect(early.map(({ spent }) => spent)).toEqual(expect.arrayContaining([0, CHUNK, 2 * CHUNK]));
    expect(early[0]?.spent).toBe(0);
  });
});
