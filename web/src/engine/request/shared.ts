/** The fields that chat completions and text completions have in common. */

import type { GenerationInfo } from "../../artifact/schema.js";
import type { Adjustments } from "../sampling/cpuSampler.js";
import type { ProcessorChoice } from "../sampling/logitProcessors.js";
import { checkedSampling, MAX_U32, number, refuse, refuseField } from "../sampling/sampling.js";
import type { Sampling } from "../sampling/sampling.js";
import { anObject, aText, type Fields } from "./fields.js";
import { checkNames } from "./names.js";

export const MOST_TOP_LOGPROBS = 20;
/** No limit: the context is full before. */
export const MOST_TOKENS = Number.MAX_SAFE_INTEGER;
const MOST_ANSWERS = 16;
const MOST_STOPS = 16;
const MOST_STOP_LENGTH = 1000;
const MOST_BIASES = 10_000;
const TOKEN_ID = /^(0|[1-9][0-9]{0,9})$/;

/** How to answer, with every default filled in. */
export interface CheckedShared {
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Whether a stream ends with a chunk for the usage alone. */
  readonly includeUsage: boolean;
  /** For the first answer; the others differ in their seeds. */
  readonly sampling: Sampling;
  /** One for each answer to a prompt. */
  readonly seeds: readonly number[];
  readonly maxNew: number;
  readonly stops: readonly string[];
  readonly adjustments: Adjustments;
  /** The page's own code that changes scores; null for none. */
  readonly processor: ProcessorChoice | null;
  readonly signal: AbortSignal | undefined;
}

/** OpenAI's defaults, for models that have none of their own. */
const OPENAI: GenerationInfo = { temperature: 1, top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1 };

/**
 * Read them; what sampling leaves out is as `own` has it, `maxNew` is the limit where there is none.
 *
 * @throws KernelcError "usage" that names the field.
 */
export function readShared(
  fields: Fields,
  vocabSize: number,
  own: GenerationInfo | null,
  maxNew: number,
): CheckedShared {
  const n = fields.integer("n", 1, MOST_ANSWERS) ?? 1;
  const stream = fields.flag("stream");
  const includeUsage = readIncludeUsage(fields, stream);
  fields.word("user");
  const sampling = readSampling(fields, own ?? OPENAI);
  return {
    model: fields.word("model"),
    stream,
    includeUsage,
    sampling,
    seeds: Array.from({ length: n }, (_, at) => (sampling.seed + at) % (MAX_U32 + 1)),
    maxNew: fields.integer("max_tokens", 0, MOST_TOKENS) ?? maxNew,
    stops: readStops(fields.get("stop") ?? []),
    adjustments: {
      bias: readBiases(fields.inner("logit_bias"), vocabSize),
      frequencyPenalty: fields.number("frequency_penalty", -2, 2) ?? 0,
      presencePenalty: fields.number("presence_penalty", -2, 2) ?? 0,
    },
    processor: readProcessor(fields),
    signal: (fields.get("signal") ?? undefined) as AbortSignal | undefined,
  };
}

/** Whether the CPU must choose each token: kernels know neither biases nor counts (nor grammars). */
export function needsLockStep(shared: CheckedShared, topLogprobs: number | null): boolean {
  const { bias, frequencyPenalty, presencePenalty } = shared.adjustments;
  if (shared.processor) return true;
  return bias.size > 0 || frequencyPenalty !== 0 || presencePenalty !== 0 || topLogprobs !== null;
}

/** A name, or a name with options, which are the processor's to check. */
function readProcessor(fields: Fields): ProcessorChoice | null {
  const given = fields.get("logit_processor") ?? null;
  if (given === null) return null;
  if (typeof given === "string")
    return { name: aText("logit_processor", given, 1, MOST_STOP_LENGTH), options: null };
  const choice = anObject("logit_processor", given);
  checkNames(choice, ["name", "options"], new Map());
  const name = choice.word("name");
  if (!name) return refuse("logit_processor.name", name ?? null, "the name of a logit processor");
  return { name, options: choice.get("options") ?? null };
}

function readSampling(fields: Fields, own: GenerationInfo): Sampling {
  const given = (name: keyof GenerationInfo): number => (fields.get(name) ?? own[name]) as number;
  return checkedSampling({
    temperature: given("temperature"),
    top_k: given("top_k"),
    top_p: given("top_p"),
    min_p: given("min_p"),
    repetition_penalty: given("repetition_penalty"),
    seed: fields.get("seed") as number | null | undefined,
  });
}

function readIncludeUsage(fields: Fields, stream: boolean): boolean {
  const options = fields.inner("stream_options");
  if (!options) return false;
  checkNames(options, ["include_usage", "include_obfuscation"], new Map());
  if (!stream) refuse("stream_options", fields.get("stream_options"), "stream: true with it");
  if (options.flag("include_obfuscation")) {
    refuse("stream_options.include_obfuscation", true, "false: the sizes of chunks are as they come");
  }
  return options.flag("include_usage");
}

function readStops(given: unknown): readonly string[] {
  if (typeof given === "string") return [aText("stop", given, 1, MOST_STOP_LENGTH)];
  if (!Array.isArray(given) || given.length > MOST_STOPS) {
    return refuse("stop", given, `a text, or a list of at most ${MOST_STOPS} texts`);
  }
  return given.map((stop: unknown, at) => aText(`stop[${at}]`, stop, 1, MOST_STOP_LENGTH));
}

function readBiases(given: Fields | undefined, vocabSize: number): ReadonlyMap<number, number> {
  const names = given?.names ?? [];
  if (names.length > MOST_BIASES) {
    refuseField("logit_bias", `logit_bias has ${names.length} entries, wanted at most ${MOST_BIASES}`);
  }
  return new Map(
    names.map((name) => {
      if (!TOKEN_ID.test(name) || Number(name) >= vocabSize) {
        refuse("logit_bias", name, `token ids from 0 to ${vocabSize - 1} as its names`);
      }
      return [Number(name), number(`logit_bias.${name}`, given?.get(name), -100, 100)];
    }),
  );
}
