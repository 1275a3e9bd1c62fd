/** Answers taken apart into text, thoughts and calls, as natively; tests/answers/answers.json has them. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

import type { Delta } from "../../src/text/tools/deltas.js";
import { FORMS, formOf, thoughtsOf, type CallForm, type Thoughts } from "../../src/text/tools/forms.js";
import { AnswerParser, type ParserOptions } from "../../src/text/tools/parser.js";

interface Vectors {
  readonly names: readonly string[];
  readonly strings: Readonly<Record<string, readonly string[]>>;
  readonly answers: readonly {
    readonly name: string;
    readonly form: string | null;
    readonly text: string;
    readonly deltas: readonly (readonly [string, string])[];
    readonly thoughts?: readonly [string, string, boolean?];
    readonly thinking?: boolean;
    readonly most_calls?: number;
  }[];
  readonly forms: readonly { readonly source: string; readonly form: string }[];
  readonly thoughts: readonly {
    readonly source: string;
    readonly tokens: readonly string[];
    readonly thoughts: readonly [string, string] | null;
  }[];
}

const FILE = resolve(import.meta.dirname, "../../../tests/answers/answers.json");
const VECTORS = JSON.parse(readFileSync(FILE, "utf8")) as Vectors;
const strings = new Map(Object.entries(VECTORS.strings));

/** The deltas with neighbours of a kind as one, as the file writes them. */
function merged(deltas: readonly Delta[]): string[][] {
  const found: string[][] = [];
  let last: Delta | undefined;
  for (const delta of deltas) {
    const end = found.at(-1);
    const same = delta.kind !== "call" && last?.kind === delta.kind && last.index === delta.index;
    if (same && end) end[1] += delta.text;
    else found.push([delta.kind, delta.text]);
    last = delta;
  }
  return found;
}

function read(
  pieces: readonly string[],
  form: CallForm | null,
  thoughts: Thoughts | null,
  options: ParserOptions,
): readonly Delta[] {
  const parser = new AnswerParser(form, thoughts, { names: VECTORS.names, strings, ...options });
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.flush()];
}

describe("an answer", () => {
  it.each(VECTORS.answers.map((vector) => [vector.name, vector] as const))("comes apart: %s", (_, vector) => {
    const form = FORMS.find(({ name }) => name === vector.form) ?? null;
    const marks = vector.thoughts;
    const thoughts = marks ? { open: marks[0], close: marks[1], channels: marks[2] ?? false } : null;
    const options = { thinking: vector.thinking ?? false, mostCalls: vector.most_calls ?? null };
    const text = [...vector.text]; // decoders give whole characters
    for (const length of [1, 2, 3, 7, text.length + 1]) {
      const pieces: string[] = [];
      for (let at = 0; at < text.length; at += length) pieces.push(text.slice(at, at + length).join(""));
      expect(merged(read(pieces, form, thoughts, options))).toEqual(vector.deltas);
    }
  });
});

describe("a template's text", () => {
  it.each(VECTORS.forms.map(({ source, form }) => [form, source]))("says the form %s", (form, source) => {
    expect(formOf(source ?? "").name).toBe(form);
  });

  it.each(VECTORS.thoughts)("says the marks of thoughts: $thoughts", ({ source, tokens, thoughts }) => {
    const found = thoughtsOf(source, new Set(tokens));
    expect(found && [found.open, found.close]).toEqual(thoughts);
  });
});
