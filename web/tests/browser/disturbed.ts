/** Answers in whose midst the device is lost, against those of an undisturbed run. */
import { expect } from "vitest";

import type { EngineOptions } from "../../src/index";

export interface Disturbed {
  /** At temperature 0 undisturbed and disturbed, then drawn in both ways. */
  readonly texts: readonly string[];
  /** How often the engine opened its device again. */
  readonly restored: number;
  readonly notices: readonly string[];
}

/** Runs in a page with the library: the answers of the model at an address, opened with some options. */
export async function disturbed([url, options]: readonly [string, EngineOptions]): Promise<Disturbed> {
  const notices: string[] = [];
  const onNotice = ({ code }: { code: string }) => notices.push(code);
  const engine = await kernelc.createWorkerEngine(url, { ...options, onNotice });
  const request = { messages: [{ role: "user", content: "Once upon a time" }], max_tokens: 40, stream: true } as const;
  const texts: string[] = [];
  for (const [temperature, loseAt] of [[0, 0], [0, 12], [0.9, 0], [0.9, 25]] as const) {
    await engine.reset();
    let [text, pieces] = ["", 0];
    for await (const chunk of await engine.chat.completions.create({ ...request, temperature, seed: 7 })) {
      const piece = chunk.choices[0]?.delta.content ?? "";
      text += piece;
      pieces += Number(piece !== "");
      if (loseAt > 0 && pieces === loseAt) await engine.simulateLoss();
    }
    texts.push(text);
  }
  const { restored } = await engine.stats();
  await engine.dispose();
  return { texts, restored, notices };
}

/** Throws where the loss of the device shows in an answer, or was not told. */
export function expectUndisturbed({ texts, restored, notices }: Disturbed): void {
  const [greedy, greedyLost, drawn, drawnLost] = texts;
  expect(greedy?.split(" ").length).toBeGreaterThanOrEqual(40);
  expect(greedyLost).toBe(greedy);
  expect(drawnLost).toBe(drawn);
  expect(drawn).not.toBe(greedy);
  expect(restored).toBe(2);
  expect(notices.filter((code) => code === "device-restored").length).toBe(2);
}
