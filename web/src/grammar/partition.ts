/** Cutting overlapping ranges where they begin and end, for automata and for the machine. */

type Move = readonly [low: number, high: number, to: number];
type Part = readonly [low: number, high: number, targets: readonly number[]];

/** Disjoint ranges in order, each with the targets, in order, of all `moves` (low, high, target) there. */
export function partition(moves: readonly Move[]): Part[] {
  if (areApart(moves)) return moves.map(([low, high, to]) => [low, high, [to]]);
  const events = new Map<number, number[]>(); // a target by its number, its end by the number's complement
  const note = (at: number, event: number): void => {
    const own = events.get(at);
    if (own) own.push(event);
    else events.set(at, [event]);
  };
  for (const [low, high, to] of moves) {
    note(low, to);
    note(high + 1, -1 - to);
  }
  const active = new Map<number, number>();
  const found: [number, number, readonly number[]][] = [];
  let begin = 0;
  for (const at of [...events.keys()].sort((a, b) => a - b)) {
    if (active.size) {
      const targets = [...active.keys()].sort((a, b) => a - b);
      const last = found.at(-1);
      if (last && last[1] === begin - 1 && areEqual(last[2], targets)) last[1] = at - 1;
      else found.push([begin, at - 1, targets]);
    }
    for (const event of events.get(at) ?? []) {
      const [to, change] = event >= 0 ? [event, 1] : [-1 - event, -1];
      const count = (active.get(to) ?? 0) + change;
      if (count) active.set(to, count);
      else active.delete(to);
    }
    begin = at;
  }
  return found;
}

function areEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}

/** Whether ranges are in order and have nothing in common, as those of one node of an automaton. */
function areApart(moves: readonly Move[]): boolean {
  let last = -1;
  for (const [low, high] of moves) {
    if (low <= last) return false;
    last = high;
  }
  return true;
}
