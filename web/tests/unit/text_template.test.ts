/** Chat templates: they render as in Python, hostile ones are stopped, and errors say where and why. */

import { readFileSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";

import { KernelcError } from "../../src/artifact/errors.js";
import { strftime } from "../../src/text/template/strftime.js";
import { loadTemplate, makeTemplate, PLAIN_TEMPLATE } from "../../src/text/template/template.js";
import type { Coder, Message } from "../../src/text/types.js";

interface Case {
  readonly source: string;
  readonly messages: Message[];
  readonly generation: boolean;
  readonly rendered: string | null;
}

vi.setConfig({ testTimeout: 120_000 }); // large files, on machines that are busy with other tests

const REPO = resolve(import.meta.dirname, "../../..");
const DATA = process.env["KERNELC_TEST_DATA"] || resolve(REPO, "../shared/data");
const TEMPLATES = resolve(DATA, "chat_templates");
const CASES = (JSON.parse(readFileSync(resolve(import.meta.dirname, "../vectors/demo_text.json"), "utf-8")) as {
  templates: Case[];
}).templates;
const HELLO: Message[] = [{ role: "user", content: "Hello!" }];
const NOW = new Date(2024, 6, 6, 15, 4, 5);

function outcome({ source, messages, generation }: Case): string | null {
  try {
    return makeTemplate(source, "<s>", "</s>").render(messages, { addGenerationPrompt: generation, now: NOW });
  } catch (error) {
    if (error instanceof KernelcError && error.code === "template") return null;
    throw error;
  }
}

function refusal(source: string, messages = HELLO): KernelcError {
  try {
    makeTemplate(source, "", "", "chat_template.jinja").render(messages);
  } catch (error) {
    if (error instanceof KernelcError) return error;
    throw error;
  }
  throw new Error(`${source} was rendered`);
}

describe("templates render as in Python", () => {
  const bySource = new Map<string, Case[]>();
  for (const each of CASES) bySource.set(each.source, [...(bySource.get(each.source) ?? []), each]);
  it.each([...bySource])("%j", (_, cases) => {
    expect(cases.map(outcome)).toEqual(cases.map(({ rendered }) => rendered));
  });

  it("has templates that render and templates that are refused", () => {
    const refused = CASES.filter(({ rendered }) => rendered === null).length;
    expect(CASES.length - refused).toBeGreaterThan(80);
    expect(refused).toBeGreaterThan(20);
  });
});

describe("expressions have the values that jinja2 gives them", () => {
  const { people, cases } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../vectors/jinja.json"), "utf-8")) as {
    readonly people: unknown;
    readonly cases: readonly (readonly [expression: string, rendered: string | null])[];
  };
  const valueOf = (expression: string): string | null => {
    try {
      return makeTemplate(`{{ ${expression} }}`, "", "", "t", new Map([["people", people]])).render(HELLO);
    } catch (error) {
      if (error instanceof KernelcError && error.code === "template") return null;
      throw error;
    }
  };

  it("in all cases that tests/web/jinja_cases.py lists", () => {
    expect(cases.length).toBeGreaterThan(1000);
    expect(cases.map(([expression]) => [expression, valueOf(expression)])).toEqual(cases);
  });
});

describe.skipIf(!existsSync(TEMPLATES))("published templates", () => {
  interface Known {
    readonly conversations: Readonly<Record<string, Message[]>>;
    readonly rendered: Readonly<Record<string, { bos_token: string; eos_token: string; cases: Record<string, string> }>>;
  }
  const known = existsSync(TEMPLATES)
    ? (JSON.parse(readFileSync(resolve(TEMPLATES, "rendered.json"), "utf-8")) as Known)
    : { conversations: {}, rendered: {} };

  it.each(Object.entries(known.rendered))("%s", (name, { bos_token: bos, eos_token: eos, cases }) => {
    const source = readFileSync(resolve(TEMPLATES, name), "utf-8");
    // The collection's templates are laid out for reading, and are compacted like this (its README) for use.
    const compact = name.startsWith("meta-llama") ? source : source.replaceAll("    ", "").replaceAll("\n", "");
    const template = makeTemplate(compact, bos, eos);
    const now = new Date(2024, 6, 26);
    const got = Object.keys(cases).map((each) => template.render(known.conversations[each] ?? [], { now }));
    expect(got.length).toBeGreaterThan(2);
    expect(got).toEqual(Object.values(cases));
  });
});

