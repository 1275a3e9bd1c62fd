import { h, setHidden } from "../dom.js";
import type { ShownCall } from "../reading/callForms.js";
import { Fold } from "./fold.js";

/** Nobody reads more, and each is some elements. */
const MOST_SHOWN = 100;

/** The tools that an answer calls: a line for each, which its arguments are folded under. */
export class CallsView {
  readonly element = h("div", { class: "calls", hidden: true });
  private readonly folds: Fold[] = [];
  private writing = false;
  private said = 0;

  constructor(private readonly frame: (pre: HTMLElement) => void) {}

  /** `writing`: whether the answer is. Returns what is to be said: the calls that are complete now. */
  update(calls: readonly ShownCall[], writing: boolean): readonly string[] {
    setHidden(this.element, !calls.length);
    const shown = calls.slice(0, MOST_SHOWN);
    while (this.folds.length < shown.length) this.add();
    this.folds.forEach((fold, at) => {
      const call = shown[at];
      const going = writing && !call?.whole;
      fold.update(call ? { text: fenced(call.args), words: callWords(call, writing), writing: going } : null);
    });
    return this.toSay(shown, writing);
  }

  private toSay(calls: readonly ShownCall[], writing: boolean): readonly string[] {
    const live = writing || this.writing; // those of an answer that was there before are not said
    const whole = calls.filter(({ whole }) => whole);
    const more = live ? whole.slice(this.said) : [];
    [this.said, this.writing] = [whole.length, writing];
    return more.map((call) => callWords(call, writing));
  }

  private add(): void {
    const fold = new Fold("call", this.frame);
    this.folds.push(fold);
    this.element.append(fold.element);
  }
}

/** A call in a few words. */
export function callWords({ name, whole }: ShownCall, writing: boolean): string {
  if (whole) return `Call of ${name}`;
  return writing ? `Calling ${name}\u2026` : `Call of ${name}, cut short`;
}

/** Arguments as a block of code, which they cannot end: its fence is longer than any in them. */
function fenced(args: string): string {
  const longest = Math.max(2, ...(args.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}json\n${indented(args)}\n${fence}`;
}

function indented(args: string): string {
  try {
    return JSON.stringify(JSON.parse(args), null, 2);
  } catch {
    return args;
  }
}
