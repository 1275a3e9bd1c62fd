/**
 * How many ways a regular expression has to match one text.
 *
 * A browser tries them one after the other where none succeeds, and nothing can stop it: "(a+)+b" has two to
 * the power of n ways for n characters, and so has "(a|aa)+b". Expressions that are within bounds here have a
 * number of ways that grows with a small power of the text's length. The bounds hold for the patterns of all
 * published tokenizers that we know; those of GPT-4o have the most ways, 2 * 8 * n^2.
 */

const MAX_COUNT = 10_000;
const MAX_DEGREE = 3;
const MAX_DEPTH = 200; // of groups in groups

/** `count` * n^`degree` ways for a text of n characters. */
interface Ways {
  readonly count: number;
  readonly degree: number;
}

const ONE: Ways = { count: 1, degree: 0 };
const TOO_MANY: Ways = { count: Infinity, degree: Infinity };

/** Whether an expression in Oniguruma's syntax has few enough ways. */
export function fewWays(source: string): boolean {
  return isFew(new Reader(source).whole());
}

function isFew({ count, degree }: Ways): boolean {
  return count <= MAX_COUNT && degree <= MAX_DEGREE;
}

function both(left: Ways, right: Ways): Ways {
  return { count: left.count * right.count, degree: left.degree + right.degree };
}

function either(left: Ways, right: Ways): Ways {
  return { count: left.count + right.count, degree: Math.max(left.degree, right.degree) };
}

/** What `least` to `most` repetitions of something have. */
function repeated(ways: Ways, least: number, most: number): Ways {
  if (most === Infinity) return ways.count === 1 && ways.degree === 0 ? { count: 1, degree: 1 } : TOO_MANY;
  let [sum, power]: [Ways, Ways] = [{ count: 0, degree: 0 }, ONE];
  if (ways.count === 1 && ways.degree === 0) return { count: Math.max(1, most - least + 1), degree: 0 };
  for (let times = 0; times <= most && isFew(power); times += 1) {
    if (times >= least) sum = either(sum, power);
    if (times < most) power = both(power, ways);
  }
  return isFew(power) ? sum : TOO_MANY;
}

const GROUP = /^\((?:\?(?:#[^)]*|[:>=!]|<[=!]|<\w+>|[a-z-]+:|[a-z-]+(?=\))))?/;
const LOOKING = /^\(\?<?[=!]/;
const ESCAPE = /^\\(?:[pPxukg]\{[^}]*\}|.)/su;
const QUANTIFIER = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})[?+]?/;

class Reader {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): Ways {
    let ways = this.#alternatives();
    while (this.#at < this.#source.length) {
      this.#at += 1; // a bracket too many, which the expression's own reader refuses
      ways = both(ways, this.#alternatives());
    }
    return ways;
  }

  /** Alternatives, up to the end or a closing bracket. */
  #alternatives(): Ways {
    let [sum, sequence]: [Ways | null, Ways] = [null, ONE];
    while (this.#at < this.#source.length && this.#source[this.#at] !== ")") {
      if (this.#source[this.#at] === "|") {
        sum = sum ? either(sum, sequence) : sequence;
        sequence = ONE;
        this.#at += 1;
      } else sequence = both(sequence, this.#repeatedPart());
    }
    return sum ? either(sum, sequence) : sequence;
  }

  #repeatedPart(): Ways {
    let ways = this.#part();
    for (let found = this.#taken(QUANTIFIER); found; found = this.#taken(QUANTIFIER)) {
      const [sign = "", least, comma, most] = found;
      if (sign.startsWith("?")) ways = repeated(ways, 0, 1);
      else if (!sign.startsWith("{")) ways = repeated(ways, 0, Infinity);
      else ways = repeated(ways, Number(least), comma ? (most ? Number(most) : Infinity) : Number(least));
    }
    return ways;
  }

  /** A character, a class or a group. */
  #part(): Ways {
    const looks = LOOKING.test(this.#rest());
    if (!this.#taken(GROUP)) {
      if (this.#source[this.#at] === "[") this.#class();
      else if (!this.#taken(ESCAPE)) this.#at += 1;
      return ONE;
    }
    this.#depth += 1;
    const inner = this.#depth <= MAX_DEPTH ? this.#alternatives() : TOO_MANY;
    this.#depth -= 1;
    this.#at += 1; // its closing bracket
    return looks && isFew(inner) ? ONE : inner; // what was looked at is not tried in another way
  }

  #class(): void {
    let depth = 0;
    do {
      const char = this.#source[this.#at];
      if (char === "\\") this.#at += 1;
      else if (char === "[") depth += 1;
      else if (char === "]") depth -= 1;
      this.#at += 1;
    } while (depth > 0 && this.#at < this.#source.length);
  }

  #rest(): string {
    return this.#source.slice(this.#at, this.#at + 64);
  }

  #taken(pattern: RegExp): RegExpExecArray | null {
    const found = pattern.exec(this.#rest());
    this.#at += found?.[0].length ?? 0;
    return found;
  }
}
