// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { MarkdownView } from "../../src/page/markdown.js";

/** What the page makes of an answer. */
function boxOf(text: string): HTMLElement {
  const box = document.createElement("div");
  new MarkdownView(box).update(text);
  return box;
}

function html(text: string): string {
  return boxOf(text).innerHTML;
}

function elements(text: string): Element[] {
  return [...boxOf(text).querySelectorAll("*")];
}

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<iframe src='https://evil.test'></iframe>",
  "<style>body{background:url(https://evil.test/x)}</style>",
  "<a href='javascript:alert(1)'>x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](vbscript:x)",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](blob:https://a.test/1)",
  "![x](https://evil.test/pixel.png)",
  '!["onerror="alert(1)](https://evil.test/a.png)',
  "![x](javascript:alert(1))",
  "[a]: javascript:alert(1)\n\n[a]",
  "<javascript:alert(1)>",
  "<form action=https://evil.test><input name=q><button>x</button></form>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  "```html\n<script>alert(1)</script>\n```",
  '```"><script>alert(1)</script>\nx\n```',
  "`<script>`",
  "<p id=getElementById name=cookie class=composer>x</p>",
  "<div style='position:fixed;inset:0'>over everything</div>",
  "| <img src=x onerror=1> |\n|---|\n| [y](javascript:1) |",
  "- [ ] <input type=text autofocus onfocus=alert(1)>",
  "<!-- x --><base href='https://evil.test'><meta http-equiv=refresh content='0;url=https://evil.test'>",
  "<<script>script>alert(1)<</script>/script>",
  "\u0000<script\u0000>alert(1)</script>",
];

describe("hostile answers", () => {
  it.each(HOSTILE)("%s leaves nothing that runs or fetches", (text) => {
    for (const element of elements(text)) {
      expect(
        [
          "SCRIPT",
          "STYLE",
          "IMG",
          "SVG",
          "IFRAME",
          "FORM",
          "BUTTON",
          "BASE",
          "META",
          "LINK",
          "OBJECT",
          "INPUT",
          "DIV",
        ].filter((name) => name === element.nodeName && element.className !== "table-scroll"),
      ).toEqual([]);
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on|^style$|^src|^id$|^name$|^action$|^formaction$/);
        if (name === "href") expect(value).toMatch(/^(?:https?|mailto):/);
      }
    }
  });

  it("shows HTML as the text it is", () => {
    expect(html("a <b>bold</b> claim")).toBe("<p>a &lt;b&gt;bold&lt;/b&gt; claim</p>\n");
  });

  it("makes a link of a picture, so that nothing is fetched", () => {
    const [, link] = elements("![a cat](https://evil.test/cat.png)");
    expect(link?.outerHTML).toBe(
      '<a href="https://evil.test/cat.png" target="_blank" rel="noopener noreferrer">a cat</a>',
    );
  });

  it("keeps no class but a language", () => {
    expect(html("```rust\nfn x\n```")).toContain('class="language-rust"');
    expect(html('```x" class=composer\ny\n```')).not.toContain("composer");
  });

  it("takes deep nesting and long runs of marks without falling over", () => {
    expect(() => html(`${"> ".repeat(200)}x`)).not.toThrow();
    expect(() => html("*".repeat(20_000))).not.toThrow();
    expect(() => html("[".repeat(3_000))).not.toThrow();
  });

  const RUN = "a*_".repeat(1_200);
  const FENCE = "```";
  it.each([
    ["a paragraph", `first\n\n${RUN}`],
    ["many paragraphs", `${"a*_".repeat(400)}\n\n`.repeat(12)],
    ["what only looks like fenced code", `${FENCE}a\`\n${RUN}\n${FENCE}\``],
    ["after a fence within another", `~~~\n${FENCE}\n~~~\n${RUN}\n~~~\n${FENCE}\n~~~`],
  ])("shows %s of nothing but emphasis as it is", (_, text) => {
    expect(html(text)).toMatch(/^<p class="plain">/);
  });

  it.each([
    ["code", `${FENCE}c\n${"char **p;\n".repeat(1_500)}${FENCE}`, '<code class="language-c">'],
    ["code that is still coming", `${FENCE}json\n${'"a_long_name_of_it": 1,\n'.repeat(1_000)}`, "language-json"],
    ["fenced otherwise", `~~~\n${"a_b_c\n".repeat(1_500)}~~~`, "<code>"],
    ["a long list", "- **Term**: and what it_is\n".repeat(260), "<strong>Term</strong>"],
    ["a long table", `|a_b|c|\n|-|-|\n${"|some_long_name|of_it|\n".repeat(200)}`, "<td>of_it</td>"],
    ["long prose", `${"a *word* here ".repeat(30)}\n\n`.repeat(20), "<em>word</em>"],
  ])("shows %s as ever", (_, text, wanted) => {
    expect(html(text)).toContain(wanted);
  });
});

