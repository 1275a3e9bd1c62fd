/** What an engine does where its device is lost: another is opened, and its cache is filled again. */

import { KernelcError } from "../../artifact/errors.js";
import type { Executor } from "../../gpu/executor.js";
import type { CachedSequence } from "./sequence.js";

/** After this many losses in a row with no token in between, the device is given up. */
const MOST_LOSSES = 3;

/** Opens another device with the same artifact, to replace one that was lost. */
export type Reopen = () => Promise<Executor>;

export class Recovery {
  /** How often a lost device was replaced. */
  restored = 0;
  private losses = 0;
  private tokensAtLoss = 0;
  private disposed = false;

  constructor(
    private readonly sequence: CachedSequence,
    private readonly reopen: Reopen,
    /** What to throw for an error that is no loss. */
    private readonly explained: (error: unknown) => Promise<unknown>,
  ) {}

  /** From now on nothing is opened again. */
  dispose(): void {
    this.disposed = true;
  }

  /** Do `work`; where the device is lost, bring it back and do it again. */
  async surviving<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await this.recover(error);
      }
    }
  }

  /** Replace a lost device and fill its cache again. @throws `error` where its cause is something else. */
  async recover(error: unknown): Promise<void> {
    if (this.disposed) throw new KernelcError("aborted", "the engine was disposed");
    if (!isLoss(error)) throw await this.explained(error);
    const { tokensEver } = this.sequence;
    this.losses = tokensEver > this.tokensAtLoss ? 1 : this.losses + 1;
    this.tokensAtLoss = tokensEver;
    if (this.losses > MOST_LOSSES) throw error;
    try {
      this.sequence.executor.release();
      const device = await this.reopen();
      if (this.disposed)
        device.release(); // disposed meanwhile: nobody else would release it
      else await this.sequence.replay(device);
      if (this.disposed) throw new KernelcError("aborted", "the engine was disposed");
      this.restored += 1;
    } catch (again) {
      await this.recover(again);
    }
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof KernelcError && error.code === "device-lost";
}
