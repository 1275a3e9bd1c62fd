/**
 * `tools`, `tool_choice` and `parallel_tool_calls`: which tools an answer may call. The same rules and words
 * are in `runtime/chat/openai/tools.py`. Source: "Function calling" in OpenAI's API reference.
 */

import type { Definition } from "../../text/types.js";
import { refuse, refuseField } from "../sampling/sampling.js";
import { anObject, aText, characters, type Fields } from "./fields.js";
import { aJsonObject, MOST_JSON, type JsonObject } from "./jsonValues.js";
import { jsonText } from "../../text/tools/rendering.js";
import { checkNames } from "./names.js";

const MOST_TOOLS = 128;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const NAME_WANTED = "1 to 64 of the characters A-Z, a-z, 0-9, _ and -";
const CHOICES = '"none", "auto", "required", a function of tools, or allowed_tools';
const NO_NAMES = new Map<string, string>();

/** Which tools an answer may call, and whether it must. */
export interface ToolUse {
  /** Those that the model is told of. */
  readonly tools: readonly Definition[];
  /** The names of those that it may call. */
  readonly callable: readonly string[];
  /** Whether the answer is a call, whose arguments follow the parameters of its tool. */
  readonly required: boolean;
  /** Whether there may be several calls. */
  readonly parallel: boolean;
  /** Whether there may be several calls where one is required, if the model's form can write them. */
  readonly several: boolean;
  /** The names of those whose calls are held to their parameters. */
  readonly held: readonly string[];
  /** The names of those of them that ask for it themselves. */
  readonly strict: readonly string[];
}

/**
 * What a tool's arguments follow where a call is held to them: a schema as JSON, null for any object, and
 * where it is from.
 */
export interface CallSchema {
  readonly name: string;
  readonly schema: string | null;
  readonly path: string;
  /** Whether a schema that no grammar can say is refused; otherwise it may then be any object. */
  readonly strict: boolean;
}

/**
 * The tools that the model is told of and may call; null without any, and for the choice "none".
 *
 * @throws KernelcError "usage" that names the field.
 */
export function readTools(fields: Fields): ToolUse | null {
  const parallel = (fields.get("parallel_tool_calls") ?? null) === null || fields.flag("parallel_tool_calls");
  const [tools, strict] = readAll(fields);
  const choice = fields.get("tool_choice") ?? null;
  if (!tools.length) {
    if (choice !== null && choice !== "none" && choice !== "auto") {
      refuse("tool_choice", choice, "tools with it");
    }
    return null;
  }
  if (choice === "none") return null;
  const names = tools.map((each) => each.function.name);
  const read = readChoice(choice, names);
  const asked = read.required && fields.get("parallel_tool_calls") === true;
  const named = typeof choice === "object" && choice && "type" in choice && choice.type === "function";
  const several = asked && !named;
  const held = read.callable.filter((name) => read.required || strict.has(name));
  return { tools, ...read, parallel, several, held, strict: [...strict] };
}

/** The schemas of the tools that may be called. */
export function callSchemas({ tools, callable, held, strict: asked }: ToolUse): readonly CallSchema[] {
  return tools.flatMap(({ function: { name, parameters } }, at): CallSchema[] => {
    if (!callable.includes(name)) return [];
    const path = `tools[${at}].function.parameters`;
    const strict = asked.includes(name);
    if (!held.includes(name)) return [{ name, schema: null, path, strict }];
    const schema: Record<string, unknown> = { type: "object", ...parameters };
    const { properties } = schema;
    const lists = typeof properties === "object" && properties !== null && !Object.keys(properties).length;
    if (lists) schema["additionalProperties"] ??= false;
    return [{ name, schema: JSON.stringify(schema), path, strict }];
  });
}