describe("links", () => {
  it("open elsewhere and tell nothing of this page", () => {
    const link = elements("[a](https://a.test)").find((element) => element.nodeName === "A");
    expect(link?.getAttribute("rel")).toBe("noopener noreferrer");
    expect(link?.getAttribute("target")).toBe("_blank");
  });

  it("lose an address that is not of the web or mail, and stay text", () => {
    expect(html("[a](ftp://a.test)")).not.toContain("href");
    expect(html("[a](/inside)")).not.toContain("href");
    expect(html("[a](mailto:a@a.test)")).toContain("mailto:a@a.test");
  });
});

describe("ordinary Markdown", () => {
  it("renders tables, tasks, code and line breaks", () => {
    const made = html("a\nb\n\n- [x] done\n\n|h|\n|-|\n|c|\n\n```js\nx<1\n```");
    expect(made).toContain("a<br>b");
    expect(made).toContain("\u2611 done");
    expect(made).toMatch(/<div class="table-scroll"[^>]*><table>/);
    expect(made).toContain("x&lt;1");
  });

  it("keeps where a list starts and how a column is set", () => {
    expect(html("3. c\n4. d")).toContain('<ol start="3">');
    expect(html("|h|\n|-:|\n|c|")).toContain('align="right"');
  });
});

describe("a growing answer", () => {
  let box: HTMLElement;
  let view: MarkdownView;

  beforeEach(() => {
    box = document.createElement("div");
    view = new MarkdownView(box);
  });

  const TEXT =
    "# Title\n\nA *first* paragraph\nof two lines.\n\n1. one\n2. two\n\n```py\nx = 1\n\ny = 2\n```\n\nThe [end][e].\n\n[e]: https://e.test\n";

  it("ends as if it had come at once, wherever it was cut", () => {
    for (let end = 1; end <= TEXT.length; end += 1) view.update(TEXT.slice(0, end));
    view.finish(TEXT);
    const squeeze = (markup: string): string => markup.replace(/>\s+</g, "><").trim();
    expect(squeeze(box.innerHTML)).toBe(squeeze(html(TEXT)));
  });

  it("leaves finished blocks alone, so that a selection in them stays", () => {
    view.update("First.\n\nSecond");
    const first = box.firstElementChild;
    view.update("First.\n\nSecond grows.\n\nThird");
    expect(box.firstElementChild).toBe(first);
    expect(box.querySelectorAll("p")).toHaveLength(3);
  });

  it("says each finished block once", () => {
    const said: string[] = [];
    const text = `${TEXT}\nThe last words`;
    for (let end = 1; end <= text.length; end += 1) said.push(...view.update(text.slice(0, end)));
    said.push(...view.finish(text));
    expect(said.filter((block) => block === "Title")).toHaveLength(1);
    expect(said.filter((block) => block.startsWith("A first paragraph"))).toEqual(["A first paragraph of two lines."]);
    expect(said.at(-1)).toBe("The last words");
  });
});

describe("an answer that nests without end", () => {
  const deep = ["> ", ">", "- ", "1. ", "> - "].map((mark) => mark.repeat(20_000));
  deep.push(`${"**".repeat(20_000)}a${"**".repeat(20_000)}`); // minutes of work, were it looked into

  it.each(deep)("is shown as it is: %.6s...", (text) => {
    const box = document.createElement("div");
    const view = new MarkdownView(box);
    view.update("Before.");
    view.update(text);
    expect(box.querySelectorAll("*").length).toBe(1);
    expect(box.textContent).toBe(text);
    view.finish(text);
    expect(box.textContent).toBe(text);
    view.update("**after**");
    expect(box.innerHTML.trim()).toBe("<p><strong>after</strong></p>");
  });
});
