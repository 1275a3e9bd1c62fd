/**
 * Numbers within bounds, as regular expressions over their digits.
 *
 * A bound is exact: it is the decimal number that the schema writes. Numbers with bounds have no exponent and
 * at most 15 digits that count, so that two different ones are different doubles, too, and a validator that
 * compares doubles agrees. The port of `runtime/grammar/json/numbers.py`. Source: RFC 8259, section 6; for
 * the 15 digits IEEE 754, DBL_DIG of C.
 */

import { ceiling, compared, magnitude, negated, truncated, type Decimal } from "../decimal.js";
import { Dfa, type Edge } from "../dfa.js";
import { digits } from "./digits.js";
import { fractionOf } from "./fractions.js";
import * as syntax from "../syntax.js";
import type { Tree } from "../syntax.js";

const MOST_DIGITS = 18;
const MOST_WHOLE_DIGITS = 9;
const MOST_PLACES = 6;
const SHARED_DIGITS = 15;

/** An end of a range. `strict`: the value itself is outside. */
export interface Bound {
  readonly value: Decimal;
  readonly strict: boolean;
}

const ZERO: Decimal = { units: 0n, places: 0 };

/** The bound on the other side of zero. */
export function mirrored({ value, strict }: Bound): Bound {
  return { value: negated(value), strict };
}

/**
 * The integers from `low` to `high`, without zeros in front. They have at most 18 digits, or as many as the
 * bound that is nearer to zero.
 */
export function integers(low: Bound | null, high: Bound | null): Tree {
  let least = -reach(high, true);
  let most = reach(low, false);
  if (low) least = greater(least, firstFrom(low));
  if (high) most = -greater(-most, firstFrom(mirrored(high)));
  const parts: Tree[] = [];
  if (least < 0n) parts.push(syntax.concat(syntax.text("-"), natural(greater(1n, -most), -least)));
  if (most >= 0n) parts.push(natural(greater(0n, least), most));
  return syntax.either(parts);
}

/** The numbers from `low` to `high`, written without exponents. */
export function decimals(low: Bound | null, high: Bound | null): Tree {
  const parts: Tree[] = [];
  const [lowSign, highSign] = [signOf(low), signOf(high)];
  if (!low || lowSign < 0 || (lowSign === 0 && !low.strict)) {
    // -0 is 0: a validator takes it wherever it takes 0.
    const lowest = high && highSign <= 0 ? mirrored(high) : null;
    parts.push(syntax.concat(syntax.text("-"), positive(lowest, low && mirrored(low))));
  }
  if (!high || highSign > 0 || (highSign === 0 && !high.strict)) {
    parts.push(positive(low && lowSign >= 0 ? low : null, high));
  }
  return syntax.either(parts);
}

/** Whether numbers beside these bounds, with as many places, are other doubles than the bounds are. */
export function areToldApart(low: Bound | null, high: Bound | null): boolean {
  const parts = [low, high].flatMap((bound) => (bound ? [split(magnitude(bound.value))] : []));
  const most = Math.max(0, ...parts.map(([, places]) => places.length));
  return parts.every(([whole]) => lengthOf(whole) + most <= SHARED_DIGITS);
}

/** The integers that a positive number divides: an automaton of the remainder so far. */
export function multiples(of: number): Dfa {
  // State 0 is the first, 1 the sign, 2 a zero alone, 3 + r the remainder r.
  const digit = (value: number, to: number): Edge => [0x30 + value, 0x30 + value, to];
  const first = Array.from({ length: 9 }, (_, at) => digit(at + 1, 3 + ((at + 1) % of)));
  const after = (remainder: number): Edge[] =>
    Array.from({ length: 10 }, (_, each) => digit(each, 3 + ((10 * remainder + each) % of)));
  const remainders = Array.from({ length: of }, (_, remainder) => after(remainder));
  const accepting = [false, false, true, true, ...new Array<boolean>(of - 1).fill(false)];
  return new Dfa([[[0x2d, 0x2d, 1], digit(0, 2), ...first], first, [], ...remainders], accepting);
}

/** The sign of a bound; where there is none it does not matter. */
function signOf(bound: Bound | null): number {
  return bound ? compared(bound.value, ZERO) : 0;
}