describe("what a build says that the page has", () => {
  const NAMES = JSON.parse(readFileSync(resolve(REPO, "model/text/page_names.json"), "utf-8")) as {
    filters: string[];
    tests: string[];
    methods: string[];
  };
  const FILTER_ARGUMENTS: Readonly<Record<string, string>> = {
    attr: "('a')", batch: "(2)", groupby: "('a')", map: "('string')", rejectattr: "('a')", replace: "('a', 'b')",
    selectattr: "('a')",
  };
  const NUMBERS = ["abs", "float", "int", "round"];
  const MAPPINGS = ["dictsort", "items"];
  const LISTS = ["groupby", "map", "max", "min", "rejectattr", "selectattr", "sort", "sum", "unique"];

  it.each(NAMES.filters)("the filter %s", (name) => {
    const list = ["sum", "max", "min", "unique"].includes(name) ? "[1, 2]" : "[{'a': 1}]";
    if (name === "attr") return; // of what has attributes: among the expressions above
    const operand = NUMBERS.includes(name) ? "3" : MAPPINGS.includes(name) ? "{'a': 1}" : LISTS.includes(name) ? list : "'ab'";
    expect(makeTemplate(`{{ ${operand} | ${name}${FILTER_ARGUMENTS[name] ?? ""} }}`).render(HELLO)).not.toBe("");
  });

  it.each(NAMES.tests)("the test %s", (name) => {
    const odd = ["odd", "even"].includes(name);
    expect(makeTemplate(`{{ [${odd ? 1 : "'a'"}] | select('${name}', 'a') | list }}`).render(HELLO)).toMatch(/^\[/);
  });

  it.each(NAMES.methods)("the method %s", (name) => {
    const mapping = ["get", "items", "keys", "values"].includes(name);
    const args: Readonly<Record<string, string>> = { get: "'a'", join: "['x']", replace: "'a', 'b'", cycle: "'a'" };
    const taken = ["count", "find", "startswith", "endswith", "removeprefix", "removesuffix"].includes(name) ? "'a'" : "";
    const call = `${mapping ? "{'a': 1}" : name === "cycle" ? "loop" : "'ab'"}.${name}(${args[name] ?? taken})`;
    expect(makeTemplate(`{% for i in [1] %}{{ ${call} }}{% endfor %}`).render(HELLO)).not.toBe("");
  });
});

describe("hostile templates", () => {
  const endless = {
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a loop that computes":
      "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a %}{% endfor %}{% endfor %}",
    "macros in macros":
      "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
  };
  it.each(Object.entries(endless))("%s, which would take days, are stopped", (_, source) => {
    expect(refusal(source).message).toContain("chat_template.jinja: the template was stopped");
  });

  const greedy = {
    doubling: "{% set n = namespace(s='aaaaaaaa') %}{% for i in range(40) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "a doubled list": "{% set n = namespace(a=[1]) %}{% for i in range(40) %}{% set n.a = n.a + n.a %}{% endfor %}",
    "a wide indent": "{{ 'a\nb' | indent(1000000000) }}",
    "a long output": "{% for i in range(90000) %}{{ '" + "a".repeat(1000) + "' }}{% endfor %}",
    "a wide range": "{{ range(10 ** 9) | length }}",
    // One filter over a value of 30 levels, which share their parts.
    "a list of lists of itself":
      "{% set ns = namespace(x=[1]) %}{% for i in range(30) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}",
    "a mapping of itself":
      "{% set ns = namespace(x={}) %}{% for i in range(40) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}{{ ns.x == ns.x }}",
    // Lists that are small when they are made, of a namespace that grows afterwards.
    "a list of lists of a namespace":
      "{% set ns = namespace(v=1) %}{% set l = [NS] %}{% set m = [L] %}{% set n = m | length %}{% set ns.v = [1S] %}{{ m == m }}"
        .replace("NS", "ns,".repeat(600)).replace("L]", `${"l,".repeat(600)}]`).replace("1S", "1,".repeat(500)),
    "a namespace that grows while it is joined":
      "{% set ns = namespace(v=1) %}{% macro f() %}{% set ns.v = [1S] %}{% endmacro %}{% set l = [NS] %}{% set m = [L] %}{{ m | join(f()) }}"
        .replace("NS", "ns,".repeat(600)).replace("L]", `${"l,".repeat(600)}]`).replace("1S", "1,".repeat(500)),
    "a replacement that grows": "{% set a = 'a' * 4000000 %}{{ a | replace('a', a) }}",
    "the same by its method": "{% set a = 'a' * 4000000 %}{{ a.replace('a', a) }}",
    "a long separator": "{{ range(99999) | join('a' * 4000000) }}",
    "a repeated text": "{{ 'a' * 10 ** 10 }}",
    "a wide centre": "{{ 'a' | center(10 ** 10) }}",
    "a wide tojson": "{{ messages | tojson(indent=10 ** 9) }}",
    "a power of powers": "{{ 9 ** (9 ** 9) }}",
    "deep nesting": `{{ ${"(".repeat(20000)}1${")".repeat(20000)} }}`,
    "tests of tests": `{{ ${"1 is eq ".repeat(100_000)}1 }}`,
    "tests of lists of tests": `{{ ${"1 is in [".repeat(100_000)}1${"]".repeat(100_000)} }}`,
    "a list that is repeated": "{{ [1, 2] * 10 ** 9 }}",
    "a deep chain": `{{ ${"-".repeat(50000)}1 }}`,
    "endless recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a desert": `{{ 1 }}${" ".repeat(1 << 19)}{{ 2 }}`,
  };
  it.each(Object.entries(greedy))("%s is refused", (_, source) => {
    expect(refusal(source).code).toBe("template");
    expect(makeTemplate("{{ bos_token }}", "<s>").render(HELLO)).toBe("<s>");
  });

  it("reaches nothing of JavaScript", () => {
    const reaching = ["constructor", "__proto__", "prototype", "toString", "value", "builtins"];
    for (const name of reaching) {
      for (const source of [`{{ messages.${name} }}`, `{{ ''['${name}'] }}`, `{{ raise_exception.${name} }}`]) {
        expect(makeTemplate(source).render(HELLO)).toBe("");
      }
    }
    expect(makeTemplate("{{ globalThis }}{{ window }}{{ process }}{{ Function }}").render(HELLO)).toBe("");
  });
});

describe("errors", () => {
  it("say what the template refuses", () => {
    const error = refusal("{{ raise_exception('roles must\nalternate') }}");
    expect(error.code).toBe("template");
    expect(error.message).toBe("chat_template.jinja: the template refuses this conversation: roles must alternate");
    expect(error.help).toContain("roles and order");
  });

  it("name the system prompt where that alone is refused", () => {
    const source = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}";
    const error = refusal(source, [{ role: "system", content: "be kind" }, ...HELLO]);
    expect(error.message).toContain("refuses this conversation: no system role");
    expect(error.help).toContain("takes no system prompt: empty the field of the settings");
    const always = refusal("{{ raise_exception('never') }}", [{ role: "system", content: "be kind" }, ...HELLO]);
    expect(always.help).toContain("roles and order");
  });

  it("name a damaged template before there is a message", () => {
    expect(() => makeTemplate("{% for %}", "", "", "chat_template.jinja")).toThrow(/chat_template.jinja: not a valid template/);
    expect(() => makeTemplate("a".repeat(2 ** 20 + 1))).toThrow(/wanted at most 1048576/);
  });

  it("name a file that is not UTF-8", async () => {
    const info = { file: "chat_template.jinja", bos_token: null, eos_token: null };
    const loading = loadTemplate(info, () => Promise.resolve(Uint8Array.of(0xff, 0xfe)), coder());
    await expect(loading).rejects.toThrow(/chat_template.jinja: cannot be read as UTF-8/);
  });
});

