/** The objects of a JSON schema as nodes of a grammar: `_add_object` of `runtime/grammar/json/schema.py`. */

import type { Part } from "../grammar.js";
import type { JsonGrammar } from "./text.js";
import { GrammarError } from "../refusal.js";
import { isNowhere, ofName, type Objects, type Places } from "./shape.js";

const MOST_COUNT = 1_000;
const MOST_NODES = 20_000;

/** What objects are made of. */
export interface ObjectParts {
  readonly made: JsonGrammar;
  /** The values for which the schemas at all places hold. */
  value(places: Places): Part;
  /** The keys that are none of these names. */
  otherKey(names: readonly string[]): Part;
}

/** Where an object is: before a key or after a value, the next name's index, and both counts. */
interface At {
  readonly isKey: boolean;
  readonly next: number;
  readonly count: number;
  readonly different: number;
}

/**
 * Add objects: a node before a key, and one after a value, for each property that may be next.
 *
 * Both are there for each count of properties so far, where there is a greatest count, and for each count of
 * different names, up to the least one. Of the names that the schema does not list only the first counts as
 * different, since a model may write one twice, and a reader takes both for one.
 */
export function addObject(
  parts: ObjectParts,
  objects: Objects,
  where: string,
  begin: number,
  end: number,
): void {
  new ObjectNodes(parts, objects, where).add(begin, end);
}

/** The nodes of one kind of object, each made when it is first led to. */
class ObjectNodes {
  private readonly names: readonly string[];
  private readonly required: ReadonlySet<string>;
  /** The index after the last required name. */
  private readonly lastRequired: number;
  private readonly most: number | null;
  private readonly nodes = new Map<string, number>();
  private readonly pending: (readonly [at: At, node: number])[] = [];

  /** @throws GrammarError for counts that are not supported. */
  constructor(
    private readonly parts: ObjectParts,
    private readonly objects: Objects,
    where: string,
  ) {
    const { properties, required, least, most, more } = objects;
    this.names = [...new Set([...properties.keys(), ...required])];
    this.required = new Set(required);
    this.lastRequired = this.names.findLastIndex((name) => this.required.has(name)) + 1;
    this.most = most === null ? null : Math.min(most, Math.max(MOST_COUNT, this.required.size));
    if (!isNowhere(more) && least > this.names.length + 1) {
      const reason = `minProperties ${least} is not supported with ${this.names.length} names listed`;
      throw new GrammarError(reason, where, "list the names in properties");
    }
    if ((this.names.length + 2) * ((this.most ?? 0) + 2) * (least + 1) > MOST_NODES) {
      throw new GrammarError("the object has too many properties to count them", where);
    }
  }

  add(begin: number, end: number): void {
    const { made } = this.parts;
    const opened = made.grammar.node();
    made.row(made.text("{"), made.space())(begin, opened);
    made.grammar.addEmpty(opened, this.node(true, 0, 0, 0));
    if (!this.lastRequired && this.objects.least === 0) made.text("}")(opened, end);
    for (let step = this.pending.pop(); step; step = this.pending.pop()) {
      const [at, here] = step;
      if (at.isKey) this.addKeys(at, here);
      else this.addAfterValue(at, here, end);
    }
  }

  private node(isKey: boolean, next: number, all: number, otherNames: number): number {
    const count = this.most === null ? Math.min(all, 1) : all;
    const different = Math.min(otherNames, this.objects.least);
    const key = `${isKey},${next},${count},${different}`;
    const known = this.nodes.get(key);
    if (known !== undefined) return known;
    const found = this.parts.made.grammar.node();
    this.nodes.set(key, found);
    this.pending.push([{ isKey, next, count, different }, found]);
    return found;
  }

  private addAfterValue({ next, count, different }: At, here: number, end: number): void {
    const { made } = this.parts;
    if (next >= this.lastRequired && different >= this.objects.least) {
      made.row(made.space(), made.text("}"))(here, end);
    }
    made.row(made.text(","), made.space())(here, this.node(true, next, count, different));
  }

  private addKeys({ next, count, different }: At, here: number): void {
    const { names, objects, parts } = this;
    const mayFollow = this.most === null || count < this.most;
    const name = names[next];
    if (name !== undefined) {
      if (mayFollow) {
        const after = this.node(false, next + 1, count + 1, different + 1);
        this.member(parts.made.value(name), ofName(objects, name))(here, after);
      }
      if (!this.required.has(name)) {
        parts.made.grammar.addEmpty(here, this.node(true, next + 1, count, different));
      }
    } else if (mayFollow && !isNowhere(objects.more)) {
      const after = this.node(false, names.length + 1, count + 1, different + Number(next === names.length));
      this.member(parts.otherKey(names), objects.more)(here, after);
    }
  }

  private member(key: Part, places: Places): Part {
    const { made, value } = this.parts;
    return made.row(key, made.text(":"), made.space(), value(places));
  }
}