/** The greatest distance from zero, where the range begins at a bound and goes away from zero. */
function reach(bound: Bound | null, below: boolean): bigint {
  const isAway = bound && (below ? signOf(bound) < 0 : signOf(bound) > 0);
  const digits = isAway ? lengthOf(truncated(bound.value)) + 1 : 0;
  return power(Math.max(MOST_DIGITS, digits)) - 1n;
}

function lengthOf(value: bigint): number {
  return String(value < 0n ? -value : value).length;
}

function power(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The least integer within a lower bound. */
function firstFrom({ value, strict }: Bound): bigint {
  const whole = ceiling(value);
  return strict && compared({ units: whole, places: 0 }, value) === 0 ? whole + 1n : whole;
}

/** The natural numbers from `low` to `high`, 0 <= low. */
function natural(low: bigint, high: bigint): Tree {
  const parts: Tree[] = [];
  for (let length = lengthOf(low); length <= lengthOf(high); length += 1) {
    const first = greater(low, length > 1 ? power(length - 1) : 0n);
    const last = lesser(high, power(length) - 1n);
    if (first <= last) parts.push(sameLength(String(first), String(last)));
  }
  return syntax.either(parts);
}

/** The digits from `low` to `high`, all of one length. */
function sameLength(low: string, high: string): Tree {
  if (!low) return syntax.EMPTY;
  const rest = low.length - 1;
  let [a, b] = [Number(low[0]), Number(high[0])];
  const [afterLow, afterHigh] = [low.slice(1), high.slice(1)];
  if (a === b) return syntax.concat(digits(a, a), sameLength(afterLow, afterHigh));
  const parts: Tree[] = [];
  if (afterLow === "0".repeat(rest)) a -= 1;
  else parts.push(syntax.concat(digits(a, a), sameLength(afterLow, "9".repeat(rest))));
  if (afterHigh === "9".repeat(rest)) b += 1;
  else parts.push(syntax.concat(digits(b, b), sameLength("0".repeat(rest), afterHigh)));
  if (a + 1 <= b - 1) {
    parts.push(syntax.concat(digits(a + 1, b - 1), syntax.repeat(digits(), rest, rest)));
  }
  return syntax.either(parts);
}

/** The numbers from `low` (null: 0) to `high`, neither below 0, without a sign. */
function positive(low: Bound | null, high: Bound | null): Tree {
  const first = low ?? { value: ZERO, strict: false };
  const [lowWhole, lowPlaces] = split(first.value);
  const most = { units: power(Math.max(MOST_WHOLE_DIGITS, lengthOf(lowWhole) + 1)) - 1n, places: 0 };
  const last = !high || compared(high.value, most) > 0 ? { value: most, strict: false } : high;
  if (compared(last.value, first.value) < 0) return syntax.NEVER;
  const [highWhole, highPlaces] = split(last.value);
  const spare = SHARED_DIGITS - lengthOf(highWhole);
  const places = Math.max(Math.min(MOST_PLACES, spare), lowPlaces.length, highPlaces.length, 0);
  const from = { digits: lowPlaces, strict: first.strict };
  const upTo = { digits: highPlaces, strict: last.strict };
  const zero = { digits: "", strict: false };
  const whole = (value: bigint): Tree => natural(value, value);
  if (lowWhole === highWhole) return syntax.concat(whole(lowWhole), fractionOf(from, upTo, places));
  const parts = [
    syntax.concat(whole(lowWhole), fractionOf(from, null, places)),
    syntax.concat(whole(highWhole), fractionOf(zero, upTo, places)),
  ];
  if (lowWhole + 1n <= highWhole - 1n) {
    const between = natural(lowWhole + 1n, highWhole - 1n);
    parts.push(syntax.concat(between, fractionOf(zero, null, places)));
  }
  return syntax.either(parts);
}

/** The whole part of a number that is not negative, and its decimal places without zeros behind. */
function split({ units, places }: Decimal): readonly [whole: bigint, places: string] {
  const written = String(units).padStart(places + 1, "0");
  return [BigInt(written.slice(0, written.length - places)), written.slice(written.length - places)];
}
