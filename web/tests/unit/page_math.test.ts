// @vitest-environment jsdom
/** Formulas in answers: what is one, what is money, and what a hostile one can do. */
import katex from "katex";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MarkdownView } from "../../src/page/markdown.js";
import { drawn, isHarmless } from "../../src/page/reading/drawing.js";
import { formulaOf } from "../../src/page/reading/mathSyntax.js";

/** The sources of the formulas in a text, as far as the page knows them for such. */
function formulas(text: string): string[] {
  const box = document.createElement("div");
  new MarkdownView(box).update(text);
  return [...box.querySelectorAll("code[class^=math-]")].map((place) => place.textContent ?? "");
}

function draw(tex: string, display = false): Element | null {
  return drawn({ tex, display });
}

/** What KaTeX makes, before it becomes elements. */
interface Tree {
  readonly children?: readonly Tree[];
}
interface Builder {
  __renderToDomTree(): Tree;
}

function count(tree: Tree): number {
  return (tree.children ?? []).reduce((sum, child) => sum + count(child), 1);
}

afterEach(() => document.body.replaceChildren());

describe("formulas", () => {
  it.each([
    ["so $x^2$ it is", ["$x^2$"]],
    ["$a$, $b$; ($c$)", ["$a$", "$b$", "$c$"]],
    ["$x_1$ and $y_1$ and *this*", ["$x_1$", "$y_1$"]],
    ["\\(a + b\\) and \\[c\\]", ["\\(a + b\\)", "\\[c\\]"]],
    ["text $$a\n= b$$ text", ["$$a\n= b$$"]],
    ["before\n\n$$\na\n\nb\n$$\n\nafter", ["$$\na\n\nb\n$$"]],
    ["as follows:\n\\[\na < b\n\\]\nso", ["\\[\na < b\n\\]"]],
    ["| a | b |\n|---|---|\n| $x$ | $y$ |", ["$x$", "$y$"]],
    ["- $\\$5$", ["$\\$5$"]],
    ["**where $a*b*c$ holds**", ["$a*b*c$"]],
  ])("%j has %j", (text, wanted) => {
    expect(formulas(text)).toEqual(wanted);
  });

  it.each([
    "It costs $5 and $6.",
    "$5-$10, US$5 to US$6, A$7/B$8",
    "5$ and 6$",
    "$PATH and $HOME",
    "$HOME/$USER",
    "a $ b $ c",
    "$ x $",
    "$$$",
    "\\$x\\$",
    "`$x$` and `\\(y\\)`",
    "```\n$x$\n$$y$$\n\\[z\\]\n```",
    "    $x$",
    "$x\ny$",
    "an end is missing: $x",
    "an end is missing: $$x",
    "an end is missing: \\[x and \\(y",
    "\\(\\)",
  ])("%j has none", (text) => {
    expect(formulas(text)).toEqual([]);
  });

  it("read as they were written until they are drawn", () => {
    const box = document.createElement("div");
    new MarkdownView(box).update("so $a<b_1$ and \\(c_2*d*\\)");
    expect(box.textContent?.trim()).toBe("so $a<b_1$ and \\(c_2*d*\\)");
    expect(box.querySelector("em")).toBeNull();
  });

  it("are taken apart into what is drawn, and how", () => {
    expect(formulaOf("$a$")).toEqual({ tex: "a", display: false });
    expect(formulaOf("\\(a\\)")).toEqual({ tex: "a", display: false });
    expect(formulaOf("$$\na\n$$")).toEqual({ tex: "a", display: true });
    expect(formulaOf("\\[a\\]")).toEqual({ tex: "a", display: true });
    expect(formulaOf("a")).toBeNull();
  });

  it("come out the same wherever a growing answer was cut", () => {
    const text = "One $x$ and\n\n$$\ny = 1\n$$\n\nthen \\[z\\] for $5.";
    const box = document.createElement("div");
    const view = new MarkdownView(box);
    for (let end = 1; end <= text.length; end += 1) view.update(text.slice(0, end));
    view.finish(text);
    expect([...box.querySelectorAll("code")].map((place) => place.className)).toEqual([
      "math-inline",
      "math-display",
      "math-display",
    ]);
  });
});

describe("formulas in the document", () => {
  function shown(text: string): HTMLElement {
    const box = document.createElement("div");
    document.body.append(box);
    new MarkdownView(box).update(text);
    return box;
  }

  it("are drawn, with MathML for screen readers", async () => {
    const box = shown("$x^2$ and\n\n$$\\frac{1}{2}$$");
    await vi.waitFor(() => expect(box.querySelectorAll(".math .katex math")).toHaveLength(2));
    expect(box.querySelectorAll(".math.display[tabindex='0'][aria-label=Formula]")).toHaveLength(1);
    expect(box.querySelector("code")).toBeNull();
  });

  it("are there at once where they were drawn before: a paragraph that grows does not flicker", async () => {
    const first = shown("$q^2$ an");
    await vi.waitFor(() => expect(first.querySelector(".katex")).not.toBeNull());
    expect(shown("$q^2$ and").querySelector(".katex")).not.toBeNull();
  });

  it("that cannot be drawn are tried once, however long their paragraph grows", async () => {
    const tried = vi.spyOn(katex as unknown as Builder, "__renderToDomTree");
    const box = document.createElement("div");
    document.body.append(box);
    const view = new MarkdownView(box);
    view.update("so $\\nosuchcommand$ it");
    await vi.waitFor(() => expect(tried).toHaveBeenCalledTimes(1));
    view.update("so $\\nosuchcommand$ it is");
    view.update("so $\\nosuchcommand$ it is, and $q$");
    await vi.waitFor(() => expect(box.querySelector(".katex")).not.toBeNull());
    expect(tried).toHaveBeenCalledTimes(2);
    tried.mockRestore();
  });

  it("that cannot be drawn show their source, and the others are drawn", async () => {
    const box = shown("$\\frac{1$ and $\\unknowncommand$ and $z^3$");
    await vi.waitFor(() => expect(box.querySelectorAll(".katex")).toHaveLength(1));
    expect([...box.querySelectorAll("code")].map((code) => code.textContent)).toEqual([
      "$\\frac{1$",
      "$\\unknowncommand$",
    ]);
  });
});

