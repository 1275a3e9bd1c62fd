/** Formats numbers for people. Sizes are in powers of 1000, as in browsers and shops. */

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** `1234567` as "1.2 MB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return "?";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}

/** Seconds as "0.4 s", "12 s", "3 min" or "2 h". */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** A rate as "12.3 tokens/s"; whole numbers from 100 on. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond <= 0) return "? tokens/s";
  return `${perSecond.toFixed(perSecond < 99.95 ? 1 : 0)} tokens/s`;
}

/** `4096` as "4,096". */
export function formatCount(count: number): string {
  return new Intl.NumberFormat("en").format(count);
}

/** The day of a time as a heading: "Today", "Yesterday", "This week" or month and year. */
export function formatDay(time: number, now: number): string {
  const days = Math.round((startOfDay(now) - startOfDay(time)) / 86_400_000);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return "This week";
  return new Intl.DateTimeFormat("en", { month: "long", year: "numeric" }).format(time);
}

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** `134515008` as "135 million", `6738415616` as "6.7 billion". */
export function formatLarge(count: number): string {
  const [value, unit] = count >= 999.5e6 ? [count / 1e9, "billion"] : [count / 1e6, "million"];
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${unit}`;
}

/** Codes of languages as a list: "English, French and German"; of many, how many they are. */
export function formatLanguages(codes: readonly string[]): string {
  if (codes.length > 5) return `${codes.length} languages`;
  const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
  return new Intl.ListFormat("en").format(codes.map((code) => names.of(code) ?? code));
}

const LICENSES: Readonly<Record<string, string>> = {
  "apache-2.0": "Apache 2.0",
  mit: "MIT",
  llama2: "Llama 2 licence",
  "llama3.1": "Llama 3.1 licence",
  "llama3.2": "Llama 3.2 licence",
  gemma: "Gemma licence",
};

/** How finely weights are stored: "q4a" as "4-bit"; "" for what is no such name. */
export function formatWeights(quant: string): string {
  const bits = /^[qf](\d+)/.exec(quant)?.[1];
  return bits === undefined ? "" : `${bits}-bit`;
}

/** A licence as people write it. */
export function formatLicense(license: string): string {
  return LICENSES[license.toLowerCase()] ?? license;
}
