/**
 * Reads the keywords of one schema object: what it says itself, checked, without what it refers to.
 *
 * Every keyword is in exactly one of the tables below: read, combined (`schemaPlaces.ts`), an annotation that
 * changes nothing, or refused by its name and place. So is a keyword that nobody knows, since a misspelt one
 * would otherwise be ignored. The port of `runtime/grammar/json/keywords.py`. Source: JSON Schema draft
 * 2020-12, Core and Validation.
 */

import { decimalOf, exponentOf } from "../decimal.js";
import { FORMATS } from "./formats.js";
import type { Bound } from "./numbers.js";
import { isList, isObject, type Json, type JsonObject } from "./text.js";
import { GrammarError } from "../refusal.js";
import {
  ALL_TYPES,
  keyOf,
  NOWHERE,
  tighter,
  type Arrays,
  type Numbers,
  type Objects,
  type Placed,
  type Places,
  type Shape,
  type Strings,
} from "./shape.js";
import { shown } from "./shown.js";

const COMBINED = ["$ref", "allOf", "anyOf", "oneOf"];
export const ANNOTATIONS: readonly string[] = [
  ...["title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly"],
  ...["contentMediaType", "contentEncoding", "contentSchema", "discriminator"],
  ...["$comment", "$schema", "$id", "$defs", "definitions"],
];
const MOST_MULTIPLE = 2_000;
const MOST_DIGITS = 40; // of a bound, before its point and after it

/** Keywords that are read, with the types that they are about; the first three are about all. */
const READ: ReadonlyMap<string, readonly string[]> = new Map(
  [
    { types: [], keywords: ["type", "enum", "const"] },
    {
      types: ["number", "integer"],
      keywords: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
    },
    { types: ["string"], keywords: ["minLength", "maxLength", "pattern", "format"] },
    {
      types: ["object"],
      keywords: ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
    },
    { types: ["array"], keywords: ["items", "prefixItems", "minItems", "maxItems", "uniqueItems"] },
  ].flatMap(({ types, keywords }) => keywords.map((keyword) => [keyword, types] as const)),
);
const KNOWN: ReadonlySet<string> = new Set([...READ.keys(), ...COMBINED, ...ANNOTATIONS]);

/**
 * What the keywords of a schema object say, but for those that combine schemas.
 *
 * @throws GrammarError with the keyword's place, for one that is wrong or not supported.
 */
export function shapeOf(schema: JsonObject, place: string): Shape {
  const keywords = Object.keys(schema);
  for (const keyword of keywords) {
    if (!KNOWN.has(keyword)) throw refused(place, keyword, `the keyword ${shown(keyword)} is not supported`);
  }
  if (keywords.includes("$id") && !place.endsWith(": #")) {
    throw refused(place, "$id", "$id is supported only in the outermost schema");
  }
  const fields = new SchemaFields(schema, place);
  return {
    types: fields.types(),
    values: fields.values(),
    numbers: fields.numbers(),
    strings: fields.strings(),
    objects: fields.objects(),
    arrays: fields.arrays(),
    hints: new Set(keywords.flatMap((keyword) => READ.get(keyword) ?? [])),
  };
}

/** The error for a keyword of the schema at a place. */
export function refused(place: string, keyword: string, message: string): GrammarError {
  return new GrammarError(message, `${place}/${escaped(keyword)}`);
}

/** A name as part of a JSON pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The keywords of one schema. */
class SchemaFields {
  constructor(
    private readonly schema: JsonObject,
    private readonly place: string,
  ) {}

  private get(keyword: string): Json | undefined {
    return Object.hasOwn(this.schema, keyword) ? this.schema[keyword] : undefined;
  }

  private refused(keyword: string, message: string): GrammarError {
    return refused(this.place, keyword, message);
  }

  types(): ReadonlySet<string> {
    const given = this.get("type");
    if (given === undefined) return ALL_TYPES;
    const names = isList(given) ? given : [given];
    const types = new Set<string>();
    for (const name of names) if (typeof name === "string" && ALL_TYPES.has(name)) types.add(name);
    if (!names.length || !names.every((name) => types.has(name as string))) {
      const wanted = [...ALL_TYPES].sort().join(", ");
      throw this.refused("type", `the type is ${shown(given)}, wanted ${wanted}`);
    }
    if (types.has("number")) types.add("integer");
    return types;
  }

  values(): ReadonlyMap<string, Json> | null {
    const [listed, constant] = [this.get("enum"), this.get("const")];
    if (listed !== undefined && !isList(listed)) throw this.refused("enum", "wanted a list of values");
    if (constant === undefined) return listed ? new Map(listed.map((value) => [keyOf(value), value])) : null;
    if (listed) throw this.refused("const", "const beside enum is not supported; one of them is enough");
    return new Map([[keyOf(constant), constant]]);
  }

