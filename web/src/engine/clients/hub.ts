/** The side of the engines: connections of windows, each with engines of its own numbers. */

import type { FromWorker } from "../worker/protocol.js";
import { WorkerHost } from "../worker/workerHost.js";
import type { FromEngines, ToEngines } from "./messages.js";
import type { SharedEngines } from "./sharedEngines.js";

/** Sends a message to the window of a connection. */
export type Reply = (message: FromEngines, transfer?: Transferable[]) => void;

export class Hub {
  /** Names this run of the worker. */
  private readonly run = crypto.randomUUID();
  private readonly hosts = new Map<string, WorkerHost>();

  constructor(private readonly engines: SharedEngines) {}

  /** Handle a message of a window. Resolves once a call that it makes is answered. */
  async receive(asked: ToEngines, reply: Reply): Promise<void> {
    const { kernelc } = asked;
    if ("ping" in asked) return reply({ kernelc, pong: this.run });
    await this.hostOf(kernelc, reply).receive(asked.message);
  }

  private hostOf(kernelc: string, reply: Reply): WorkerHost {
    const known = this.hosts.get(kernelc);
    if (known) return known;
    const send = (message: FromWorker, transfer?: Transferable[]): void =>
      reply({ kernelc, message }, transfer);
    const host = new WorkerHost(send, this.engines.create);
    this.hosts.set(kernelc, host);
    return host;
  }

  /** Release what a connection had. */
  async drop(kernelc: string): Promise<void> {
    const host = this.hosts.get(kernelc);
    this.hosts.delete(kernelc);
    await host?.end();
  }
}
