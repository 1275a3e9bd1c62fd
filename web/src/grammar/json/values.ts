/**
 * The automata of strings and numbers with their keywords, and whether a given value fits a shape.
 *
 * The port of `runtime/grammar/json/values.py`.
 */

import { ALL } from "../chars.js";
import { compared, decimalOf, isMultiple, negated, type Decimal } from "../decimal.js";
import { fromTree, intersection, type Dfa } from "../dfa.js";
import { FORMATS } from "./formats.js";
import { areToldApart, decimals, integers, mirrored, multiples, type Bound } from "./numbers.js";
import { ANY_STRING, isList, isObject, type Json, type JsonObject } from "./text.js";
import { parseRegex } from "../regex.js";
import { GrammarError } from "../refusal.js";
import type { Schemas } from "./places.js";
import {
  keyOf,
  ofIndex,
  ofName,
  typeOf,
  type Arrays,
  type Numbers,
  type Objects,
  type Places,
  type Shape,
  type Strings,
} from "./shape.js";
import * as syntax from "../syntax.js";

/** For all automata of a schema together; each alone is bounded, too. */
const MOST_WORK = 1_500_000;
/** Strings with `maxLength` are no longer than this, since each character that is counted is a state. */
const MOST_LENGTH = 4_096;

/** A text that is the same for the same keywords. */
export function numbersKey({ low, high, multiples: steps }: Numbers, whole: boolean): string {
  const written = (bound: Bound | null): string =>
    bound ? `${bound.value.units}e-${bound.value.places}${bound.strict ? "!" : ""}` : "";
  return `${written(low)} ${written(high)} ${steps.join()} ${whole}`;
}

/** Automata by what they stand for, each made once. */
export class Automata {
  private readonly made = new Map<string, Dfa>();
  private left: number;

  constructor(mostWork = MOST_WORK) {
    this.left = mostWork;
  }

  /** The automaton of the strings that fit. @throws GrammarError where it is too large. */
  strings(strings: Strings, where: string): Dfa {
    return this.once(JSON.stringify(strings), () => {
      const { least, most, patterns, formats } = strings;
      if (least > MOST_LENGTH) {
        throw new GrammarError(`minLength above ${MOST_LENGTH} is not supported`, where);
      }
      const parts = [
        ...formats.map(([name, place]) => fromTree(parseRegex(FORMATS.get(name) ?? "", place), place)),
        ...patterns.map(([text, place]) => fromTree(parseRegex(text, place, true), place)),
      ];
      if (least || most !== null) parts.push(fromTree(lengths(least, most), where));
      return parts.reduce((before, part) => {
        const found = before === ANY_STRING ? part : intersection(before, part, where);
        this.spend(part.work + found.work, where);
        return found;
      }, ANY_STRING);
    });
  }

  /**
   * The automaton of the texts of the numbers that fit, or with `whole` of the integers. Numbers with
   * `multipleOf` are written as integers.
   *
   * @throws GrammarError where it is too large.
   */
  numbers(numbers: Numbers, whole: boolean, where: string): Dfa {
    return this.once(`number ${numbersKey(numbers, whole)}`, () => {
      const { low, high, multiples: steps } = numbers;
      const isWhole = whole || steps.length > 0;
      if (!isWhole && !areToldApart(low, high)) {
        const reason = "the bounds of the number have more than 15 digits together";
        throw new GrammarError(reason, where, "round them, since readers of JSON do");
      }
      const first = fromTree(isWhole ? integers(low, high) : decimals(low, high), where);
      const found = steps.reduce((dfa, step) => intersection(dfa, multiples(step), where), first);
      this.spend(found.work, where);
      return found;
    });
  }

  private once(key: string, make: () => Dfa): Dfa {
    const known = this.made.get(key);
    if (known) return known;
    const made = make();
    this.made.set(key, made);
    return made;
  }

  private spend(work: number, where: string): void {
    this.left -= work;
    if (this.left >= 0) return;
    const reason = "the strings and numbers of this schema are too many, or their patterns too large";
    throw new GrammarError(reason, where);
  }
}

function lengths(least: number, given: number | null): syntax.Tree {
  const most = given === null ? null : Math.min(given, MOST_LENGTH);
  if (most !== null && most < least) return syntax.NEVER;
  return syntax.repeat(syntax.charsOf(ALL), least, most);
}

/** Whether values fit shapes. Without `formats` they are taken as notes, as some validators do. */
export class Fitting {
  /**
   * By what holds, the lists and objects that were looked at: once more, by another way through the schema,
   * they fit as they did. What is simple is looked at again.
   */
  private readonly known = new Map<string, Map<object, boolean>>();

  constructor(
    private readonly schemas: Schemas,
    private readonly automata: Automata,
    private readonly formats: boolean,
  ) {}

  fits(value: Json, shape: Shape): boolean {
    if (!shape.types.has(typeOf(value))) return false;
    if (shape.values && !shape.values.has(keyOf(value))) return false;
    if (typeof value === "string") return this.stringFits(value, shape.strings);
    if (isObject(value)) return this.objectFits(value, shape.objects);
    if (isList(value)) return this.arrayFits(value, shape.arrays);
    return typeof value !== "number" || numberFits(decimalOf(value), shape.numbers);
  }

  private stringFits(value: string, { least, most, patterns, formats }: Strings): boolean {
    if (!isWithin(Array.from(value).length, least, most)) return false;
    const content = { least: 0, most: null, patterns, formats: this.formats ? formats : [] };
    return this.automata.strings(content, "").accepts(value);
  }

  private objectFits(value: JsonObject, objects: Objects): boolean {
    const members = Object.entries(value);
    if (!isWithin(members.length, objects.least, objects.most)) return false;
    if (!objects.required.every((name) => Object.hasOwn(value, name))) return false;
    return members.every(([name, item]) => this.fitsPlaces(item, ofName(objects, name)));
  }

  private arrayFits(value: readonly Json[], arrays: Arrays): boolean {
    if (!isWithin(value.length, arrays.least, arrays.most)) return false;
    return value.every((item, index) => this.fitsPlaces(item, ofIndex(arrays, index)));
  }

  private fitsPlaces(value: Json, places: Places): boolean {
    const fits = (): boolean => this.schemas.shapes(places).some((shape) => this.fits(value, shape));
    if (typeof value !== "object" || value === null) return fits();
    const key = JSON.stringify(places);
    const known = this.known.get(key) ?? new Map<object, boolean>();
    this.known.set(key, known);
    const found = known.get(value) ?? fits();
    known.set(value, found);
    return found;
  }
}

function isWithin(count: number, least: number, most: number | null): boolean {
  return count >= least && (most === null || count <= most);
}

/** Whether a number has the keywords of numbers. */
function numberFits(value: Decimal, { low, high, multiples: steps }: Numbers): boolean {
  const isBelow = isAbove(negated(value), high && mirrored(high));
  return isAbove(value, low) && isBelow && steps.every((step) => isMultiple(value, step));
}

function isAbove(value: Decimal, low: Bound | null): boolean {
  const difference = low ? compared(value, low.value) : 1;
  return difference > 0 || (difference === 0 && !low?.strict);
}
