/**
 * `response_format`: text, any JSON object, JSON that follows a schema, or a text of a grammar.
 *
 * A schema is always followed, whether `strict` asks for it or not, so what grammars cannot hold an answer
 * to is refused: here what is no schema, and by `grammars.ts` what a schema says. The same rules and words
 * are in `runtime/chat/openai/formats.py`. Source: "Structured Outputs" in OpenAI's API reference; `grammar`
 * and `regex`, which it does not have, are named as WebLLM and others name them.
 */

import { refuse, refuseField } from "../sampling/sampling.js";
import type { Fields } from "./fields.js";
import { checkNames } from "./names.js";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const PATH = "response_format.json_schema";
const SCHEMA_PATH = `${PATH}.schema`;
const WRITTEN = {
  regex: "a text with a regular expression",
  grammar: "a text with a grammar in GBNF",
} as const;

/** What the text of an answer must follow. */
export interface AnswerFormat {
  readonly type: "json_object" | "json_schema" | keyof typeof WRITTEN;
  /** The schema as JSON, the expression, or the grammar. */
  readonly text: string;
  /** The field that has it. */
  readonly path: string;
}

/** The form of the answer, null for any text. @throws KernelcError "usage" that names the field. */
export function readFormat(fields: Fields): AnswerFormat | null {
  const given = fields.inner("response_format");
  if (!given) return null;
  const type = given.get("type");
  if (type === "regex" || type === "grammar") {
    checkNames(given, ["type", type], new Map());
    const path = `response_format.${type}`;
    const text = given.get(type);
    return { type, text: typeof text === "string" ? text : refuse(path, text, WRITTEN[type]), path };
  }
  if (type !== "text" && type !== "json_object" && type !== "json_schema") {
    const types = '"text", "json_object", "json_schema", "regex" or "grammar"';
    return refuse("response_format.type", type, types);
  }
  checkNames(given, type === "json_schema" ? ["type", "json_schema"] : ["type"], new Map());
  if (type === "text") return null;
  if (type === "json_object") return { type, text: "", path: "response_format" };
  return { type, text: readSchema(given), path: SCHEMA_PATH };
}

function readSchema(given: Fields): string {
  const described = given.inner("json_schema") ?? refuse(PATH, null, "an object with name and schema");
  checkNames(described, ["name", "description", "schema", "strict"], new Map());
  const name = described.get("name");
  if (typeof name !== "string" || !NAME.test(name)) {
    refuse(`${PATH}.name`, name, "1 to 64 of the characters A-Z, a-z, 0-9, _ and -");
  }
  described.word("description");
  described.flag("strict");
  const schema = described.get("schema");
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    return refuse(SCHEMA_PATH, schema, "a JSON schema, which is an object");
  }
  return written(schema);
}

/** A schema as JSON. Nested too deeply, or with itself inside, there is none. */
function written(schema: object): string {
  try {
    return JSON.stringify(schema) ?? "null"; // nothing, where the object says so itself
  } catch (error) {
    const isDeep = error instanceof RangeError;
    return refuseField(SCHEMA_PATH, `${SCHEMA_PATH} ${isDeep ? "is nested too deeply" : "is no JSON"}`);
  }
}
