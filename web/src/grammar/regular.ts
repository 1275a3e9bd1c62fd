/** Grammars that one automaton is enough for. The port of `runtime/grammar/regular.py`. */

import { fromTree } from "./dfa.js";
import { Embedder } from "./embed.js";
import { Grammar } from "./grammar.js";
import { parseRegex } from "./regex.js";

/**
 * The grammar of the texts that a regular expression matches as a whole.
 *
 * @throws GrammarError for what is wrong, not supported (see `regex.ts`) or too large.
 */
export function regexGrammar(pattern: string, where = "regex"): Grammar {
  const dfa = fromTree(parseRegex(pattern, where), where);
  const grammar = new Grammar();
  grammar.start = grammar.addRule(where);
  const { entry, exit } = grammar.rule(grammar.start);
  new Embedder(grammar, "plain").addDfa(entry, dfa, exit);
  return grammar;
}
