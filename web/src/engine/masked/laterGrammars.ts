/** The grammars of requests, whose code is loaded when the first request needs it. */

import type { Coder } from "../../text/types.js";
import type { Grammars } from "./grammars.js";
import { grammarCode } from "../laterCode.js";

/** See `Grammars`. */
export class LaterGrammars implements Pick<Grammars, "of" | "ofCalls"> {
  private made: Promise<Grammars> | null = null;

  constructor(
    private readonly coder: Coder,
    private readonly vocabSize: number,
    private readonly endIds: readonly number[],
  ) {}

  async of(...given: Parameters<Grammars["of"]>): ReturnType<Grammars["of"]> {
    return (await this.loaded()).of(...given);
  }

  async ofCalls(...given: Parameters<Grammars["ofCalls"]>): ReturnType<Grammars["ofCalls"]> {
    return (await this.loaded()).ofCalls(...given);
  }

  /** Code that did not load is asked for again by the next request. */
  private loaded(): Promise<Grammars> {
    const make = async (): Promise<Grammars> => {
      const { Grammars } = await grammarCode();
      return new Grammars(this.coder, this.vocabSize, this.endIds);
    };
    this.made ??= make();
    this.made.catch(() => void (this.made = null));
    return this.made;
  }
}
