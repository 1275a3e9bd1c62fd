/** Chat templates: the Jinja text of a checkpoint that turns a conversation into a prompt. */

import { Environment, parse as parseTokens, tokenize } from "@huggingface/jinja";

import { KernelcError } from "../../artifact/errors.js";
import { BoundedInterpreter, type Program } from "./interpreter.js";
import { MAX_OUTPUT, Stopped } from "./sizes.js";
import { withTestArguments } from "./testArguments.js";
import { withTuples } from "./tuples.js";
import { strftime } from "./strftime.js";
import type { Coder, FetchFile, Message, RenderOptions, Template, TemplateFile } from "../types.js";

const MAX_SOURCE = 2 ** 20;
const MAX_RANGE = 100_000; // as in jinja2's sandbox
const MAX_SPACES = 1000; // in a row: the time of the library's lexer grows with the square of their number

/**
 * For checkpoints without a template. Base models continue text and know no turns, so the messages are joined
 * as they are, and the model continues from their end.
 */
export const PLAIN_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}";

/** Thrown where the template itself calls raise_exception. */
class Refused extends Error {}

/** The artifact's chat template with the model's special tokens; PLAIN_TEMPLATE where `info` is null. */
export async function loadTemplate(
  info: TemplateFile | null,
  fetchFile: FetchFile,
  coder: Coder,
): Promise<Template> {
  const token = (id: number | null): string => (id === null ? "" : coder.token(id));
  const bos = info?.bos_token || token(coder.bosId);
  const eos = info?.eos_token || token(coder.eosId);
  if (info === null) return makeTemplate(PLAIN_TEMPLATE, bos, eos);
  let source: string;
  try {
    source = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await fetchFile(info.file));
  } catch (reason) {
    if (reason instanceof KernelcError) throw reason;
    throw failure(
      info.file,
      `cannot be read as UTF-8: ${String(reason)}`,
      "build the artifact again",
      reason,
    );
  }
  return makeTemplate(source, bos, eos, info.file, coder.templateTokens);
}

/**
 * Parse a template; `where` names it in errors, `tokens` are more variables that it sees. Throws
 * KernelcError("template") where it is not a valid one.
 */
export function makeTemplate(
  source: string,
  bosToken = "",
  eosToken = "",
  where = "chat template",
  tokens: ReadonlyMap<string, unknown> = new Map(),
): Template {
  const program = parse(source, where);
  return {
    isPlain: source === PLAIN_TEMPLATE,
    source,
    render: (messages, options = {}) => {
      const given = variables(
        messages,
        options,
        new Map([...tokens, ["bos_token", bosToken], ["eos_token", eosToken]]),
      );
      try {
        return render(program, given, where);
      } catch (error) {
        throw explained(error, () => {
          const others = messages.filter(({ role }) => role !== "system");
          if (others.length === 0 || others.length === messages.length) return false;
          render(program, new Map([...given, ["messages", others]]), where);
          return true;
        });
      }
    },
  };
}

function parse(source: string, where: string): Program {
  if (source.length > MAX_SOURCE) {
    throw failure(
      where,
      `got ${source.length} characters, wanted at most ${MAX_SOURCE}`,
      "take another chat template",
    );
  }
  try {
    const longRun = new RegExp(`\\s{${MAX_SPACES}}`);
    if (longRun.test(source)) throw new Error(`more than ${MAX_SPACES} white space characters in a row`);
    const tokens = tokenize(source.replace(/\r\n?/g, "\n"), { lstrip_blocks: true, trim_blocks: true });
    return parseTokens(withTestArguments(withTuples(tokens)));
  } catch (reason) {
    const help =
      "the checkpoint's chat template is damaged, or needs what kernelc does not have in the browser";
    throw failure(where, `not a valid template: ${messageOf(reason)}`, help, reason);
  }
}

function variables(
  messages: readonly Message[],
  options: RenderOptions,
  tokens: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, unknown> {
  const now = options.now ?? new Date();
  return new Map<string, unknown>([
    ...tokens, // first: no token may take the place of what the conversation gives
    ["messages", messages.map((message) => ({ ...message }))],
    ["tools", options.tools ?? null],
    ["documents", null],
    ["add_generation_prompt", options.addGenerationPrompt ?? true],
    ["strftime_now", (format: unknown) => strftime(now, String(format))],
  ]);
}

/** The environment of a template: the functions and values that jinja2 and transformers provide. */
function environmentOf(given: ReadonlyMap<string, unknown>): Environment {
  const environment = new Environment();
  const functions = { range, raise_exception: refuse };
  const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
  for (const [name, value] of [...Object.entries(functions), ...given, ...Object.entries(constants)]) {
    environment.variables.delete(name); // a name cannot be set twice
    environment.set(name, value);
  }
  return environment;
}

function refuse(message: unknown): never {
  throw new Refused(String(message));
}

function range(...bounds: unknown[]): number[] {
  const [first = 0, second, step = 1] = bounds.map((bound) =>
    Number.isInteger(bound) ? Number(bound) : NaN,
  );
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!Number.isFinite(count)) throw new Error("range() wants one to three whole numbers, the last not 0");
  if (count > MAX_RANGE)
    throw new Error(`Range too big. The sandbox blocks ranges larger than ${MAX_RANGE}.`);
  return Array.from({ length: count }, (_, at) => start + at * step);
}

function render(program: Program, given: ReadonlyMap<string, unknown>, where: string): string {
  try {
    return String(new BoundedInterpreter(environmentOf(given)).run(program).value);
  } catch (reason) {
    throw described(reason, where);
  }
}

/** The error; where the messages are fine `without` the system prompt, its help says so. */
function explained(error: unknown, without: () => boolean): unknown {
  if (!(error instanceof KernelcError)) return error;
  try {
    if (!without()) return error;
  } catch {
    return error;
  }
  const help =
    "the model's template takes no system prompt: empty the field of the settings, or say it in the question";
  return new KernelcError("template", error.message, { help, cause: error });
}

function described(reason: unknown, where: string): KernelcError {
  if (reason instanceof Refused) {
    const help = "change the messages; their roles and order matter";
    return failure(where, `the template refuses this conversation: ${messageOf(reason)}`, help, reason);
  }
  const help = "shorten the conversation, or take a corrected chat template";
  if (reason instanceof Stopped) {
    const why = {
      time: "the template was stopped: it computes without end",
      memory: "the template was stopped: it asks for too much memory",
      length: `the prompt is longer than ${MAX_OUTPUT} characters`,
    };
    return failure(where, why[reason.reason], help, reason);
  }
  if (reason instanceof RangeError) {
    return failure(where, `the template was stopped: ${messageOf(reason)}`, help, reason);
  }
  const other = "the template may want other messages, or what kernelc does not have in the browser";
  return failure(where, `the template failed: ${messageOf(reason)}`, other, reason);
}

function messageOf(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : String(reason);
  return message.slice(0, 1000).replace(/\s+/g, " ");
}

function failure(where: string, message: string, help: string, cause?: unknown): KernelcError {
  return new KernelcError("template", `${where}: ${message}`, { help, cause });
}
