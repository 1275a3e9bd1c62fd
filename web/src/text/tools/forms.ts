/**
 * The forms in which models write calls and thoughts. Which one a model has is read off its template.
 *
 * A form is data: the marks around a call, and what stands between them. The counterpart of
 * `runtime/chat/tools/forms.py`, which has the sources.
 */

import { CHANNEL, CHANNEL_MARKS, CONSTRAIN, END_MESSAGE, MESSAGE } from "./channels.js";
import { BEGIN, BEGINS, END_OF_CALL, ENDS, SEPARATOR } from "./typedCalls.js";

/** Before, between and after a call's name and its arguments. */
export type Frame = readonly [before: string, between: string, after: string];

/**
 * How a model writes calls.
 *
 * Between one of `opens` and `close` stands a JSON object of a name and its arguments, or a list of such
 * objects. With `bare` an answer may also begin with such a thing, without any mark. With `named` it may be
 * the name, [ARGS], and the arguments alone, with `xml` or `keyed` a function in XML (`xmlCalls.ts`), and
 * with `typed` a kind, a name and arguments, behind which no `close` is wanted (`typedCalls.ts`). With
 * `channels` an answer is messages, of which some are calls (`channels.ts`). A call that must come is written
 * so: `begins`, which ends its prompt, then the name and the arguments in their `frame`. Where there may be
 * several of these, `beginsList` ends the prompt, each is in `listedFrame`, and then come `separator` before
 * another and `tail` at the end; without a `tail` there is one. `told` says that the model is told of tools
 * in the system prompt, because its template knows none.
 */
export interface CallForm {
  readonly name: string;
  readonly opens: readonly string[];
  readonly close: string;
  readonly bare: boolean;
  readonly named: boolean;
  readonly xml: boolean;
  readonly keyed: boolean;
  readonly typed: boolean;
  readonly channels: boolean;
  readonly begins: string;
  readonly frame: Frame;
  readonly beginsList: string;
  readonly listedFrame: Frame;
  readonly separator: string;
  readonly tail: string;
  readonly told: boolean;
}

const frameOf = (key: string): Frame => ['{"name": "', `", "${key}": `, "}"];

function listed(): Frame {
  const [before, between, after] = frameOf("arguments");
  return [`[${before}`, between, `${after}]`];
}

function form(name: string, opens: readonly string[], more: Partial<CallForm>): CallForm {
  const no = {
    bare: false, named: false, xml: false, keyed: false, typed: false, channels: false, told: false,
  };
  const single = { beginsList: "", listedFrame: frameOf("arguments"), separator: "", tail: "" };
  return { ...no, ...single, close: "", begins: "", frame: frameOf("arguments"), name, opens, ...more };
}

const MARKED = {
  close: "</tool_call>",
  begins: "<tool_call>\n",
  beginsList: "<tool_call>\n",
  separator: "\n</tool_call>\n<tool_call>\n",
  tail: "\n</tool_call>",
};
const LISTED = { separator: ", ", tail: "]" };
export const HERMES = form("hermes", ["<tool_call>"], MARKED);
export const QWEN_CODER = form("qwen-coder", ["<tool_call>"], { ...MARKED, xml: true });
const NAMED = { named: true, begins: "[TOOL_CALLS]" };
export const MISTRAL = form("mistral", ["[TOOL_CALLS]"], {
  ...NAMED, ...LISTED, frame: listed(), beginsList: "[TOOL_CALLS][",
});
export const MISTRAL_ARGS = form("mistral-args", ["[TOOL_CALLS]"], { ...NAMED, frame: ["", "[ARGS]", ""] });
const BARRED = { ...LISTED, begins: "<|tool_call|>", frame: listed(), beginsList: "<|tool_call|>[" };
export const GRANITE = form("granite", ["<|tool_call|>"], { ...BARRED, bare: true });
export const PHI = form("phi", ["<|tool_call|>"], {
  ...BARRED, close: "<|/tool_call|>", tail: "]<|/tool_call|>",
});
export const LLAMA = form("llama", ["<|python_tag|>"], { bare: true, frame: frameOf("parameters") });
export const PLAIN = form("json", [], { bare: true });
export const PLAIN_PARAMETERS = form("json-parameters", [], { bare: true, frame: frameOf("parameters") });
export const GLM = form("glm", ["<tool_call>"], { ...MARKED, keyed: true });
export const DEEPSEEK = form("deepseek", [BEGINS, BEGIN], {
  typed: true, begins: `${BEGINS}${BEGIN}function${SEPARATOR}`, frame: ["", "\n```json\n", ""],
});
export const DEEPSEEK_NAMED = form("deepseek-named", [BEGINS, BEGIN], {
  typed: true, begins: `${BEGINS}${BEGIN}`, frame: ["", SEPARATOR, ""],
});
export const HARMONY = form("harmony", [], {
  channels: true,
  begins: `${CHANNEL}commentary to=functions.`,
  frame: ["", ` ${CONSTRAIN}json${MESSAGE}`, ""],
});
export const TOLD = form("told", ["<tool_call>"], { ...MARKED, told: true });
export const TOLD_DEEPSEEK = form("told-deepseek", ["<tool_call>", BEGINS, BEGIN], {
  ...MARKED, told: true, typed: true,
});

