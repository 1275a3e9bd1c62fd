/** The decimal places of numbers within bounds: `_fraction` of `runtime/grammar/json/numbers.py`. */

import { digits } from "./digits.js";
import * as syntax from "../syntax.js";
import type { Tree } from "../syntax.js";

/** Decimal places without zeros behind; `strict`: the bound itself is outside. */
export interface Places {
  readonly digits: string;
  readonly strict: boolean;
}

const FREE_LOW: Places = { digits: "", strict: false };

/** "" or "." and up to `places` digits, from 0.`low` to 0.`high`, null for 1. */
export function fractionOf(low: Places, high: Places | null, places: number): Tree {
  const parts = isInside(low, high) ? [syntax.EMPTY] : [];
  if (places > 0) parts.push(syntax.concat(syntax.text("."), following(low, high, places, true)));
  return syntax.either(parts);
}

/** Whether digits may end where these are left of the bounds. */
function isInside(low: Places, high: Places | null): boolean {
  return isFree(low) && (!high || high.digits !== "" || !high.strict);
}

/** Whether a lower bound bounds no more. */
function isFree({ digits: left, strict }: Places): boolean {
  return !left && !strict;
}

/** The digits that may follow, where those before were the bounds' own; null bounds no more above. */
function following(low: Places, high: Places | null, left: number, isFirst: boolean): Tree {
  if (isFree(low) && !high) return syntax.repeat(digits(), isFirst ? 1 : 0, left);
  const parts = !isFirst && isInside(low, high) ? [syntax.EMPTY] : [];
  if (left > 0) {
    const bottom = Number(low.digits[0] ?? 0);
    const top = high ? Number(high.digits[0] ?? 0) : 9;
    for (let digit = bottom; digit <= top; digit += 1) {
      const below = !isFree(low) && digit === bottom ? after(low) : FREE_LOW;
      const above = high && digit === top ? after(high) : null;
      parts.push(syntax.concat(digits(digit, digit), following(below, above, left - 1, false)));
    }
  }
  return syntax.either(parts);
}

function after({ digits: left, strict }: Places): Places {
  return { digits: left.slice(1), strict };
}
