/** A digit within bounds, the part that all numbers are made of. */

import { ranges } from "../chars.js";
import * as syntax from "../syntax.js";
import type { Tree } from "../syntax.js";

/** One digit from `low` to `high`. */
export function digits(low = 0, high = 9): Tree {
  return syntax.charsOf(ranges([[0x30 + low, 0x30 + high]]));
}
