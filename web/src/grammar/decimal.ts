/** Exact decimal numbers, for Python's `decimal`: a schema's bounds are compared as they are written. */

/** `units` divided by ten to the power of `places`, with no more places than it needs. */
export interface Decimal {
  readonly units: bigint;
  readonly places: number;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/** The shortest decimal number that is read as this double, which is what a schema's author wrote. */
export function decimalOf(value: number): Decimal {
  const [, sign = "", whole = "0", fraction = "", exponent = "0"] = NUMBER.exec(String(value)) ?? [];
  const places = fraction.length - Number(exponent);
  const units = BigInt(sign + whole + fraction);
  if (places <= 0) return { units: units * 10n ** BigInt(-places), places: 0 };
  const digits = String(units);
  const zeros = units === 0n ? places : Math.min(places, digits.length - digits.replace(/0+$/, "").length);
  return { units: units / 10n ** BigInt(zeros), places: places - zeros };
}

export function negated({ units, places }: Decimal): Decimal {
  return { units: -units, places };
}

export function magnitude({ units, places }: Decimal): Decimal {
  return { units: units < 0n ? -units : units, places };
}

/** The power of ten of the first digit that counts; of zero 0. */
export function exponentOf({ units, places }: Decimal): number {
  return units === 0n ? 0 : String(units).replace("-", "").length - 1 - places;
}

/** Below, at or above 0 as `a` is below, equal to or above `b`. */
export function compared(a: Decimal, b: Decimal): number {
  const places = Math.max(a.places, b.places);
  const difference = scaled(a, places) - scaled(b, places);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function scaled({ units, places }: Decimal, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - places);
}

/** The number without its decimal places. */
export function truncated({ units, places }: Decimal): bigint {
  return units / 10n ** BigInt(places);
}

/** The least integer that is not below the number. */
export function ceiling(value: Decimal): bigint {
  const whole = truncated(value);
  return value.places > 0 && value.units > 0n ? whole + 1n : whole;
}

/** Whether an integer divides the number. */
export function isMultiple({ units, places }: Decimal, of: number): boolean {
  return places === 0 && units % BigInt(of) === 0n;
}
