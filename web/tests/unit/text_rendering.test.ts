/** Conversations with tools through templates, as natively; tests/answers/prompts.json has them. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

import { makeTemplate, PLAIN_TEMPLATE } from "../../src/text/template/template.js";
import { formOf } from "../../src/text/tools/forms.js";
import { rendered } from "../../src/text/tools/rendering.js";
import type { Definition, Message } from "../../src/text/types.js";

interface Vectors {
  readonly templates: Readonly<Record<string, string>>;
  readonly prompts: readonly {
    readonly name: string;
    readonly template: string;
    readonly messages: readonly Message[];
    readonly tools: readonly Definition[];
    readonly text: string;
  }[];
}

const FILE = resolve(import.meta.dirname, "../../../tests/answers/prompts.json");
const VECTORS = JSON.parse(readFileSync(FILE, "utf8")) as Vectors;
const TOOL: Definition = { type: "function", function: { name: "f", parameters: {} } };

describe("a conversation with tools", () => {
  it.each(VECTORS.prompts.map((vector) => [vector.name, vector] as const))(
    "goes through its template: %s",
    (_, { template, messages, tools, text }) => {
      const source = VECTORS.templates[template] ?? "";
      expect(rendered(makeTemplate(source, "<s>", "</s>"), formOf(source), messages, tools)).toBe(text);
    },
  );

  it("is refused where there is no template", () => {
    const refused = (): string => rendered(makeTemplate(PLAIN_TEMPLATE), formOf(PLAIN_TEMPLATE), [], [TOOL]);
    expect(refused).toThrow(/no chat template/);
  });

  it("is refused in the words of its template", () => {
    const source = "{% if tools %}{% endif %}{{ raise_exception('one call at most') }}";
    const calls = [{ id: "a", type: "function", function: { name: "f", arguments: {} } }] as const;
    const said: Message = { role: "assistant", content: "", tool_calls: calls };
    const refused = (): string => rendered(makeTemplate(source), formOf(source), [said], [TOOL]);
    expect(refused).toThrow(/one call at most/);
  });
});
