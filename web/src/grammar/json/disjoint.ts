/**
 * Whether no answer can have two shapes at once: what `oneOf` asks for, and a grammar cannot count.
 *
 * `oneOf` means exactly one. A grammar can only allow any of its alternatives, which is the same where no two
 * have a value in common. That is proved here where it is plain: by types, listed values, ranges, patterns,
 * or a property or item that all objects or arrays have. Where it is not, the schema is refused. The port of
 * `runtime/grammar/json/disjoint.py`.
 */

import { compared } from "../decimal.js";
import { intersection } from "../dfa.js";
import type { Json } from "./text.js";
import { GrammarError } from "../refusal.js";
import type { Schemas } from "./places.js";
import {
  narrowed,
  ofIndex,
  ofName,
  typeOf,
  type Arrays,
  type Numbers,
  type Objects,
  type Places,
  type Shape,
} from "./shape.js";
import { Fitting, type Automata } from "./values.js";

const MOST_DEPTH = 4;
const MOST_PROOFS = 20_000;
const MOST_ITEMS = 16;

/** Check every `oneOf` that was met. @throws GrammarError for alternatives that may hold both. */
export function checkOneOf(schemas: Schemas, automata: Automata): void {
  const proofs = new Proofs(schemas, automata);
  for (const names of schemas.oneOf) { // grows, since proofs may meet more of them
    for (const [at, first] of names.entries()) {
      for (const second of names.slice(at + 1)) {
        if (proofs.disjoint([first], [second]) && proofs.disjoint([second], [first])) continue;
        const from = first.slice(first.lastIndexOf("#") + 1);
        const how = "such as by a required property with another const, or use anyOf";
        const reason = "two alternatives of oneOf may hold at once, so that a grammar cannot tell";
        throw new GrammarError(reason, second, `make it differ plainly from ${from}, ${how}`);
      }
    }
  }
}

class Proofs {
  private left = MOST_PROOFS;

  constructor(
    private readonly schemas: Schemas,
    private readonly automata: Automata,
  ) {}

  /**
   * Whether no answer made for `a` is valid for `b`. False may also mean that there is no proof.
   *
   * @throws GrammarError after so many comparisons that nobody waits for more.
   */
  disjoint(a: Places, b: Places, depth = 0): boolean {
    this.left -= 1;
    if (this.left < 0) {
      const reason = "the alternatives of oneOf are too many to compare";
      throw new GrammarError(reason, b[0], "use fewer, or anyOf");
    }
    if (depth > MOST_DEPTH) return false;
    const others = (): readonly Shape[] => this.schemas.shapes(b);
    return this.schemas
      .shapes(a)
      .every((shape) => others().every((other) => this.shapesDisjoint(narrowed(shape), other, depth)));
  }

  private shapesDisjoint(a: Shape, b: Shape, depth: number): boolean {
    const values = a.values ?? b.values;
    if (values) return ![...values.values()].some((value) => this.fitsBoth(value, a, b));
    return [...a.types].every((type) => !b.types.has(type) || this.typeDisjoint(type, a, b, depth));
  }

  private fitsBoth(value: Json, a: Shape, b: Shape): boolean {
    const fitting = new Fitting(this.schemas, this.automata, false);
    return a.types.has(typeOf(value)) && [a, b].every((shape) => fitting.fits(value, shape));
  }

  private typeDisjoint(type: string, a: Shape, b: Shape, depth: number): boolean {
    if (type === "integer" || type === "number") {
      return areApart(a.numbers, b.numbers) || areApart(b.numbers, a.numbers);
    }
    if (type === "string") {
      const one = this.automata.strings(a.strings, "oneOf");
      const other = this.automata.strings({ ...b.strings, formats: [] }, "oneOf");
      return intersection(one, other, "oneOf").never;
    }
    if (type === "object") return this.objectsDisjoint(a.objects, b.objects, depth);
    return type === "array" && this.arraysDisjoint(a.arrays, b.arrays, depth);
  }

  private objectsDisjoint(a: Objects, b: Objects, depth: number): boolean {
    if (countsApart(a, b)) return true;
    const names = new Set([...a.required, ...b.required]);
    return [...names].some((name) => this.disjoint(ofName(a, name), ofName(b, name), depth + 1));
  }

  private arraysDisjoint(a: Arrays, b: Arrays, depth: number): boolean {
    if (countsApart(a, b)) return true;
    for (let index = 0; index < Math.min(Math.max(a.least, b.least), MOST_ITEMS); index += 1) {
      if (this.disjoint(ofIndex(a, index), ofIndex(b, index), depth + 1)) return true;
    }
    return false;
  }
}

function countsApart(a: Objects | Arrays, b: Objects | Arrays): boolean {
  return (a.most !== null && a.most < b.least) || (b.most !== null && b.most < a.least);
}

function areApart({ high }: Numbers, { low }: Numbers): boolean {
  if (!high || !low) return false;
  const difference = compared(high.value, low.value);
  return difference < 0 || (difference === 0 && (high.strict || low.strict));
}
