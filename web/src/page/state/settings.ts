import type { DeviceChoice, GenerationInfo } from "../../engine/api.js";
import { isRecord } from "./check.js";
import { MAX_SYSTEM_LENGTH } from "./conversations.js";

/** All settings for answers. They are kept on this device, and checked when they are read back. */
export interface Settings {
  system: string;
  /**
   * Whether answers are sampled as the model's authors recommend, where they do; else as the numbers below
   * say.
   */
  recommended: boolean;
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  maxTokens: number;
  repetitionPenalty: number;
  /** null draws another seed for every answer. */
  seed: number | null;
  /** On what models run, from the next load on. */
  device: DeviceChoice;
}

export const DEFAULT_SETTINGS: Readonly<Settings> = {
  system: "",
  recommended: true,
  temperature: 0.7,
  topP: 0.95,
  topK: 40,
  minP: 0,
  maxTokens: 1024,
  repetitionPenalty: 1,
  seed: null,
  device: "auto",
};

/** What models may run on, with the words for it. */
export const DEVICES: readonly (readonly [DeviceChoice, string])[] = [
  ["auto", "The graphics device, else the processor"],
  ["webgpu", "The graphics device (WebGPU)"],
  ["wasm", "The processor (WebAssembly)"],
];

export const MAX_SEED = 0xffff_ffff;

/** A numeric setting, with the label, hint and bounds of its field. */
export interface NumberField {
  key: "temperature" | "topP" | "topK" | "minP" | "maxTokens" | "repetitionPenalty";
  label: string;
  hint: string;
  min: number;
  max: number;
  step: number;
  /** Whether few people change it. */
  advanced: boolean;
}

export const NUMBER_FIELDS: readonly NumberField[] = [
  {
    key: "temperature",
    label: "Temperature",
    hint: "0 always takes the likeliest word; higher is freer.",
    min: 0,
    max: 2,
    step: 0.05,
    advanced: false,
  },
  {
    key: "topP",
    label: "Top-p",
    hint: "Choose among the likeliest words that together reach this share; 1 is off.",
    min: 0.01,
    max: 1,
    step: 0.01,
    advanced: true,
  },
  {
    key: "topK",
    label: "Top-k",
    hint: "Choose among this many of the likeliest words; 0 is off.",
    min: 0,
    max: 200,
    step: 1,
    advanced: true,
  },
  {
    key: "minP",
    label: "Min-p",
    hint: "Drop words less likely than this share of the likeliest; 0 is off.",
    min: 0,
    max: 1,
    step: 0.01,
    advanced: true,
  },
  {
    key: "repetitionPenalty",
    label: "Repetition penalty",
    hint: "Above 1, words that were said already become less likely.",
    min: 1,
    max: 2,
    step: 0.01,
    advanced: true,
  },
  {
    key: "maxTokens",
    label: "Longest answer",
    hint: "In tokens; a word is one or two of them.",
    min: 16,
    max: 8192,
    step: 16,
    advanced: false,
  },
];

/** Settings from any value: whatever is missing or out of bounds takes its default. */
export function readSettings(value: unknown): Settings {
  const record = isRecord(value) ? value : {};
  const settings: Settings = { ...DEFAULT_SETTINGS };
  for (const field of NUMBER_FIELDS) settings[field.key] = readNumber(record[field.key], field);
  if (typeof record.system === "string") settings.system = record.system.slice(0, MAX_SYSTEM_LENGTH);
  // Settings of an older page have no such choice: numbers that somebody changed are one.
  const untouched = NUMBER_FIELDS.every(
    ({ key }) => key === "maxTokens" || settings[key] === DEFAULT_SETTINGS[key],
  );
  settings.recommended = typeof record.recommended === "boolean" ? record.recommended : untouched;
  settings.seed = readSeed(record.seed);
  settings.device = readDevice(record.device);
  return settings;
}

/** A field's value, or its default where it is not a number within the bounds. */
export function readNumber(value: unknown, field: NumberField): number {
  const ok = typeof value === "number" && value >= field.min && value <= field.max;
  const whole = field.step >= 1;
  return ok && (!whole || Number.isInteger(value)) ? value : DEFAULT_SETTINGS[field.key];
}

/** A typed number as a field can hold it: the bound that is next to it; the default where there is none. */
export function nearestNumber(value: number, field: NumberField): number {
  if (Number.isNaN(value)) return DEFAULT_SETTINGS[field.key];
  const bounded = Math.min(Math.max(value, field.min), field.max);
  return field.step >= 1 ? Math.round(bounded) : bounded;
}

/** A seed: a whole number of 32 bits, or null. */
export function readSeed(value: unknown): number | null {
  const ok = typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_SEED;
  return ok ? value : null;
}

/** A typed seed as it is taken: the whole number of 32 bits that is next to it; null where there is none. */
export function nearestSeed(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(Math.min(Math.max(value, 0), MAX_SEED));
}

/** A choice of device; "auto" for anything else. */
export function readDevice(value: unknown): DeviceChoice {
  return DEVICES.find(([device]) => device === value)?.[0] ?? DEFAULT_SETTINGS.device;
}

/** The settings as they apply to a model whose authors recommend `own` (null: nothing). */
export function inForce(settings: Settings, own: GenerationInfo | null): Settings {
  if (!settings.recommended || !own) return settings;
  const { temperature, top_k: topK, top_p: topP, min_p: minP, repetition_penalty: repetitionPenalty } = own;
  return { ...settings, temperature, topK, topP, minP, repetitionPenalty };
}
