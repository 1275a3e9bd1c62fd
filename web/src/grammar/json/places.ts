/**
 * A schema document taken apart: from places that must all hold to the shapes that one value may have.
 *
 * `$ref` and `allOf` add places that hold, too; `anyOf` and `oneOf` give alternatives. What comes out are
 * shapes that no longer combine anything (a disjunctive normal form), bounded in number. The port of
 * `runtime/grammar/json/places.py`.
 */

import { checkText } from "../chars.js";
import { isList, isObject, type Json, type JsonObject } from "./text.js";
import { GrammarError } from "../refusal.js";
import { ANNOTATIONS, refused, shapeOf } from "./keywords.js";
import { ANY, isNever, NOWHERE, together, type Places, type Shape } from "./shape.js";
import { shown, typeName } from "./shown.js";

const MOST_SHAPES = 400;
const MOST_DEPTH = 100;
const MOST_VALUES = 200_000;
const MOST_PLACES = 64;
const INDEX = /^(?:0|[1-9][0-9]{0,8})$/; // of an array (RFC 6901, section 4)

/** One document, and the shapes of its places. */
export class Schemas {
  /** The alternatives of every `oneOf` that was met, which `disjoint.ts` checks. */
  readonly oneOf: (readonly string[])[] = [];
  private readonly known = new Map<string, readonly Shape[]>();
  private readonly led = new Map<string, string>();
  private work = 0;

  /** @throws GrammarError where the document is too large or nested too deeply. */
  constructor(
    private readonly document: Json,
    private readonly where: string,
  ) {
    checkSize(document, where);
  }

  /** The place of the whole document. */
  get root(): string {
    return `${this.where}: #`;
  }

  /**
   * The shapes of which a value must have one for the schemas at all places to hold.
   *
   * @throws GrammarError for what is wrong, not supported, or too much.
   */
  shapes(places: Places): readonly Shape[] {
    const key = JSON.stringify(places);
    const known = this.known.get(key);
    if (known) return known;
    if (places.length > MOST_PLACES) {
      throw new GrammarError(`more than ${MOST_PLACES} schemas hold for one value`, places[0]);
    }
    let found: readonly Shape[] = [ANY];
    for (const place of places) found = this.combined(found, this.ofPlace(place, []), place);
    this.known.set(key, found);
    return found;
  }

  /**
   * The places; instead of a schema that is nothing but a reference, the one that it leads to. So what is
   * referred to from several places is one rule of a grammar.
   */
  referred(places: Places): Places {
    return [...new Set(places.map((place) => this.ledTo(place)))].sort();
  }

  private ledTo(place: string): string {
    const known = this.led.get(place);
    if (known !== undefined) return known;
    let at = place;
    const passed = new Set([place]);
    for (let schema = this.schema(at); isReference(schema); schema = this.schema(at)) {
      at = this.target(schema, at);
      if (passed.has(at) || passed.size > MOST_DEPTH) { // which `shapes` refuses
        at = place;
        break;
      }
      passed.add(at);
    }
    this.led.set(place, at);
    return at;
  }

  /** The shapes of one schema; `trail` are the schemas that are being asked for it. */
  private ofPlace(place: string, trail: readonly string[]): readonly Shape[] {
    if (trail.includes(place)) {
      throw new GrammarError("the schema refers to itself without saying anything", place);
    }
    if (trail.length > MOST_DEPTH) {
      throw new GrammarError(`schemas refer to each other more than ${MOST_DEPTH} deep`, place);
    }
    const key = JSON.stringify([place]);
    const known = this.known.get(key);
    if (known) return known;
    const schema = this.schema(place);
    if (typeof schema === "boolean") return schema ? [ANY] : [];
    if (!isObject(schema)) {
      const wanted = "wanted a schema: an object, true or false";
      throw new GrammarError(`got ${typeName(schema)}, ${wanted}`, place);
    }
    let found: readonly Shape[] = [shapeOf(schema, place)];
    const inner = [...trail, place];
    if (Object.hasOwn(schema, "$ref")) {
      found = this.combined(found, this.ofPlace(this.target(schema, place), inner), place);
    }
    for (const name of this.parts(schema, place, "allOf")) {
      found = this.combined(found, this.ofPlace(name, inner), place);
    }
    for (const keyword of ["anyOf", "oneOf"]) {
      const names = this.parts(schema, place, keyword);
      if (!names.length) continue;
      if (keyword === "oneOf") this.oneOf.push(names);
      found = this.combined(found, names.flatMap((name) => this.ofPlace(name, inner)), place);
    }
    this.known.set(key, found);
    return found;
  }

