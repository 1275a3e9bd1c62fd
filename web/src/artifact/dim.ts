/**
 * Dimensions as the manifest writes them: `4`, `"seq"` or `["ceildiv", "seq", 64]`.
 *
 * The same form as `kernelc/ir/dim.py`, on doubles: every value stays within what a double holds exactly.
 * Division rounds towards minus infinity (`floordiv`, `mod`) or plus infinity (`ceildiv`).
 */

/** A dimension as JSON, checked: see `parseDim`. */
export type Dim = number | string | readonly [DimOperation, Dim, Dim];

export type DimOperation = "add" | "mul" | "floordiv" | "ceildiv" | "mod" | "min" | "max";

/** Inclusive bounds of a value. */
export type Bounds = readonly [low: number, high: number];

/** Values of symbols by name. */
export type Env = Readonly<Record<string, number>>;

export const MAX_MAGNITUDE = 2 ** 53;
const MAX_DEPTH = 32;
const MAX_NODES = 256;
const SYMBOL = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Bounds of an undeclared symbol: the values that a 32-bit field of the step block can hold. */
const UNDECLARED: Bounds = [0, 2 ** 31 - 1];

/** Says why something is not a valid dimension, or cannot be evaluated. */
export class DimError extends Error {
  override readonly name = "DimError";
}

const APPLY: Readonly<Record<DimOperation, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  floordiv,
  ceildiv: (a, b) => 0 - floordiv(-a, b),
  mod: (a, b) => a - b * floordiv(a, b),
  min: Math.min,
  max: Math.max,
};

/** The quotient rounded down. It is exact even where `a / b` would be rounded across an integer. */
function floordiv(a: number, b: number): number {
  const remainder = a % b;
  return (a - remainder) / b - (remainder < 0 ? 1 : 0) + 0;
}

function isOperation(value: unknown): value is DimOperation {
  return typeof value === "string" && Object.hasOwn(APPLY, value);
}

function divides(operation: DimOperation): boolean {
  return operation === "floordiv" || operation === "ceildiv" || operation === "mod";
}

/**
 * Check that untrusted JSON is a dimension over `symbols`. By default any symbol is taken; it cannot be a
 * divisor.
 *
 * @throws DimError where it is something else, too deep or too large, or where a divisor may not be positive.
 */
export function parseDim(json: unknown, symbols?: ReadonlyMap<string, Bounds>): Dim {
  const budget = { nodes: MAX_NODES };
  const dim = checked(json, 1, budget);
  boundsOf(dim, symbols);
  return dim;
}

function checked(json: unknown, depth: number, budget: { nodes: number }): Dim {
  budget.nodes -= 1;
  if (depth > MAX_DEPTH || budget.nodes < 0) {
    throw new DimError(`dimension nested over ${MAX_DEPTH} deep or of over ${MAX_NODES} parts`);
  }
  if (typeof json === "number" && Number.isInteger(json) && Math.abs(json) <= MAX_MAGNITUDE) return json;
  if (typeof json === "string" && SYMBOL.test(json)) return json;
  if (Array.isArray(json) && json.length === 3 && isOperation(json[0])) {
    return [json[0], checked(json[1], depth + 1, budget), checked(json[2], depth + 1, budget)];
  }
  const shown =
    typeof json === "string" || typeof json === "number" ? JSON.stringify(json).slice(0, 80) : typeof json;
  throw new DimError(
    `not a dimension: ${shown}; wanted an integer up to 2^53, a symbol or [operation, a, b]`,
  );
}

/**
 * The range of a dimension for symbols within their bounds. It holds every possible value, and may be wider.
 *
 * @throws DimError for unknown symbols and for a divisor that is not provably positive.
 */
export function boundsOf(dim: Dim, symbols?: ReadonlyMap<string, Bounds>): Bounds {
  if (typeof dim === "number") return [dim, dim];
  if (typeof dim === "string") return symbolBounds(dim, symbols);
  const [operation, left, right] = dim;
  const a = boundsOf(left, symbols);
  const b = boundsOf(right, symbols);
  if (divides(operation) && b[0] <= 0) {
    throw new DimError(`${operation} by what ranges over ${b[0]}..${b[1]}; a divisor must be positive`);
  }
  if (operation === "mod") return [0, b[1] - 1];
  const corners = a.flatMap((x) => b.map((y) => APPLY[operation](x, y)));
  return [Math.min(...corners), Math.max(...corners)];
}

function symbolBounds(name: string, symbols: ReadonlyMap<string, Bounds> | undefined): Bounds {
  if (symbols === undefined) return UNDECLARED;
  const found = symbols.get(name);
  if (found) return found;
  throw new DimError(`unknown symbol ${name}; known are ${[...symbols.keys()].sort().join(", ") || "none"}`);
}

/** The symbols that a dimension depends on. */
export function freeSymbols(dim: Dim): Set<string> {
  if (typeof dim === "number") return new Set();
  if (typeof dim === "string") return new Set([dim]);
  return new Set([...freeSymbols(dim[1]), ...freeSymbols(dim[2])]);
}

/** The value of a dimension. @throws DimError as the function of `compileDim`. */
export function evaluateDim(dim: Dim, env: Env): number {
  return compileDim(dim)(env);
}

/**
 * A function from symbol values to the value of a dimension.
 *
 * The function throws DimError for a missing symbol, a divisor that is not positive, or a value beyond 2^53.
 */
export function compileDim(dim: Dim): (env: Env) => number {
  if (typeof dim === "number") return () => dim;
  if (typeof dim === "string") return (env) => lookUp(env, dim);
  const [operation, left, right] = dim;
  const [a, b, apply] = [compileDim(left), compileDim(right), APPLY[operation]];
  const dividing = divides(operation);
  return (env) => {
    const y = b(env);
    if (dividing && y <= 0) throw new DimError(`${operation} by ${y}; a divisor must be positive`);
    const value = apply(a(env), y);
    if (Math.abs(value) > MAX_MAGNITUDE) throw new DimError(`${operation} gives ${value}, beyond 2^53`);
    return value;
  };
}

function lookUp(env: Env, name: string): number {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined) return value;
  throw new DimError(`no value for symbol ${name}; got ${Object.keys(env).sort().join(", ") || "none"}`);
}
