/**
 * The token sequence in a device's cache, and the steps that extend it.
 *
 * Position p of the cache holds the keys and values of `ids[p]`. `nextId`, where it is known, is the id that
 * was sampled after the last of them; its own keys and values are not in the cache yet. `hasLogits` says
 * whether the logits buffer belongs to the last position.
 */

import { KernelcError } from "../../artifact/errors.js";
import { TOKENS_BUFFER, type Role } from "../../artifact/schema.js";
import type { Executor, Fetch, StepFields, Ticket } from "../../gpu/executor.js";
import type { ProgramTable } from "./programTable.js";
import { HeldPositions } from "./rings.js";
import { GREEDY_FIELDS } from "../sampling/sampling.js";
import { Timings } from "./timings.js";

/** A small range to read back from a step that is waited for and gives nothing else. */
const A_WORD: readonly Fetch[] = [{ buffer: TOKENS_BUFFER, offset: 0, bytes: 4 }];

/**
 * How many of the latest generated tokens are replayed one by one after a loss; older ones are replayed in
 * chunks.
 */
const EXACT_REPLAY_TOKENS = 512;
const DECODE_STEPS_AT_ONCE = 16;

/**
 * How `length` positions from `start` on were computed: by one step, or with the role "decode" by one step
 * each.
 */
interface Computed {
  readonly role: Role;
  readonly start: number;
  readonly length: number;
}

/** The step of one chunk of a prompt: its first position, and what rings held before it. */
export interface Fed {
  readonly ticket: Ticket;
  readonly past: number;
  readonly held: number;
}

export class CachedSequence {
  executor: Executor;
  readonly table: ProgramTable;
  readonly context: number;
  readonly ids: number[] = [];
  nextId: number | null = null;
  hasLogits = false;
  timings = new Timings();
  /** Tokens fed and sampled since the engine was opened. */
  tokensEver = 0;
  private computed: Computed[] = [];
  readonly held: HeldPositions;

  constructor(executor: Executor, table: ProgramTable, context: number, held = new HeldPositions([])) {
    this.executor = executor;
    this.held = held;
    this.table = table;
    this.context = context;
  }

  /** Submit one step: the programs of `roles` in order, at these positions. */
  run(
    roles: readonly Role[],
    past: number,
    seq: number,
    fields: StepFields,
    fetch: readonly Fetch[],
  ): Ticket {
    const programs = roles.map((role) => this.table.select(role, seq, past));
    const env = { seq, past, context: this.context };
    this.held.written(past, seq);
    return this.executor.run(programs, env, { ...fields, ...env }, fetch);
  }

  /** Submit the step of one token, and measure the time that JavaScript takes for it. */
  decode(roles: readonly Role[], past: number, fields: StepFields, fetch: readonly Fetch[]): Ticket {
    const began = performance.now();
    const ticket = this.run(roles, past, 1, fields, fetch);
    this.timings.hostMs += performance.now() - began;
    this.timings.steps += 1;
    this.timings.dispatches += this.executor.dispatchCount(
      roles.map((role) => this.table.select(role, 1, past)),
    );
    return ticket;
  }

  /** Write ids after the cached ones. @throws KernelcError "context" where they do not fit. */
  writeTokens(ids: readonly number[]): void {
    this.requireRoom(ids.length);
    this.executor.write(TOKENS_BUFFER, 4 * this.ids.length, new Uint32Array(ids));
    this.nextId = null;
    this.hasLogits = false;
  }

  /** Submit the step of one chunk of a prompt. */
  feed(role: Role, part: readonly number[], fetch: readonly Fetch[] = A_WORD): Fed {
    const past = this.ids.length;
    const held = this.held.mark;
    const ticket = this.run([role], past, part.length, GREEDY_FIELDS, fetch);
    for (const id of part) this.ids.push(id);
    this.tokensEver += part.length;
    this.note(role, past, part.length);
    this.nextId = null;
    this.hasLogits = role === "prefill" || role === "decode";
    return { ticket, past, held };
  }

  /**
   * Do without the last steps of a prompt, oldest first, and cut off the positions of those that can be
   * stopped.
   */
  takeBack(steps: readonly Fed[]): void {
    for (const { ticket, past, held } of [...steps].reverse()) {
      const became = ticket.discard();
      if (became === "runs") continue;
      if (became === "unbegun") this.held.restore(held);
      this.truncate(Math.min(past, this.ids.length));
    }
  }