function coder(): Coder {
  const used = { bosId: 1, eosId: 2, token: (id: number): string => ["", "<b>", "<e>"][id] ?? "" };
  return used as unknown as Coder; // all that loadTemplate asks of it
}

describe("loading", () => {
  it("joins the messages of a model without a template", async () => {
    const template = await loadTemplate(null, () => Promise.reject(new Error("no file is asked for")), coder());
    expect(template.isPlain).toBe(true);
    const turns: Message[] = [...HELLO, { role: "assistant", content: " a time" }];
    expect(template.render(turns)).toBe("<b>Hello! a time");
    expect(makeTemplate(PLAIN_TEMPLATE).isPlain).toBe(true);
  });

  it("prefers the special tokens that the manifest names", async () => {
    const source = new TextEncoder().encode("{{ bos_token }}{{ eos_token }}");
    const info = { file: "t", bos_token: "<s>", eos_token: null };
    const template = await loadTemplate(info, () => Promise.resolve(source), coder());
    expect([template.isPlain, template.render(HELLO)]).toEqual([false, "<s><e>"]);
  });
});

it("dates are written as Python writes them in the C locale", () => {
  const early = new Date(2025, 0, 2, 0, 7, 8, 9);
  expect(strftime(early, "%a %A %b %B %d %-d %e %H %I %p %j %m %M %S %f %y %Y %u %w %F %T %D %% %Q")).toBe(
    "Thu Thursday Jan January 02 2  2 00 12 AM 002 01 07 08 009000 25 2025 4 4 2025-01-02 00:07:08 01/02/25 % %Q",
  );
});
