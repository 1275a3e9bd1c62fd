/**
 * A device of tests: a toy model whose next token depends on every token before it and on which program computed
 * its key and value, so that a wrong cache, a wrong position or a lost replay shows in the ids.
 */

import type { Env } from "../../src/artifact/dim.js";
import { KernelcError } from "../../src/artifact/errors.js";
import { parseManifest, type Manifest, type Role } from "../../src/artifact/manifest.js";
import { draw, hashWords } from "../../src/engine/sampling/cpuSampler.js";
import type { Discarded, Executor, Fetch, StepFields, Ticket } from "../../src/gpu/executor.js";
import { checkedSampling } from "../../src/engine/sampling/sampling.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

export const VOCAB = 64;
export const CONTEXT = 96;
export const CHUNK = 16;
const SCORE_CHUNK = 4;

/** A manifest with a program for every role; of decode there are two, by how long the past is. */
export function toyManifest(): Manifest {
  const json = sampleManifest();
  const symbols = { context: [1, CONTEXT], past: [0, CONTEXT - 1], seq: [1, CONTEXT] };
  const [decode] = (json["programs"] as { decode: { dispatches: unknown[] } }).decode.dispatches;
  const program = (role: Role, seq: number, past = [0, CONTEXT - 1]): Json => ({
    role, symbols: { seq: [1, seq], past }, dispatches: [decode],
  });
  const programs = {
    decode: program("decode", 1, [0, 31]),
    decode_32: program("decode", 1, [32, CONTEXT - 1]),
    prefill: program("prefill", CHUNK),
    score: program("score", SCORE_CHUNK),
    sample_greedy: program("sample_greedy", CONTEXT),
    sample: program("sample", CONTEXT),
    mask: program("mask", CONTEXT),
  };
  const model = { ...(json["model"] as Json), vocab_size: VOCAB, max_context: CONTEXT };
  return parseManifest(new TextEncoder().encode(JSON.stringify({ ...json, symbols, programs, model })), "toy.json");
}

/** What happened on a device, in order: the programs of each step and the positions it covered. */
export interface Step {
  readonly programs: readonly string[];
  readonly past: number;
  readonly seq: number;
}

export class ToyExecutor implements Executor {
  lost = false;
  released = false;
  readonly steps: Step[] = [];
  readonly prepared: Role[] = [];
  /** Lose the device when it has run so many steps. */
  loseAfter = Infinity;
  /** Tickets that wait for their turn: what was handed over and not collected. */
  flying = 0;
  mostFlying = 0;
  private readonly tokens = new Uint32Array(CONTEXT + 1);
  private readonly mask = new Uint32Array(VOCAB / 32);
  protected readonly values = new Uint32Array(CONTEXT);
  private logits: Float32Array = new Float32Array(VOCAB);
  private rows: Float32Array[] = [];

  async prepare(roles: readonly Role[]): Promise<void> {
    this.prepared.push(...roles);
  }

  run(programs: readonly string[], env: Env, step: StepFields, fetch: readonly Fetch[]): Ticket {
    const { past = 0, seq = 0 } = env;
    this.steps.push({ programs, past, seq });
    if (this.steps.length > this.loseAfter) this.lost = true;
    for (const program of programs) this.runProgram(program, past, seq, step);
    const parts = fetch.map(({ buffer, offset, bytes }) => this.read(buffer).slice(offset, offset + bytes));
    return this.ticket(parts);
  }

  private ticket(parts: readonly Uint8Array[]): Ticket {
    this.flying += 1;
    this.mostFlying = Math.max(this.mostFlying, this.flying);
    const result = async (): Promise<ArrayBuffer> => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.flying -= 1;
      if (this.lost) throw new KernelcError("device-lost", "the toy was taken away");
      return await new Blob(parts.map((part) => part.slice())).arrayBuffer();
    };
    return { result, discard: () => this.drop() };
  }

  private drop(): Discarded {
    this.flying -= 1;
    return "runs";
  }

  /** The key and value of position `at`. */
  protected stored(at: number, token: number, kind: number): number {
    return hashWords(at ? (this.values[at - 1] ?? 0) : 7, token, kind);
  }

  /** The logits after position `at`. */
  protected scores(at: number): Float32Array {
    return Float32Array.from({ length: VOCAB }, (_, id) => hashWords(this.values[at] ?? 0, id, 3) / 2 ** 29);
  }

  private runProgram(program: string, past: number, seq: number, step: StepFields): void {
    if (program.startsWith("sample")) {
      const sampling = checkedSampling(program === "sample" ? step : { seed: 0 });
      this.tokens[past + seq] = draw(this.logits, sampling, past + seq);
      return;
    }
    if (program === "mask") {
      const allows = (id: number): boolean => ((this.mask[id >>> 5] ?? 0) >>> (id & 31)) % 2 === 1;
      this.logits = this.logits.map((score, id) => (allows(id) ? score : -Infinity));
      return;
    }
    this.rows = [];
    for (let at = past; at < past + seq; at += 1) {
      const kind = program.startsWith("decode") ? 1 : 2; // as rounding differs between programs
      this.values[at] = this.stored(at, this.tokens[at] ?? 0, kind);
      this.rows.push(this.scores(at));
    }
    if (program !== "score") this.logits = this.rows.at(-1) ?? this.logits;
  }

  /** A buffer that outlives steps. */
  protected state(buffer: string): Uint32Array | null {
    const states = { tokens: this.tokens, cache: this.values, mask: this.mask };
    return states[buffer as keyof typeof states] ?? null;
  }

  private read(buffer: string): Uint8Array {
    const state = this.state(buffer);
    if (state) return new Uint8Array(state.buffer as ArrayBuffer);
    if (buffer === "logits") return new Uint8Array(this.logits.buffer as ArrayBuffer);
    const all = new Float32Array(this.rows.flatMap((row) => [...row]));
    return new Uint8Array(all.buffer);
  }

  write(buffer: string, offset: number, data: Uint32Array): void {
    this.state(buffer)?.set(data, offset / 4);
  }

  dispatchCount(programs: readonly string[]): number {
    return programs.length;
  }

  release(): void {
    this.released = true;
  }
}