  /**
   * Note that the cache was filled with the rows of `ids`, rings with those from position `oldest` on. After
   * a loss they are computed.
   */
  filled(ids: readonly number[], oldest: number): void {
    this.ids.length = 0;
    for (const id of ids) this.ids.push(id);
    this.computed = this.inChunks(0, ids.length);
    this.nextId = null;
    this.hasLogits = false;
    this.held.filled(ids.length, oldest);
  }

  /** Note that the keys and values from `start` on were computed by a step of `role`. */
  note(role: Role, start: number, length: number): void {
    this.cutComputed(start);
    const last = this.computed.at(-1);
    if (role === "decode" && last?.role === "decode") {
      this.computed[this.computed.length - 1] = { ...last, length: last.length + length };
    } else {
      this.computed.push({ role, start, length });
    }
  }

  /**
   * Note the id sampled after the last one. The step that sampled it has put the previous `nextId` into the
   * cache.
   */
  sampled(id: number): void {
    if (this.nextId !== null) this.ids.push(this.nextId);
    this.nextId = id;
    this.tokensEver += 1;
    this.hasLogits = false;
  }

  /**
   * Keep the first `length` positions, or none where windowed layers no longer hold what the next would see
   * of them. Returns how many. Where that drops any, the logits are no longer valid.
   */
  truncate(length: number): number {
    const kept = this.held.enoughFor(length) ? length : 0;
    if (kept < this.ids.length) {
      this.ids.length = kept;
      this.cutComputed(kept);
      this.hasLogits = false;
    }
    this.nextId = null;
    return kept;
  }

  private cutComputed(length: number): void {
    while ((this.computed.at(-1)?.start ?? -1) >= length) this.computed.pop();
    const last = this.computed.at(-1);
    if (last && last.start + last.length > length) {
      this.computed[this.computed.length - 1] = { ...last, length: length - last.start };
    }
  }

  /** @throws KernelcError "context" where `count` more tokens do not fit. */
  requireRoom(count: number): void {
    const cached = this.ids.length;
    if (cached + count <= this.context) return;
    const after = cached ? ` after ${cached} that are cached` : "";
    const help = "shorten the prompt, start a new conversation or load the model with a longer context";
    throw new KernelcError("context", `${count} tokens${after} do not fit the context of ${this.context}`, {
      help,
    });
  }

  /**
   * Fill the cache of a new device: the same programs over the same tokens give the same keys and values, bit
   * by bit, so what is generated next is what would have been generated without the loss.
   */
  async replay(executor: Executor): Promise<void> {
    this.executor = executor;
    const steps = this.replayed();
    await executor.prepare([...new Set(steps.map((step) => step.role))]);
    const known = this.nextId === null ? this.ids : [...this.ids, this.nextId];
    if (known.length) executor.write(TOKENS_BUFFER, 0, new Uint32Array(known));
    for (const { role, start, length } of steps) {
      if (role === "decode") await this.replayDecode(start, length);
      else await this.run([role], start, length, GREEDY_FIELDS, A_WORD).result();
    }
  }

  private async replayDecode(start: number, length: number): Promise<void> {
    for (let done = 0; done < length; done += 1) {
      const wait = done === length - 1 || done % DECODE_STEPS_AT_ONCE === 0;
      const ticket = this.run(["decode"], start + done, 1, GREEDY_FIELDS, wait ? A_WORD : []);
      if (wait) await ticket.result();
    }
  }

  /** The steps to repeat, in order. */
  private replayed(): Computed[] {
    let budget = EXACT_REPLAY_TOKENS;
    const steps: Computed[] = [];
    for (const step of [...this.computed].reverse()) {
      const exact = step.role === "decode" ? Math.min(budget, step.length) : step.length;
      if (step.role === "decode") budget -= exact;
      const older = step.length - exact;
      if (exact) steps.unshift({ ...step, start: step.start + older, length: exact });
      if (older) steps.unshift(...this.inChunks(step.start, older));
    }
    return steps;
  }

  private inChunks(start: number, length: number): Computed[] {
    const chunks: Computed[] = [];
    for (let at = start; at < start + length;) {
      const size = Math.min(this.table.mostRows("prefill", at), start + length - at);
      chunks.push({ role: "prefill", start: at, length: size });
      at += size;
    }
    return chunks;
  }
}
