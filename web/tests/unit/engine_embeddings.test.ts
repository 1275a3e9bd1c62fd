/** Embeddings: requests are read as by the native runtime, and vectors are means of hidden states. */

import { describe, expect, it } from "vitest";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import { embed, type EmbeddingParts } from "../../src/engine/answers/embeddings.js";
import { hiddenWidth } from "../../src/engine/steps/hiddenWidth.js";
import { rolesFor, TokenEngine } from "../../src/engine/engine.js";
import { Mutex } from "../../src/engine/mutex.js";
import { CONTEXT, ToyExecutor, toyManifest } from "./engine_fakes.js";
import { coder } from "./engine_letters.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

const [WIDTH, ROWS] = [3, 4];

/** A toy whose hidden state at a position is (id, position, 1), or another last number. */
class HiddenToy extends ToyExecutor {
  private readonly ids: number[] = [];

  constructor(private readonly last = 1) {
    super();
  }

  override write(buffer: string, offset: number, data: Uint32Array): void {
    super.write(buffer, offset, data);
    data.forEach((id, at) => (this.ids[offset / 4 + at] = id));
  }

  override run(...[programs, env, step, fetch]: Parameters<ToyExecutor["run"]>): ReturnType<ToyExecutor["run"]> {
    const ticket = super.run(programs, env, step, []);
    if (!fetch.some(({ buffer }) => buffer === "hidden")) return super.run(programs, env, step, fetch);
    const { past = 0, seq = 0 } = env;
    const rows = Array.from({ length: seq }, (_, at) => [this.ids[past + at] ?? 0, past + at, this.last]);
    const result = async (): Promise<ArrayBuffer> => {
      await ticket.result();
      return Float32Array.from(rows.flat()).buffer;
    };
    return { result, discard: () => ticket.discard() };
  }
}

function hiddenManifest(): Manifest {
  const json = sampleManifest();
  const symbols = { context: [1, CONTEXT], past: [0, CONTEXT - 1], seq: [1, CONTEXT] };
  const [decode] = (json["programs"] as { decode: { dispatches: unknown[] } }).decode.dispatches;
  const embedding = { role: "embed", symbols: { seq: [1, ROWS], past: [0, CONTEXT - 1] }, dispatches: [decode] };
  const programs = { ...(json["programs"] as Json), embed: embedding };
  const buffers = { ...(json["buffers"] as Json), hidden: { kind: "slot", bytes: 4 * WIDTH * ROWS } };
  const model = { ...(json["model"] as Json), max_context: CONTEXT };
  const all = { ...json, symbols, programs, buffers, model };
  return parseManifest(new TextEncoder().encode(JSON.stringify(all)), "toy.json");
}

function parts(loaded = true, last = 1): EmbeddingParts {
  const manifest = hiddenManifest();
  const make = async (): Promise<HiddenToy> => new HiddenToy(last);
  const roles = rolesFor({ embeddings: loaded });
  const engine = new TokenEngine(new HiddenToy(last), manifest, CONTEXT, roles, make);
  return { engine, manifest, coder, name: "toy", mutex: new Mutex() };
}

/** The mean of the toy's hidden states over `ids`, of length 1. */
function wanted(ids: readonly number[]): number[] {
  const sums = [ids.reduce((a, b) => a + b, 0), (ids.length * (ids.length - 1)) / 2, ids.length];
  const length = Math.hypot(...sums);
  return sums.map((value) => Math.fround(value / length));
}

describe("embeddings", () => {
  it("are means over chunks, scaled to length 1, one for each text", async () => {
    const texts = ["abcdefghij", "b"];
    const { data, usage, model } = await embed(parts(), { input: texts });
    expect(data.map(({ index }) => index)).toEqual([0, 1]);
    texts.forEach((text, at) => {
      expect(data[at]?.embedding).toEqual(wanted(coder.encode(text)));
    });
    expect([usage, model]).toEqual([{ prompt_tokens: 11, total_tokens: 11 }, "toy"]);
  });

  it("take ids as they are, and come as base64", async () => {
    const { data } = await embed(parts(), { input: [5, 6, 7], encoding_format: "base64", model: "mine" });
    const bytes = Uint8Array.from(atob(data[0]?.embedding as string), (letter) => letter.charCodeAt(0));
    expect([...new Float32Array(bytes.buffer)]).toEqual(wanted([5, 6, 7]));
  });

  it.each([NaN, Infinity])("are refused where a hidden state is no number: %d", async (last) => {
    await expect(embed(parts(true, last), { input: "ab" })).rejects.toThrow(
      "the model's hidden states for token 1 are no numbers",
    );
  });

  it("stop on request, and leave the engine as it was", async () => {
    const some = parts();
    const stopped = AbortSignal.abort();
    await expect(embed(some, { input: "ab", signal: stopped })).rejects.toMatchObject({ code: "aborted" });
    expect((await embed(some, { input: "ab" })).data).toHaveLength(1);
  });

  it.each<[unknown, string, string]>([
    [{}, "input", "input is null, wanted a text, a list of token ids, or a list of either"],
    [{ input: "" }, "input", "input is empty, wanted a text of at least one character"],
    [{ input: ["a", ""] }, "input[1]", "input[1] is empty, wanted a text of at least one character"],
    [{ input: [64_000_000] }, "input[0]", "input[0] is 64000000"],
    [{ input: "a", dimensions: 8 }, "dimensions", "dimensions is not supported: embeddings have as many numbers"],
    [{ input: "a", encoding_format: "int8" }, "encoding_format", 'encoding_format is "int8", wanted "float" or "base64"'],
    [{ input: "a", inputs: 1 }, "inputs", "inputs is not a known field, wanted perhaps input"],
  ])("of %j are refused", async (request, param, message) => {
    const refused = embed(parts(), request);
    await expect(refused).rejects.toMatchObject({ code: "usage", param });
    await expect(refused).rejects.toThrow(message);
  });

  it("of a text beyond the context, and of a model that has none, are refused", async () => {
    const long = { code: "context", param: "input[1]" };
    await expect(embed(parts(), { input: ["a", "a".repeat(97)] })).rejects.toMatchObject(long);
    await expect(embed(parts(false), { input: "a" })).rejects.toThrow("the model was not loaded for embeddings");
    expect(() => hiddenWidth(toyManifest(), CONTEXT)).toThrow("the artifact has no program for embeddings");
  });
});