  private combined(a: readonly Shape[], b: readonly Shape[], place: string): readonly Shape[] {
    this.work += a.length * b.length;
    if (a.length * b.length > MOST_SHAPES || this.work > 100 * MOST_SHAPES) {
      const help = "make fewer of anyOf and oneOf hold at once";
      const reason = `the schema has more than ${MOST_SHAPES} combinations of alternatives`;
      throw new GrammarError(reason, place, help);
    }
    return a.flatMap((one) => b.map((other) => together(one, other))).filter((shape) => !isNever(shape));
  }

  /** The places of a list of schemas. */
  private parts(schema: JsonObject, place: string, keyword: string): string[] {
    if (!Object.hasOwn(schema, keyword)) return [];
    const given = schema[keyword];
    if (isList(given) && given.length) return given.map((_, index) => `${place}/${keyword}/${index}`);
    throw refused(place, keyword, `${keyword} wants a list of one schema or more`);
  }

  private target(schema: JsonObject, place: string): string {
    const reference = schema["$ref"];
    if (typeof reference !== "string" || !(reference === "#" || reference.startsWith("#/"))) {
      const supported = "supported are places in the same document: #/...";
      throw refused(place, "$ref", `$ref is ${shown(reference)}, ${supported}`);
    }
    const target = `${this.where}: ${unquoted(reference)}`;
    if (this.find(target) !== undefined) return target;
    throw refused(place, "$ref", `$ref is ${shown(reference)}, which is not there`);
  }

  /** What is at a place of the document. @throws GrammarError where nothing is. */
  private schema(place: string): Json {
    if (place === NOWHERE) return false;
    const found = this.find(place);
    if (found === undefined) throw new GrammarError("there is nothing at this place", place);
    return found;
  }

  private find(place: string): Json | undefined {
    let at: Json | undefined = this.document;
    for (const part of place.slice(this.root.length).split("/").slice(1)) {
      const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
      if (isObject(at) && Object.hasOwn(at, name)) at = at[name];
      else if (isList(at) && INDEX.test(name)) at = at[Number(name)];
      else return undefined;
    }
    return at;
  }
}

/** Whether a schema says nothing but where to read on. */
function isReference(schema: Json): schema is JsonObject {
  if (!isObject(schema) || !Object.hasOwn(schema, "$ref")) return false;
  return Object.keys(schema).every((keyword) => keyword === "$ref" || ANNOTATIONS.includes(keyword));
}

/** A reference with its percent signs read, as UTF-8; those that begin nothing stay. */
function unquoted(reference: string): string {
  return reference.replace(/(?:%[0-9a-fA-F]{2})+/g, (codes) => {
    const bytes = Uint8Array.from(codes.split("%").slice(1), (code) => Number.parseInt(code, 16));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  });
}

function checkSize(document: Json, where: string): void {
  let count = 0;
  let depth = 0;
  for (let level: Json[] = [document]; level.length; ) {
    count += level.length;
    depth += 1;
    if (count > MOST_VALUES || depth > MOST_DEPTH) {
      const bounds = `more than ${MOST_VALUES} values, or nests them more than ${MOST_DEPTH} deep`;
      throw new GrammarError(`the schema has ${bounds}`, where);
    }
    const nested: Json[] = [];
    for (const value of level) {
      if (typeof value === "string") checkText(value, where);
      else if (typeof value === "number" && !Number.isFinite(value)) {
        throw new GrammarError(`the schema holds ${value}, which is no JSON`, where);
      } else if (isList(value)) for (const each of value) nested.push(each);
      else if (isObject(value)) for (const [name, each] of Object.entries(value)) nested.push(each, name);
    }
    level = nested;
  }
}
