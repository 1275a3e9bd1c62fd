/**
 * The grammars of requests, made ready for a model's tokens and kept for the next request.
 *
 * This module, with the code of grammars, is loaded when the first request needs it (`laterGrammars.ts`):
 * most pages never ask for an answer with a shape. The counterpart of `runtime/chat/constraints.py`.
 */

import { KernelcError } from "../../artifact/errors.js";
import * as code from "../../grammar/index.js";
import type {
  Beginning,
  Constraint,
  Course,
  Framed,
  Grammar,
  Guide,
  Json,
  Matcher,
  Vocabulary,
} from "../../grammar/index.js";
import type { Forms } from "../../text/tools/forms.js";
import type { Coder } from "../../text/types.js";
import { maskedGeneration } from "./maskedGeneration.js";
import { drawAllowed, hasToken } from "./masking.js";
import type { Masks } from "../steps/generation.js";
import type { AnswerFormat } from "../request/format.js";
import type { CallSchema } from "../request/tools.js";
import { printable, type Sampling } from "../sampling/sampling.js";

const MOST_KEPT = 8; // each may hold some 100 MB of states and masks
const SPACE = 0x20;

/** Which tokens may come next in an answer; `advance` is told of the one that was taken. */
export interface AnswerMatcher {
  /** A bit per token, not to be changed. */
  mask(): Uint32Array<ArrayBuffer>;
  advance(token: number): void;
  /** The tokens that must come after the one that was taken last, at most `most`, which it takes. */
  follows(most: number): readonly number[];
  /** Whether a token is one of them. */
  allows(token: number): boolean;
  /** Draws one of them. */
  draw(logits: Float32Array, sampling: Sampling, position: number): number;
  /** Makes a generation whose tokens the device draws among those. */
  readonly generation: Masks["generation"];
}

/**
 * Makes the matcher of an answer; `continued`: it goes on from a text, so that no space of it is dropped.
 * `room` is how many tokens may come.
 */
export type MatcherMaker = (continued: boolean, room: number) => AnswerMatcher;

/** A call that must come: `begins` ends the prompt, or stands before it in the answer. */
export interface RequiredCall {
  readonly begins: string;
  /** The most calls. */
  readonly most: number;
  /** Whether the model may think first, of its own accord. */
  readonly mayThink: boolean;
  /** Whether an answer may do without: only a call that begins is held to its schema. */
  readonly free: boolean;
  readonly matchers: (where: Pick<Beginning, "begun" | "thinking">) => MatcherMaker;
}

/** The grammars that were used last, with all the masks that they have needed so far. */
export class Grammars {
  private vocabulary: Vocabulary | null = null;
  private readonly kept = new Map<string, Constraint>();

  constructor(
    private readonly coder: Coder,
    private readonly vocabSize: number,
    private readonly endIds: readonly number[],
  ) {}

  /**
   * What makes matchers of a form. The bytes of the tokens are read at the first use.
   *
   * @throws KernelcError "usage" that names the field, for a schema that is wrong or not supported, or that
   *   the model's tokens cannot write.
   */
  async of(format: AnswerFormat): Promise<MatcherMaker> {
    return this.matchersOf(`${format.type} ${format.text}`, format.path, () => grammarOf(format));
  }

  /**
   * What holds an answer to one call in a form, of one of these tools, or with `asked` to several where the
   * form has a way of writing them. The name of an only tool belongs to the beginning where nothing but
   * special tokens stands around it. With `free` none must come, and what begins is held.
   *
   * @throws KernelcError "usage" as `of`.
   */
  async ofCalls(
    { calls: form, thoughts }: Forms,
    schemas: readonly CallSchema[],
    { several: asked, free = false }: { readonly several: boolean; readonly free?: boolean },
  ): Promise<RequiredCall> {
    const several = (asked || free) && form.tail !== "";
    const starts = several ? form.beginsList : form.begins;
    const [before, between, after] = several ? form.listedFrame : form.frame;
    const [only] = schemas;
    const named = only && schemas.length === 1 && !before && !after && !free;
    const framed = (): readonly Framed[] =>
      schemas.map((each) => {
        const { name, path } = each;
        const grammar = withField(path, () => argumentsOf(each));
        return [named ? "" : before + name + between, grammar, after];
      });
    const key = `call ${JSON.stringify([form.name, several, free, schemas])}`;
    const begins = named ? starts + only.name + between : starts;
    const call = withField("tools", () =>
      this.constraint(key, () => code.oneOf(framed(), "tools")),
    );
    const most = several ? code.MOST_CALLS : 1;
    const [opens, closes] = [this.tokens(thoughts?.open), this.tokens(thoughts?.close)];
    const mayThink = begins !== "" && opens.length === 1;
    const course = {
      begins: this.tokens(begins),
      call,
      afterThought: this.tokens("\n\n"),
      separator: several ? this.tokens(form.separator) : [],
      tail: several ? this.tokens(form.tail) : [],
      most,
      marks: free ? this.marksOf(form, begins) : [],
    };
    const text = new TextEncoder().encode(thoughts?.close);
    const matchers: RequiredCall["matchers"] = (where) => {
      const plain = where.begun && !several;
      if (plain) return this.made("tools", call, (options) => new code.Matcher(call, options));
      return this.made("tools", call, (options, room) => {
        const marks = { opens: mayThink ? opens : [], closes, text, most: Math.floor(room / 2) };
        return new code.Guide(course, thoughts && marks, { ...where, ...options });
      });
    };
    return { begins, most, mayThink, free, matchers };
  }