export const FORMS = [
  HERMES, QWEN_CODER, GLM, MISTRAL, MISTRAL_ARGS, GRANITE, PHI, LLAMA, PLAIN, PLAIN_PARAMETERS,
  DEEPSEEK, DEEPSEEK_NAMED, HARMONY, TOLD, TOLD_DEEPSEEK,
];

/**
 * The form of a model whose chat template has this text. A template that does not look at `tools` gets the
 * form of Hermes, of which the model is told; where it writes calls of its own all the same, as DeepSeek's
 * do, these are read, too.
 */
export function formOf(source: string): CallForm {
  if (!/(?<![\p{L}\p{N}_])tools(?![\p{L}\p{N}_])/u.test(source)) {
    return source.includes(BEGIN) ? TOLD_DEEPSEEK : TOLD;
  }
  if (hasChannels(source)) return HARMONY;
  if (source.includes(BEGIN)) return source.includes("```json") ? DEEPSEEK : DEEPSEEK_NAMED;
  if (source.includes("<arg_key>") && source.includes("<tool_call>")) return GLM;
  if (source.includes("[TOOL_CALLS]")) return source.includes("[ARGS]") ? MISTRAL_ARGS : MISTRAL;
  if (source.includes("<tool_call>")) return source.includes("<function=") ? QWEN_CODER : HERMES;
  if (source.includes("<|tool_call|>")) return source.includes("<|/tool_call|>") ? PHI : GRANITE;
  if (source.includes("<|python_tag|>")) return LLAMA;
  return /["']parameters\\?["']\s*:/.test(source) ? PLAIN_PARAMETERS : PLAIN;
}

function hasChannels(source: string): boolean {
  return source.includes(CHANNEL) && source.includes(MESSAGE);
}

/** All marks of a form, which a parser must see though they may be special tokens, which are no text. */
export function marksOf({ opens, close, named, typed, channels }: CallForm): readonly string[] {
  if (channels) return CHANNEL_MARKS;
  const inner = named ? ["[ARGS]", "[CALL_ID]"] : typed ? [SEPARATOR, END_OF_CALL, ENDS] : [];
  return [...opens, ...(close ? [close] : []), ...inner];
}

/** The marks around what a model thinks before it answers. */
export interface Thoughts {
  readonly open: string;
  readonly close: string;
  /** Whether the answer is messages, as of a form that has these, and thoughts are among them. */
  readonly channels?: boolean;
}

const ANALYSIS: Thoughts = { open: `${CHANNEL}analysis${MESSAGE}`, close: END_MESSAGE, channels: true };

const THOUGHTS: readonly Thoughts[] = [
  { open: "<think>", close: "</think>" },
  { open: "[THINK]", close: "[/THINK]" },
  { open: "<seed:think>", close: "</seed:think>" },
  { open: "<|START_THINKING|>", close: "<|END_THINKING|>" },
];

/** How a model writes calls and thoughts. */
export interface Forms {
  readonly calls: CallForm;
  readonly thoughts: Thoughts | null;
}

/** The marks of a model's thoughts, null where neither its template nor its tokens have any. */
export function thoughtsOf(source: string, tokens: ReadonlySet<string>): Thoughts | null {
  if (hasChannels(source)) return ANALYSIS;
  return THOUGHTS.find(({ close }) => source.includes(close) || tokens.has(close)) ?? null;
}