/** The tools, and the names of those that are strict. */
function readAll(fields: Fields): readonly [readonly Definition[], ReadonlySet<string>] {
  const given = fields.get("tools") ?? null;
  const strict = new Set<string>();
  if (given === null) return [[], strict];
  if (!Array.isArray(given) || !given.length || given.length > MOST_TOOLS) {
    return refuse("tools", given, `a list of 1 to ${MOST_TOOLS} tools`);
  }
  const names = new Set<string>();
  let room = MOST_JSON;
  const tools = given.map((each: unknown, at) => {
    const [tool, isStrict] = readTool(anObject(`tools[${at}]`, each));
    if (isStrict) strict.add(tool.function.name);
    const { name } = tool.function;
    if (names.has(name)) refuse(`tools[${at}].function.name`, name, "another name: each tool has its own");
    names.add(name);
    room -= characters(jsonText(tool));
    if (room < 0) {
      const up = `tools have more than ${MOST_JSON} characters up to tools[${at}]`;
      refuseField("tools", `${up}, wanted at most as many`);
    }
    return tool;
  });
  return [tools, strict];
}

function readTool(fields: Fields): readonly [Definition, boolean] {
  const type = fields.get("type");
  if (type !== "function") refuse(fields.path("type"), type, '"function": no other tools are called');
  checkNames(fields, ["type", "function"], NO_NAMES);
  const described = innerOf(fields);
  checkNames(described, ["name", "description", "parameters", "strict"], NO_NAMES);
  const name = described.get("name");
  if (typeof name !== "string" || !NAME.test(name)) return refuse(described.path("name"), name, NAME_WANTED);
  const given = described.get("description") ?? undefined;
  const text = given === undefined ? undefined : aText(described.path("description"), given, 0, MOST_JSON);
  const more = text === undefined ? {} : { description: text };
  const parameters = readParameters(described);
  return [{ type: "function", function: { name, ...more, parameters } }, described.flag("strict")];
}

function readParameters(described: Fields): JsonObject {
  const [given, path] = [described.get("parameters") ?? undefined, described.path("parameters")];
  if (given === undefined) return { type: "object", properties: {} };
  const found = aJsonObject(path, given);
  const type = "type" in found ? found["type"] : "object";
  if (type !== "object") refuse(`${path}.type`, type, '"object": arguments have names');
  return found;
}

function innerOf(fields: Fields): Fields {
  return fields.inner("function") ?? refuse(fields.path("function"), null, "an object with a name");
}

/** Whether a call is required, and the tools that may be called. */
function readChoice(choice: unknown, names: readonly string[]): Pick<ToolUse, "callable" | "required"> {
  if (choice === null || choice === "auto") return { callable: names, required: false };
  if (choice === "required") return { callable: names, required: true };
  if (typeof choice !== "object" || Array.isArray(choice)) return refuse("tool_choice", choice, CHOICES);
  const fields = anObject("tool_choice", choice);
  const type = fields.get("type");
  if (type === "function") return { callable: [named(fields, names)], required: true };
  if (type !== "allowed_tools") refuse("tool_choice.type", type, '"function" or "allowed_tools"');
  checkNames(fields, ["type", "allowed_tools"], NO_NAMES);
  const path = "tool_choice.allowed_tools";
  const allowed = fields.inner("allowed_tools") ?? refuse(path, null, "an object with mode and tools");
  checkNames(allowed, ["mode", "tools"], NO_NAMES);
  const [mode, listed] = [allowed.get("mode"), allowed.get("tools")];
  if (mode !== "auto" && mode !== "required") refuse(`${path}.mode`, mode, '"auto" or "required"');
  if (!Array.isArray(listed) || !listed.length || listed.length > MOST_TOOLS) {
    return refuse(`${path}.tools`, listed, `a list of 1 to ${MOST_TOOLS} functions of tools`);
  }
  const chosen = new Set(
    listed.map((each: unknown, at) => allowedName(anObject(`${path}.tools[${at}]`, each), names)),
  );
  return { callable: names.filter((name) => chosen.has(name)), required: mode === "required" };
}

function allowedName(fields: Fields, names: readonly string[]): string {
  if (fields.get("type") !== "function") refuse(fields.path("type"), fields.get("type"), '"function"');
  return named(fields, names);
}

/** The name of {"type": "function", "function": {"name"}}. */
function named(fields: Fields, names: readonly string[]): string {
  checkNames(fields, ["type", "function"], NO_NAMES);
  const chosen = innerOf(fields);
  checkNames(chosen, ["name"], NO_NAMES);
  const name = chosen.get("name");
  if (typeof name === "string" && names.includes(name)) return name;
  return refuse(chosen.path("name"), name, "the name of one of tools");
}