  /** The marks of calls, each with what follows it in the beginning of one. */
  private marksOf({ opens }: Forms["calls"], begins: string): Course["marks"] {
    return opens.filter((mark) => begins.includes(mark)).map((mark) => {
      const ids = this.tokens(mark);
      const rest = begins.slice(begins.indexOf(mark) + mark.length);
      const token = ids.length === 1 ? (ids[0] ?? null) : null;
      return { text: new TextEncoder().encode(mark), token, begins: this.tokens(rest) };
    });
  }

  private tokens(text = ""): readonly number[] {
    return text ? this.coder.encode(text, { parseSpecial: true }) : [];
  }

  private matchersOf(key: string, param: string, make: () => Grammar): MatcherMaker {
    const constraint = withField(param, () => this.constraint(key, make));
    return this.made(param, constraint, (options) => new code.Matcher(constraint, options));
  }

  private made(
    param: string,
    constraint: Constraint,
    make: (options: { readonly dropsSpace: boolean }, room: number) => Matcher | Guide,
  ): MatcherMaker {
    const named = <T>(work: () => T): T => withField(param, work);
    return (continued, room) => {
      const matcher = named(() => make({ dropsSpace: !continued }, room));
      const forced = new code.ForcedTokens((text) => this.coder.encode(text), constraint.vocabulary);
      let last: number | null = null;
      const mask = (): Uint32Array<ArrayBuffer> => named(() => matcher.mask());
      return {
        mask,
        allows: (token) => hasToken(mask(), token),
        draw: (logits, sampling, position) => drawAllowed(logits, sampling, position, mask()),
        generation: maskedGeneration,
        advance: (token) => named(() => void matcher.advance((last = token))),
        follows: (most) =>
          named(() => {
            if (last === null || matcher.ended) return [];
            const known = "known" in matcher ? matcher.known(most) : [];
            return [...known, ...forced.take(matcher, known.at(-1) ?? last, most - known.length)];
          }),
      };
    };
  }

  private constraint(key: string, make: () => Grammar): Constraint {
    let constraint = this.kept.get(key);
    if (!constraint) {
      const grammar = make();
      this.vocabulary ??= this.read();
      constraint = new code.Constraint(grammar, this.vocabulary, this.endIds);
    }
    this.kept.delete(key);
    this.kept.set(key, constraint); // behind all others, since it was used last
    const [oldest = ""] = this.kept.keys();
    if (this.kept.size > MOST_KEPT) this.kept.delete(oldest);
    return constraint;
  }

  /** The bytes of the tokens; markup has none. */
  private read(): Vocabulary {
    const { coder, vocabSize } = this;
    const drops = coder.leadingSpace !== "keep";
    const droppable: number[] = [];
    const pieceOf = (id: number): Uint8Array => {
      const piece = coder.piece(id);
      if (drops && piece.droppable && piece.data[0] === SPACE) droppable.push(id);
      return piece.data;
    };
    const excluded = [...coder.specialIds.values(), ...coder.markup.values()];
    return new code.Vocabulary(vocabSize, pieceOf, { excluded, droppable });
  }
}

function grammarOf({ type, text, path }: AnswerFormat): Grammar {
  if (type === "json_object") return code.jsonGrammar();
  if (type === "json_schema") return code.jsonSchemaGrammar(JSON.parse(text) as Json, path);
  return type === "regex" ? code.regexGrammar(text, path) : code.gbnfGrammar(text, path);
}

/** What `work` gives; errors of a grammar name the field that it is from. */
/** What the arguments of a call follow. @throws GrammarError for a strict tool's schema that none can say. */
function argumentsOf({ schema, path, strict }: CallSchema): Grammar {
  if (schema === null) return code.jsonGrammar();
  try {
    const grammar = code.jsonSchemaGrammar(JSON.parse(schema) as Json, path);
    code.prepare(grammar); // some text fits
    return grammar;
  } catch (error) {
    if (strict || !(error instanceof code.GrammarError)) throw error;
    return code.jsonGrammar();
  }
}

function withField<T>(param: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof code.GrammarError)) throw error;
    const help = error.help === undefined ? {} : { help: error.help };
    throw new KernelcError("usage", printable(error.message), { param, ...help });
  }
}