describe("hostile formulas", () => {
  it.each([
    "\\href{javascript:alert(1)}{x}",
    "\\url{https://evil.test}",
    "\\includegraphics{https://evil.test/x.png}",
    "\\htmlClass{composer}{x}",
    "\\htmlId{a}{x}",
    "\\htmlStyle{position:fixed}{x}",
    "\\htmlData{a=b}{x}",
    "\\text{<script>alert(1)</script><img src=x onerror=alert(1)>}",
    "\\color{red;position:fixed}{x}",
    "\\colorbox{url(https://evil.test)}{x}",
    "\\def\\a{\\a\\a}\\a",
    "\\pmb{x}\\boxed{y}\\fcolorbox{red}{blue}{z}",
  ])("%s draws nothing that links, runs or fetches", (tex) => {
    const element = draw(tex);
    if (!element) return; // its source is shown
    expect(element.querySelectorAll("a, img, script, [href], [src], [id]")).toHaveLength(0);
    for (const each of element.querySelectorAll("*")) {
      expect(each.getAttribute("style") ?? "").not.toMatch(/url|fixed|absolute/);
      expect(each.getAttributeNames().filter((name) => name.startsWith("on") || name.startsWith("data-"))).toEqual([]);
      // The policy forbids styles that are set as attributes, as those of MathML would be.
      if (each.namespaceURI?.includes("MathML")) expect(each.hasAttribute("style")).toBe(false);
    }
    expect(element.textContent).not.toContain("\u0000");
  });

  it.each([
    ["nests without end", `${"{".repeat(1_900)}x${"}".repeat(1_900)}\\frac{`],
    ["nests roots", `${"\\sqrt{".repeat(600)}x${"}".repeat(600)}`],
    ["expands without end", "\\def\\a{x\\a}\\a"],
    ["expands to very much", `\\def\\a{${"x".repeat(500)}}${"\\a".repeat(500)}`],
    ["doubles with each macro", `${"abcdefghijk".replace(/./g, (c) => `\\def\\${c}${c}{${c}${c}}`)}\\aa`],
    ["has very many symbols", "\\frac12".repeat(570)],
    ["squares what it is given", `\\def\\a#1{${"#1".repeat(150)}}${`\\a{${"x".repeat(280)}}`.repeat(5)}`],
  ])("one that %s makes few nodes, drawn or not", (_, tex) => {
    const made = vi.spyOn(katex as unknown as Builder, "__renderToDomTree");
    const element = draw(tex);
    for (const { value } of made.mock.results) expect(count(value as Tree)).toBeLessThan(60_000);
    expect(element?.querySelectorAll("*").length ?? 0).toBeLessThan(10_000);
    made.mockRestore();
  });

  it("what is expanded is bounded: by what it makes, where a formula defines macros", () => {
    expect(draw(`\\def\\a{${"x".repeat(500)}}${"\\a".repeat(500)}`)).toBeNull();
    expect(draw("\\def\\a{x}\\a+\\a")).not.toBeNull();
    expect(draw("\\dots\\implies\\neq\\notin".repeat(50))).not.toBeNull();
  });

  it("sizes are bounded", () => {
    const all = [...(draw("\\rule{10000em}{10000em}\\kern500em x")?.querySelectorAll("*") ?? [])];
    const values = all.flatMap((element) => [...element.attributes].map(({ value }) => value)).join(" ");
    const sizes = [...values.matchAll(/(-?[\d.]+)em/g)].map(([, size]) => Math.abs(Number(size)));
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(25);
  });

  it("what one defines, no other sees", () => {
    expect(draw("\\gdef\\mine{x}\\mine")).not.toBeNull();
    expect(draw("\\mine")).toBeNull();
  });

  it.each([
    "<a href='https://evil.test'>x</a>",
    "<span onclick='x'>x</span>",
    "<span id=a>x</span>",
    "<span style='background:url(x)'>x</span>",
    "<span style='position: fixed'>x</span>",
    "<svg><image href=x></svg>",
    "<svg><script>x</script></svg>",
    "<math><mi href=x>x</mi></math>",
    "<math><maction>x</maction></math>",
    "<iframe></iframe>",
  ])("%s is no part of a formula", (markup) => {
    const box = document.createElement("span");
    box.innerHTML = markup;
    expect(isHarmless(box)).toBe(false);
    box.innerHTML = "<span class=mord style='height: 1em'>x</span>";
    expect(isHarmless(box)).toBe(true);
  });

  /** Each of them took minutes, were the time of one step to grow with the square of the length. */
  it.each([
    ["dollars", "$".repeat(100_000)],
    ["openings", "\\(".repeat(50_000)],
    ["openings of lines", "\\[\n".repeat(40_000)],
    ["prices", "$1 ".repeat(30_000)],
    ["one long line", `$x$ ${"a".repeat(100_000)}`],
    ["one long formula", `$${"a".repeat(100_000)}$`],
    ["almost a formula", `$$${"a ".repeat(50_000)}`],
    ["a formula between stars", `${"*".repeat(150)}$a$`],
  ])("a text of %s is shown", (_, text) => {
    const box = document.createElement("div");
    new MarkdownView(box).update(text);
    expect(box.textContent?.length).toBeGreaterThan(text.length / 4);
  });
});
