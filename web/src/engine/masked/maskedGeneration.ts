/**
 * A generation whose tokens the device draws among those that a grammar allows; see
 * `runtime/engine/masked.py`. A bit for each token goes to the device, an id comes back, and the next step is
 * submitted while that id is on its way.
 */

import { LOGITS_BUFFER, MASK_BUFFER, TOKENS_BUFFER, type Role } from "../../artifact/schema.js";
import { unlessAborted } from "../../artifact/signals.js";
import type { Ticket } from "../../gpu/executor.js";
import { checkScore } from "../diagnosis/numbers.js";
import { Generation } from "../steps/generation.js";
import type { Flying, GenerationRequest, Masks, Recover } from "../steps/generation.js";
import type { CachedSequence } from "../steps/sequence.js";

/** A generation that masks on the device, which has a program for it. */
export const maskedGeneration: Masks["generation"] = (sequence, request, recover, masks) =>
  new MaskedGeneration(sequence, request, recover, masks);

class MaskedGeneration extends Generation {
  /** The step that decodes the token which is being drawn. */
  private early: Ticket | null = null;

  constructor(
    sequence: CachedSequence,
    request: GenerationRequest,
    recover: Recover,
    private readonly masks: Masks,
  ) {
    super(sequence, request, recover);
  }

  protected override get roles(): readonly Role[] {
    return ["decode", "mask", this.sampleRole];
  }

  protected override discard(): void {
    super.discard();
    this.early?.discard();
    this.early = null;
  }

  /** Submits the decoding of the token before, unless it was, or its logits are there. */
  protected override submit(position: number): Flying {
    const decoded = !this.sequence.hasLogits;
    const ticket = decoded ? (this.early ?? this.decode(position)) : NOTHING;
    this.early = null;
    return { ticket, decoded, watched: true };
  }

  private decode(position: number): Ticket {
    return this.sequence.decode(["decode"], position - 1, this.fields, []);
  }

  protected override async receive(position: number): Promise<number> {
    const { sequence, masks, request, fields } = this;
    const decoded = this.flying[0]?.decoded ?? false;
    sequence.executor.write(MASK_BUFFER, 0, masks.mask());
    sequence.hasLogits = false; // they are masked now
    const fetch = [
      { buffer: TOKENS_BUFFER, offset: 4 * position, bytes: 4 },
      { buffer: LOGITS_BUFFER, offset: 0, bytes: 4 },
    ];
    const ticket = sequence.run(["mask", this.sampleRole], position - 1, 1, fields, fetch);
    this.flying = [{ ticket, decoded, watched: true }];
    if (position + 1 < this.end) this.early = this.decode(position + 1);
    const data = await unlessAborted(ticket.result(), request.signal);
    this.flying = [];
    if (decoded) sequence.note("decode", position - 1, 1);
    let id = new Uint32Array(data)[0] ?? 0;
    if (!masks.allows(id)) id = await this.chosenHere(position);
    else if (id === 0) checkScore(new Float32Array(data)[1] ?? NaN, position);
    sequence.sampled(id);
    return id;
  }

  /**
   * Chooses the id of a position here, where the device found no allowed token that is likelier than those
   * that are not: all have scores that are no numbers, or nearly -Infinity.
   */
  private async chosenHere(position: number): Promise<number> {
    const { sequence, request } = this;
    this.discard();
    const fetch = [{ buffer: LOGITS_BUFFER, offset: 0, bytes: 4 * request.vocabSize }];
    const ticket = sequence.decode(["decode"], position - 1, this.fields, fetch);
    const logits = new Float32Array(await unlessAborted(ticket.result(), request.signal));
    if (!logits.some((score) => score > -Infinity)) checkScore(NaN, position);
    return this.chosen(request.choose?.(logits, position) ?? 0, position);
  }
}

/** Of a step that is not needed. */
const NOTHING: Ticket = { result: async () => new ArrayBuffer(0), discard: () => "unbegun" };
