/** Grammars, as the engine loads them when a request asks for an answer with a shape. */

export { ForcedTokens } from "./ahead.js";
export { gbnfGrammar } from "./gbnf.js";
export { Guide, MOST_CALLS, type Beginning, type Course } from "./guide.js";
export type { Grammar } from "./grammar.js";
export { oneOf, type Framed } from "./join.js";
export { jsonSchemaGrammar } from "./json/schema.js";
export { jsonGrammar, type Json } from "./json/text.js";
export { Constraint, Matcher } from "./matcher.js";
export { prepare } from "./pushdown.js";
export { GrammarError } from "./refusal.js";
export { regexGrammar } from "./regular.js";
export { Vocabulary } from "./vocabulary.js";
