/**
 * The parts that all JSON grammars have: white space, strings, numbers, any value, and values written out.
 *
 * White space is bounded, or a model could write it for ever: nothing, one space, or a line end with up to 20
 * spaces, after { [ , : and before } ]. The port of `runtime/grammar/json/text.py`. Source: RFC 8259, whose
 * numbers and strings these are, with numbers of no more digits than programs read exactly.
 */

import { fromTree, type Dfa } from "../dfa.js";
import { Embedder, jsonString } from "../embed.js";
import { Grammar, type Part } from "../grammar.js";
import { parseRegex } from "../regex.js";
import { ANYTHING } from "../syntax.js";

export type Json = boolean | number | string | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

const WHITE_SPACE = "(?: |\n {0,20})?";
const NUMBER = "-?(?:0|[1-9][0-9]{0,17})(?:\\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?";
export const ANY_STRING = fromTree(ANYTHING, "a string");

const utf8 = new TextEncoder();

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A grammar of JSON texts in the making. Rules have keys; each is made once, when it is first called. Bodies
 * wait in a queue until `finish`, so that rules may call each other however deeply.
 */
export class JsonGrammar {
  readonly grammar = new Grammar();
  private readonly json = new Embedder(this.grammar, "json");
  private readonly plain = new Embedder(this.grammar, "plain");
  private readonly queue: (readonly [rule: number, body: Part])[] = [];

  /** The part that calls the rule of a key. */
  call(key: string, where: string, body: Part): Part {
    const rule = this.grammar.ruleFor(key, where, (number) => this.queue.push([number, body]));
    return (begin, end) => this.grammar.addCall(begin, rule, end);
  }

  /** Make `root` the whole text; the grammar with the bodies of all rules. */
  finish(root: Part, where: string): Grammar {
    const { grammar } = this;
    grammar.start = grammar.addRule(where);
    const start = grammar.rule(grammar.start);
    root(start.entry, start.exit);
    for (const [number, body] of this.queue) { // grows
      const { entry, exit } = grammar.rule(number);
      body(entry, exit);
    }
    return grammar;
  }

  // ---- parts ----

  /** Exactly this text. */
  text(characters: string): Part {
    return (begin, end) => this.grammar.addBytes(begin, utf8.encode(characters), end);
  }

  /** One part after the other. */
  row(...parts: readonly Part[]): Part {
    return (begin, end) => this.grammar.sequence(begin, parts, end);
  }

  /** One of the parts. */
  either(parts: readonly Part[]): Part {
    return (begin, end) => {
      for (const part of parts) part(begin, end);
    };
  }

  /** Bounded white space. */
  space(): Part {
    return this.pattern(WHITE_SPACE, "white space");
  }

  /** The rule of a pattern of our own. */
  private pattern(regex: string, name: string): Part {
    return this.automaton(() => fromTree(parseRegex(regex, name), name), `pattern ${regex}`, name);
  }

  /** The rule of an automaton over the characters of the JSON text itself. */
  automaton(dfa: () => Dfa, key: string, where: string): Part {
    return this.call(key, where, (begin, end) => this.plain.addDfa(begin, dfa(), end));
  }

  /** The rule of JSON strings whose content an automaton accepts. */
  string(dfa: Dfa, key: string, where: string): Part {
    return this.call(key, where, (begin, end) => {
      const [opened, closed] = [this.grammar.node(), this.grammar.node()];
      this.text('"')(begin, opened);
      this.json.addDfa(opened, dfa, closed);
      this.text('"')(closed, end);
    });
  }

  anyString(): Part {
    return this.string(ANY_STRING, "any string", "a string");
  }

  anyNumber(): Part {
    return this.pattern(NUMBER, "a number");
  }

  anyValue(): Part {
    return this.call("any value", "a value", (begin, end) => {
      const simple = ["true", "false", "null"].map((word) => this.text(word));
      const nested = [this.anyArray(), this.anyObject()];
      this.either([...simple, this.anyString(), this.anyNumber(), ...nested])(begin, end);
    });
  }

  private anyArray(): Part {
    return this.call("any array", "an array", (begin, end) => {
      this.listed("[", "]", this.anyValue())(begin, end);
    });
  }

  anyObject(): Part {
    return this.call("any object", "an object", (begin, end) => {
      const member = this.row(this.anyString(), this.text(":"), this.space(), this.anyValue());
      this.listed("{", "}", member)(begin, end);
    });
  }

  /** Any number of items between brackets, with commas and white space. */
  private listed(open: string, close: string, item: Part): Part {
    return (begin, end) => {
      const { grammar } = this;
      const [opened, ready, after] = [grammar.node(), grammar.node(), grammar.node()];
      const closing = grammar.node();
      this.text(open)(begin, opened);
      this.space()(opened, ready);
      item(ready, after);
      this.row(this.text(","), this.space(), item)(after, after);
      this.space()(after, closing);
      this.text(close)(closing, end);
      this.text(close)(ready, end);
    };
  }

  /** One value, written out, with free white space inside. */
  value(value: Json): Part {
    if (typeof value === "string") return this.text(jsonString(value));
    if (isList(value)) return this.written("[", "]", value.map((item) => this.value(item)));
    if (!isObject(value)) return this.text(JSON.stringify(value));
    const members = Object.entries(value).map(([name, item]) =>
      this.row(this.value(name), this.text(":"), this.space(), this.value(item)),
    );
    return this.written("{", "}", members);
  }

  private written(open: string, close: string, items: readonly Part[]): Part {
    const inner = items.flatMap((item, at) => (at ? [this.text(","), this.space(), item] : [item]));
    const last = items.length ? [this.space()] : [];
    return this.row(this.text(open), this.space(), ...inner, ...last, this.text(close));
  }
}

/** The grammar of JSON mode: any object, or with `objectsOnly` false any value. */
export function jsonGrammar({ objectsOnly = true, where = "json" } = {}): Grammar {
  const made = new JsonGrammar();
  return made.finish(objectsOnly ? made.anyObject() : made.anyValue(), where);
}