  numbers(): Numbers {
    const low = this.bound("minimum", "exclusiveMinimum", 1);
    const high = this.bound("maximum", "exclusiveMaximum", -1);
    const step = this.number("multipleOf");
    if (step === null) return { low, high, multiples: [] };
    if (!Number.isInteger(step) || step <= 0 || step > MOST_MULTIPLE) {
      const wanted = `supported are integers from 1 to ${MOST_MULTIPLE}`;
      throw this.refused("multipleOf", `multipleOf is ${step}, ${wanted}`);
    }
    return { low, high, multiples: [step] };
  }

  strings(): Strings {
    const placed = (text: string | null, keyword: string): Placed[] =>
      text === null ? [] : [[text, `${this.place}/${keyword}`]];
    const pattern = this.text("pattern");
    const format = this.text("format");
    if (format !== null && !FORMATS.has(format)) {
      const supported = `supported are ${[...FORMATS.keys()].join(", ")}`;
      throw this.refused("format", `the format ${shown(format)} is not supported; ${supported}`);
    }
    return {
      least: this.count("minLength") ?? 0,
      most: this.count("maxLength"),
      patterns: placed(pattern, "pattern"),
      formats: placed(format, "format"),
    };
  }

  objects(): Objects {
    const given = this.get("properties") ?? (this.has("properties") ? null : {});
    if (!isObject(given)) throw this.refused("properties", "wanted an object of schemas");
    const required = this.get("required") ?? (this.has("required") ? null : []);
    if (!isList(required) || !required.every((name) => typeof name === "string")) {
      throw this.refused("required", "wanted a list of names");
    }
    const placeOf = (name: string): Places => [`${this.place}/properties/${escaped(name)}`];
    return {
      properties: new Map(Object.keys(given).map((name) => [name, placeOf(name)])),
      required: [...new Set(required)],
      more: this.below("additionalProperties"),
      stated: this.has("additionalProperties"),
      least: this.count("minProperties") ?? 0,
      most: this.count("maxProperties"),
    };
  }

  arrays(): Arrays {
    const given = this.get("prefixItems") ?? (this.has("prefixItems") ? null : []);
    if (!isList(given)) throw this.refused("prefixItems", "wanted a list of schemas");
    if (isList(this.get("items"))) {
      throw this.refused("items", "a list is of older drafts; name it prefixItems");
    }
    const most = this.count("maxItems");
    if ((this.get("uniqueItems") ?? this.has("uniqueItems")) !== false && (most === null || most > 1)) {
      throw this.refused("uniqueItems", "the keyword 'uniqueItems' is not supported");
    }
    return {
      prefix: given.map((_, index) => [`${this.place}/prefixItems/${index}`]),
      items: this.below("items"),
      stated: this.has("items"),
      least: this.count("minItems") ?? 0,
      most,
    };
  }

  private has(keyword: string): boolean {
    return Object.hasOwn(this.schema, keyword);
  }

  /** The place of a keyword that is a schema; what is always true needs none. */
  private below(keyword: string): Places {
    const given = this.has(keyword) ? this.get(keyword) : true;
    if (given === false) return [NOWHERE];
    const isOpen = given === true || (isObject(given) && !Object.keys(given).length);
    return isOpen ? [] : [`${this.place}/${keyword}`];
  }

  private bound(weak: string, strict: string, sign: 1 | -1): Bound | null {
    const [including, excluding] = [this.number(weak), this.number(strict)];
    return tighter(
      including === null ? null : { value: decimalOf(including), strict: false },
      excluding === null ? null : { value: decimalOf(excluding), strict: true },
      sign,
    );
  }

  private number(keyword: string): number | null {
    const given = this.get(keyword);
    if (given === undefined) return null;
    if (typeof given !== "number") {
      throw this.refused(keyword, `${keyword} is ${shown(given)}, wanted a number`);
    }
    const exponent = exponentOf(decimalOf(given));
    if (exponent < -MOST_DIGITS || exponent >= MOST_DIGITS) {
      throw this.refused(keyword, `${keyword} has too many digits, wanted at most ${MOST_DIGITS}`);
    }
    return given;
  }

  private count(keyword: string): number | null {
    const value = this.number(keyword);
    if (value === null || (value >= 0 && Number.isInteger(value))) return value;
    throw this.refused(keyword, `${keyword} is ${value}, wanted a count`);
  }

  private text(keyword: string): string | null {
    const given = this.get(keyword);
    if (given === undefined) return null;
    if (typeof given === "string") return given;
    throw this.refused(keyword, `${keyword} is ${shown(given)}, wanted a text`);
  }
}
