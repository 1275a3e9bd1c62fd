import { describe, expect, it } from "vitest";
import { hashWords } from "../../src/engine/sampling/cpuSampler.js";
import { GENERATE_ROLES, TokenEngine } from "../../src/engine/engine.js";
import { HeldPositions } from "../../src/engine/steps/rings.js";
import { checkedSampling } from "../../src/engine/sampling/sampling.js";
import { CHUNK, CONTEXT, VOCAB } from "./engine_fakes.js";
import { RING, RING_MANIFEST, RingExecutor } from "./ring_fakes.js";

/** Whole numbers below `bound`, always the same ones for a seed. */
function numbers(seed: number): (bound: number) => number {
  let drawn = 0;
  return (bound) => hashWords(seed, (drawn += 1), 11) % bound;
}

function open(executor = new RingExecutor()): TokenEngine {
  return new TokenEngine(executor, RING_MANIFEST, CONTEXT, GENERATE_ROLES, async () => new RingExecutor());
}

async function load(engine: TokenEngine, ids: readonly number[]): Promise<number> {
  const kept = engine.truncate(Math.min(engine.commonPrefix(ids), ids.length - 1));
  await engine.feed(ids.slice(kept));
  return kept;
}

async function generate(engine: TokenEngine, count: number, ahead = 4): Promise<number[]> {
  const found: number[] = [];
  const options = { ahead };
  for await (const { id } of engine.generate(count, checkedSampling({ temperature: 0, seed: 0 }), [], options)) {
    found.push(id);
  }
  return found;
}

describe("caches that are rings", () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))("go on after any cut as a new sequence would (%i)", async (seed) => {
    const draw = numbers(seed);
    const some = (most: number): number[] => Array.from({ length: draw(most) + 1 }, () => draw(VOCAB));
    const engine = open();
    let ids = some(50);
    for (let turn = 0; turn < 8; turn += 1) {
      await load(engine, ids);
      const fresh = open();
      await fresh.feed(ids);
      const found = await generate(engine, 4, 1 + draw(100));
      expect(found).toEqual(await generate(fresh, 4));
      ids = [...ids, ...found];
      const cut = draw([2, CHUNK, 90][draw(3)] ?? 1);
      ids = [...ids.slice(0, Math.max(1, ids.length - cut)), ...some(9)].slice(0, CONTEXT - 8);
    }
  });

  it("may always be cut by as many positions as a step has rows", async () => {
    const engine = open();
    const ids = Array.from({ length: 60 }, (_, at) => at % VOCAB);
    await engine.feed(ids);
    expect(engine.truncate(60 - CHUNK)).toBe(60 - CHUNK);
    await engine.feed(ids.slice(60 - CHUNK));
    expect(engine.truncate(60 - CHUNK - 3)).toBe(0);
    expect(engine.ids).toEqual([]);
    await engine.feed(ids.slice(0, RING.rows));
    expect(engine.truncate(1)).toBe(1); // nothing was replaced yet
  });

  it("are filled again after a loss", async () => {
    const executor = new RingExecutor();
    const engine = open(executor);
    const ids = Array.from({ length: 40 }, (_, at) => (7 * at) % VOCAB);
    await engine.feed(ids);
    executor.loseAfter = executor.steps.length + 2;
    const fresh = open();
    await fresh.feed(ids);
    expect(await generate(engine, 12)).toEqual(await generate(fresh, 12));
    expect(engine.restored).toBe(1);
    expect(engine.truncate(45)).toBe(45);
  });

  it("hold what no ring has forgotten", () => {
    const held = new HeldPositions([{ window: 8, rows: 20 }, { window: 2, rows: 30 }]);
    for (let past = 0; past < 100; past += 4) held.written(past, 4);
    expect([100, 88, 87, 1, 0].map((length) => held.enoughFor(length))).toEqual([true, true, false, false, true]);
    held.written(0, 4);
    expect(held.enoughFor(1)).toBe(true);
    expect(held.spare).toBe(12);
    const whole = new HeldPositions([]);
    whole.written(0, 5000);
    expect([whole.enoughFor(1), whole.spare]).toEqual([true, Infinity]);
  });
});
