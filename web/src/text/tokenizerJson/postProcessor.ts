/** What the "post_processor" of a tokenizer.json puts before a single text. */

import type { Fields } from "../fields.js";
import { MAX_VOCABULARY } from "../specialTokens.js";

const MAX_DEPTH = 8;
const MAX_PARTS = 64;

/**
 * The ids before a text, such as BOS; often none. transformers 5 goes by them alone, whatever `add_bos_token`
 * says.
 *
 * Source: `TemplateProcessing` and `RobertaProcessing` of the package tokenizers.
 */
export function promptPrefixOf(tokenizer: Fields): number[] {
  const fields = tokenizer.child("post_processor");
  return fields ? prefix(fields, 0) : [];
}

function prefix(fields: Fields, depth: number): number[] {
  const type = fields.text("type");
  if (type === "TemplateProcessing") return templatePrefix(fields);
  if (type === "RobertaProcessing" || type === "BertProcessing") return [pairedId(fields, "cls")];
  if (type !== "Sequence") return [];
  if (depth === MAX_DEPTH) throw fields.fail("processors", `nested more than ${MAX_DEPTH} deep`);
  // The last processor is applied last, so what it puts there comes first.
  return fields
    .children("processors", MAX_PARTS)
    .reverse()
    .flatMap((part) => prefix(part, depth + 1));
}

/** The ids of the special tokens before the text in "single". */
function templatePrefix(fields: Fields): number[] {
  const ids: number[] = [];
  for (const item of fields.children("single", MAX_PARTS)) {
    const special = item.child("SpecialToken");
    if (!special) break;
    const name = special.text("id");
    const entry = fields.child("special_tokens")?.child(name);
    if (!entry) throw fields.fail("special_tokens", `got no entry ${JSON.stringify(name)}, wanted its ids`);
    for (const id of entry.list("ids", MAX_PARTS)) ids.push(checkedId(id, fields, "special_tokens"));
  }
  return ids;
}

/** The id in a pair such as ["<s>", 0]. */
function pairedId(fields: Fields, key: string): number {
  return checkedId(fields.list(key, 2)[1], fields, key);
}

function checkedId(id: unknown, fields: Fields, key: string): number {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < MAX_VOCABULARY) return id;
  throw fields.fail(key, `wanted a token id below ${MAX_VOCABULARY}`);
}
