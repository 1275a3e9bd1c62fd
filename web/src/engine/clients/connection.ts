/** The side of a window: a connection to engines elsewhere, which browsers end when they are idle. */

import { KernelcError } from "../../artifact/errors.js";
import { Line } from "../worker/line.js";
import type { FromWorker } from "../worker/protocol.js";
import type { FromEngines, ToEngines } from "./messages.js";

/** Carries messages to the engines of a site or an extension. */
export interface Port {
  post(message: ToEngines): void;
  /** `gone` is called where no more messages can come. Returns what ends it. */
  listen(receive: (message: FromEngines) => void, gone: () => void): () => void;
}

/**
 * How long nothing may be heard after a ping. One that was ended is started by it, and answers at once. One
 * that lives may be busy for long: a tokenizer may take 20 s, and a slow processor's step as long again.
 */
const SILENT_MS = 60_000;

/** A ping that waits for its answer. */
interface Ping {
  /** Begin the time again: something was heard. */
  extend(): void;
  answered(run: string): void;
}

export class Connection {
  readonly line: Line;
  private readonly id = crypto.randomUUID();
  private run: string | null = null;
  private gone = false;
  private readonly pings = new Set<Ping>();

  constructor(private readonly port: Port) {
    let receive: (message: FromWorker) => void = () => undefined;
    let unlisten: () => void = () => undefined;
    this.line = new Line({
      post: (message) => port.post({ kernelc: this.id, message }),
      listen: (take, broken) => {
        receive = take;
        const lost = (): void => {
          this.gone = true;
          broken("was ended by the browser");
        };
        unlisten = port.listen((message) => this.take(message, receive), lost);
      },
      close: () => unlisten(),
    });
  }

  private take(message: FromEngines, receive: (message: FromWorker) => void): void {
    if (message.kernelc !== this.id) return;
    if ("message" in message) {
      for (const ping of this.pings) ping.extend();
      return receive(message.message);
    }
    for (const ping of this.pings) ping.answered(message.pong);
  }

  /** Whether the engines are still those that were connected to. */
  async isAlive(): Promise<boolean> {
    if (this.gone) return false;
    const run = await this.ping();
    this.run ??= run;
    return run !== null && run === this.run;
  }

  private ping(): Promise<string | null> {
    return new Promise((resolve) => {
      let late: ReturnType<typeof setTimeout>;
      const settle = (run: string | null): void => {
        clearTimeout(late);
        this.pings.delete(ping);
        resolve(run);
      };
      const extend = (): void => {
        clearTimeout(late);
        late = setTimeout(() => settle(null), SILENT_MS);
      };
      const ping: Ping = { extend, answered: settle };
      this.pings.add(ping);
      extend();
      try {
        this.port.post({ kernelc: this.id, ping: true });
      } catch {
        settle(null); // the port is closed
      }
    });
  }

  /** Reject what still waits, and listen no more. */
  end(message: string): void {
    this.gone = true;
    this.line.end(new KernelcError("internal", message, { help: "ask again: the model is loaded again" }));
  }
}
