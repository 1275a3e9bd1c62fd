/**
 * JSON Schema to a grammar: every answer validates; not everything that validates is an answer.
 *
 * Properties come in the order in which the schema lists them, as in OpenAI's structured outputs, but for
 * names that are numbers, which JavaScript puts first. docs/grammar.md lists the keywords, and where answers
 * are narrower than the schema. The port of `runtime/grammar/json/schema.py`. Source: JSON Schema draft
 * 2020-12.
 */

import { difference, fromTexts } from "../dfa.js";
import { jsonString } from "../embed.js";
import type { Grammar, Part } from "../grammar.js";
import { addObject } from "./objects.js";
import { ANY_STRING, isList, isObject, JsonGrammar, type Json } from "./text.js";
import { GrammarError } from "../refusal.js";
import { checkOneOf } from "./disjoint.js";
import { Schemas } from "./places.js";
import {
  narrowed,
  ofIndex,
  type Arrays,
  type Numbers,
  type Objects,
  type Places,
  type Shape,
} from "./shape.js";
import { Automata, Fitting, numbersKey } from "./values.js";

/** Lists and objects with a greatest count have no more than this, since each count is a state. */
const MOST_COUNT = 1_000;

/**
 * The grammar of the JSON texts that are answers for a schema, as `JSON.parse` gives it.
 *
 * @throws GrammarError with the place (a JSON pointer) of a keyword that is wrong or not supported, of an
 *   alternative that cannot be told from another, or of what is too large.
 */
export function jsonSchemaGrammar(schema: Json, where = "json_schema"): Grammar {
  return new Compiler(new Schemas(schema, where)).grammar();
}

class Compiler {
  private readonly automata = new Automata();
  private readonly made = new JsonGrammar();
  private readonly fitting: Fitting;

  constructor(private readonly schemas: Schemas) {
    this.fitting = new Fitting(schemas, this.automata, true);
  }

  grammar(): Grammar {
    const { root } = this.schemas;
    const grammar = this.made.finish(this.value([root]), root);
    checkOneOf(this.schemas, this.automata);
    return grammar;
  }

  /** The values for which the schemas at all places hold. */
  private value(given: Places): Part {
    const places = this.schemas.referred(given);
    const [first] = places;
    if (first === undefined) return this.made.anyValue();
    return this.made.call(`places ${JSON.stringify(places)}`, first, (begin, end) => {
      for (const shape of this.schemas.shapes(places)) {
        for (const part of this.parts(narrowed(shape), first)) part(begin, end);
      }
    });
  }

  /** The alternatives of a shape, one for each type or value. */
  private parts(shape: Shape, where: string): Part[] {
    if (shape.values) return this.values([...shape.values.values()], shape, where);
    const { made } = this;
    const { types, strings } = shape;
    const parts: Part[] = [];
    if (types.has("null")) parts.push(made.text("null"));
    if (types.has("boolean")) parts.push(made.text("true"), made.text("false"));
    if (types.has("integer")) parts.push(this.number(shape.numbers, !types.has("number"), where));
    if (types.has("string")) {
      const dfa = this.automata.strings(strings, where);
      const key = `string ${JSON.stringify(strings)}`;
      parts.push(dfa === ANY_STRING ? made.anyString() : made.string(dfa, key, where));
    }
    if (types.has("array")) parts.push(this.array(shape.arrays, where));
    if (types.has("object")) parts.push(this.object(shape.objects, where));
    return parts;
  }

  /** The listed values that fit the rest of the shape. */
  private values(given: readonly Json[], shape: Shape, where: string): Part[] {
    const fitting = given.filter((value) => this.fitting.fits(value, shape));
    const isNested = (value: Json): boolean => isList(value) || isObject(value);
    const texts = fitting
      .filter((value) => !isNested(value))
      .map((value) => (typeof value === "string" ? jsonString(value) : JSON.stringify(value)));
    const parts = fitting.filter(isNested).map((value) => this.made.value(value));
    if (!texts.length) return parts;
    const key = `texts ${JSON.stringify(texts)}`;
    return [...parts, this.made.automaton(() => fromTexts(texts, where), key, where)];
  }

  private number(numbers: Numbers, whole: boolean, where: string): Part {
    const { low, high, multiples } = numbers;
    if (!low && !high && !multiples.length && !whole) return this.made.anyNumber();
    const key = `number ${numbersKey(numbers, whole)}`;
    return this.made.automaton(() => this.automata.numbers(numbers, whole, where), key, where);
  }

  /** The arrays, as a node after each count of items that matters. */
  private array(arrays: Arrays, where: string): Part {
    const { prefix, least } = arrays;
    const most = arrays.most === null ? null : Math.min(arrays.most, Math.max(MOST_COUNT, least));
    const loop = Math.max(prefix.length, least, 1); // from here on, without a limit, counts are alike
    if (Math.min(loop, most || loop) > MOST_COUNT) {
      throw new GrammarError(`counts above ${MOST_COUNT} are not supported`, where);
    }
    return this.made.call(`array ${where} ${JSON.stringify(arrays)}`, where, (begin, end) => {
      const { made } = this;
      const { grammar } = made;
      const ready = grammar.node();
      made.row(made.text("["), made.space())(begin, ready);
      if (least === 0) made.text("]")(ready, end);
      let after = ready;
      for (let count = 1; count <= (most ?? loop); count += 1) {
        const before = after;
        after = grammar.node();
        const comma = count > 1 ? [made.text(","), made.space()] : [];
        made.row(...comma, this.value(ofIndex(arrays, count - 1)))(before, after);
        if (count >= least) made.row(made.space(), made.text("]"))(after, end);
      }
      if (most !== null) return;
      made.row(made.text(","), made.space(), this.value(ofIndex(arrays, loop)))(after, after);
    });
  }

  private object(objects: Objects, where: string): Part {
    const key = JSON.stringify({ ...objects, properties: [...objects.properties] });
    const parts = {
      made: this.made,
      value: (places: Places) => this.value(places),
      otherKey: (names: readonly string[]) => this.otherKey(names),
    };
    return this.made.call(`object ${where} ${key}`, where, (begin, end) => {
      addObject(parts, objects, where, begin, end);
    });
  }

  /** The keys that are none of these names. */
  private otherKey(names: readonly string[]): Part {
    if (!names.length) return this.made.anyString();
    const [sorted, where] = [[...names].sort(), "a name"];
    const dfa = difference(ANY_STRING, fromTexts(sorted, where), where);
    return this.made.string(dfa, `key but ${JSON.stringify(sorted)}`, where);
  }
}
