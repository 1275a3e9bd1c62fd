// @vitest-environment jsdom
/** Code in answers: its language, its button, and its colours, which come once a block is closed. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Actions } from "../../src/page/actions.js";
import { MarkdownView } from "../../src/page/markdown.js";
import { isColoured, LONGEST_COLOURED, MOST_COLOURED } from "../../src/page/reading/code.js";
import { markupOf } from "../../src/page/reading/grammars.js";
import { coloured, elementsOf, Highlighter, type Colouring } from "../../src/page/reading/highlighter.js";
import { languageOf, shownName, type Language } from "../../src/page/reading/languages.js";
import { AnswerView } from "../../src/page/views/answerView.js";
import type { MessageContext } from "../../src/page/views/messageContext.js";

const FENCE = "```";
const CONTEXT: MessageContext = {
  phase: null,
  progress: null,
  interrupted: false,
  last: true,
  canAsk: true,
  canChange: true,
  versions: null,
  failure: null,
};

/** An answer in the document, and what it had screen readers say. */
function answer(content: string, phase: MessageContext["phase"] = null): { view: AnswerView; said: string[] } {
  const said: string[] = [];
  const view = new AnswerView({ announce: (text: string) => said.push(text) } as unknown as Actions, {
    id: "a",
    role: "assistant",
    content: "",
  });
  document.body.append(view.element);
  view.update({ id: "a", role: "assistant", content }, { ...CONTEXT, phase });
  return { view, said };
}

/** Waits until code is coloured; throws where it never is. */
async function colours(root: ParentNode, count = 1): Promise<void> {
  await vi.waitFor(() => expect(root.querySelectorAll("code:has(span[class^=hljs-])")).toHaveLength(count));
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** A worker that answers as the real one, in this thread. */
class FakeWorker extends EventTarget {
  static asked: Colouring[] = [];
  terminate(): void {}
  postMessage(colouring: Colouring): void {
    FakeWorker.asked.push(colouring);
    const { code, language } = colouring;
    queueMicrotask(() => this.dispatchEvent(new MessageEvent("message", { data: markupOf(code, language) })));
  }
}

beforeEach(() => {
  FakeWorker.asked = [];
  vi.stubGlobal("Worker", FakeWorker);
});
afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe("the languages of code", () => {
  it.each([
    ["py", "python", "Python"],
    ["C++", "cpp", "C++"],
    ["HTML", "xml", "HTML"],
    ["toml", "ini", "TOML"],
  ])("%s is coloured as %s and called %s", (name, language, shown) => {
    expect(languageOf(name)).toBe(language);
    expect(shownName(name)).toBe(shown);
  });

  it.each(["", "brainfuck", "constructor", "__proto__", "toString"])("%j is not coloured, and keeps its name", (name) => {
    expect(languageOf(name)).toBeNull();
    expect(shownName(name)).toBe(name);
  });
});

describe("the highlighter", () => {
  const SAMPLES: readonly (readonly [Language, string])[] = [
    ["python", 'def f(x):\n    return "a<b>&amp;" # <script>\n'],
    ["xml", "<script>alert('&lt;')</script><img src=x onerror=alert(1)>\n"],
    ["typescript", "const a = `${b}` as Map<string, 'c'>;\n"],
    ["bash", "echo \"$HOME\" | sed 's/&/\\&/'\n"],
    ["sql", "SELECT 1 WHERE a <> 'b';\n"],
  ];
  it.each(SAMPLES)("colours %s, and changes no character of it", (language, code) => {
    const box = document.createElement("div");
    box.append(coloured(code, markupOf(code, language) ?? "") ?? "nothing");
    expect(box.textContent).toBe(code);
    const elements = [...box.querySelectorAll("*")];
    expect(elements.length).toBeGreaterThan(0);
    for (const element of elements) {
      expect(element.nodeName).toBe("SPAN");
      expect(element.getAttributeNames()).toEqual(["class"]);
      expect(element.className).toMatch(/^hljs-|^language-/);
    }
  });

  it.each([
    "<img src=x>",
    '<span class="a" onclick="x">b</span>',
    '<span class="a"><script></span>',
    "</span>",
    "&nbsp;",
    "<",
  ])("markup that is not the highlighter's makes nothing: %s", (markup) => {
    expect(elementsOf(markup)).toBeNull();
  });

  it("whose text is another makes nothing", () => {
    expect(coloured("a < b", "a &lt; b")).not.toBeNull();
    expect(coloured("a < b", "a &lt; c")).toBeNull();
  });

  it("has every language that is known", () => {
    for (const name of ["c", "csharp", "dockerfile", "go", "haskell", "kotlin", "lua", "makefile", "php", "r", "swift"])
      expect(coloured("x = 1\n", markupOf("x = 1\n", languageOf(name) as Language) ?? "")?.textContent).toBe("x = 1\n");
  });

  it("leaves what is too long as it is", () => {
    expect(isColoured("a".repeat(LONGEST_COLOURED))).toBe(true);
    expect(isColoured("a".repeat(LONGEST_COLOURED + 1))).toBe(false);
    expect(isColoured("a\n".repeat(MOST_COLOURED))).toBe(false);
    expect(isColoured("a".repeat(100_000))).toBe(false);
  });
});

describe("code in an answer", () => {
  it("has its language's name and a button above it from its first line on", () => {
    const { view } = answer(`${FENCE}py\nx`, "writing");
    expect(view.element.querySelector(".code-name")?.textContent).toBe("Python");
    expect(view.element.querySelector(".code pre")?.getAttribute("aria-label")).toBe("Code in Python");
    expect(view.element.querySelector(".code > :first-child button")?.getAttribute("aria-label")).toBe("Copy the code");
  });

  it("is coloured once a block follows it, or the answer ends; not while it grows", async () => {
    const code = `${FENCE}py\nx = 1\n`;
    const { view } = answer(code, "writing");
    await settled();
    expect(view.element.querySelector("code span")).toBeNull();
    expect(FakeWorker.asked).toEqual([]);
    view.update({ id: "a", role: "assistant", content: `${code}${FENCE}\n\nIt` }, { ...CONTEXT, phase: "writing" });
    await colours(view.element);
    const first = view.element.querySelector("code span");
    const all = `${code}${FENCE}\n\nIt is:\n\n- a\n  ${FENCE}js\n  let y\n  ${FENCE}\n\n${FENCE}c\nint z;`;
    view.update({ id: "a", role: "assistant", content: all }, CONTEXT);
    await colours(view.element, 3);
    expect(view.element.querySelector("code span")).toBe(first); // the end changed nothing that was done
  });

  it("goes on after it was coloured, where an answer goes on within it", async () => {
    const code = `${FENCE}py\nx = 1\n`;
    const { view } = answer(code);
    await colours(view.element);
    const more = `${code}y = 2\nz = 3\n`;
    view.update({ id: "a", role: "assistant", content: more }, { ...CONTEXT, phase: "writing" });
    expect(view.element.querySelector("pre")?.textContent).toBe("x = 1\ny = 2\nz = 3\n");
    view.update({ id: "a", role: "assistant", content: more }, CONTEXT);
    await colours(view.element);
    expect(view.element.querySelector("pre")?.textContent).toBe("x = 1\ny = 2\nz = 3\n");
  });

  it("that was written before is coloured as well", async () => {
    await colours(answer(`${FENCE}rust\nfn main() {}\n${FENCE}`).view.element);
  });

  it("of a language without colours, or too long for them, is shown without", async () => {
    const long = `${FENCE}js\n${"let a;".repeat(20_000)}\n${FENCE}`;
    const { view } = answer(`${FENCE}whatever\nx\n${FENCE}\n\n${long}`);
    await settled();
    expect(view.element.querySelector("code span")).toBeNull();
    expect(view.element.querySelectorAll("pre")[1]?.textContent).toHaveLength(120_001);
  });

  it("copies what was written, coloured or not, and says so", async () => {
    const written: string[] = [];
    vi.stubGlobal("navigator", { clipboard: { writeText: (text: string) => Promise.resolve(void written.push(text)) } });
    const { view, said } = answer(`${FENCE}py\nprint("<b>")\n${FENCE}`);
    await colours(view.element);
    view.element.querySelector<HTMLElement>(".code button")?.click();
    await vi.waitFor(() => expect(view.element.querySelector(".code button")?.textContent).toBe("Copied"));
    expect(written).toEqual(['print("<b>")\n']);
    expect(said).toEqual(["Copied."]);
  });

  it("is said without its button", () => {
    const box = document.createElement("div");
    const view = new MarkdownView(box, (pre) => pre.before("Copy"));
    view.update(`${FENCE}py\nx = 1`);
    view.update(`${FENCE}py\nx = 1\ny = 2\n${FENCE}`);
    expect(view.finish(`${FENCE}py\nx = 1\ny = 2\n${FENCE}`)).toEqual(["x = 1 y = 2"]);
  });

  it.each([`"><script>alert(1)</script>`, "x onclick=alert(1)", "a".repeat(5_000), "\u202epy", "<b>"])(
    "with a hostile language, %.20s, has none",
    (name) => {
      const { view } = answer(`${FENCE}${name}\nx\n${FENCE}`);
      expect(view.element.querySelectorAll("script, b, [onclick]")).toHaveLength(0);
      for (const code of view.element.querySelectorAll("code")) expect(code.className).toMatch(/^(?:language-x)?$/);
    },
  );
});

describe("code that grows", () => {
  it("grows in its place: one text, wherever it was cut", async () => {
    const text = `Before.\n\n${FENCE}py\na = 1\n\n${"``"}\nb = 2\n${FENCE}\n\nAfter.`;
    const box = document.createElement("div");
    const view = new MarkdownView(box);
    let code: Element | null = null;
    for (let end = 1; end <= text.length; end += 1) {
      view.update(text.slice(0, end));
      const now = box.querySelector("pre > code.language-py");
      if (code) expect(now).toBe(code);
      code = now;
    }
    view.finish(text);
    expect(code?.textContent).toBe("a = 1\n\n``\nb = 2\n");
  });

  it("costs the same for each token: one change of text, however much there is", async () => {
    const box = document.createElement("div");
    const view = new MarkdownView(box);
    let text = `${FENCE}py\n${"x = 1\n".repeat(2_000)}`;
    view.update(text);
    const seen: MutationRecord[] = [];
    const observer = new MutationObserver((records) => seen.push(...records));
    observer.observe(box, { subtree: true, childList: true, characterData: true });
    for (let token = 0; token < 5; token += 1) view.update((text += "y = 2\n"));
    seen.push(...observer.takeRecords());
    expect(seen.map(({ type }) => type)).toEqual(Array(5).fill("characterData"));
  });
});

describe("the highlighter's worker", () => {
  const ask = { code: "x", language: "python" } as const;

  it("is started for the first code, and asked for one piece after the other", async () => {
    const workers: FakeWorker[] = [];
    const highlighter = new Highlighter(() => (workers.push(new FakeWorker()), workers[0] as unknown as Worker));
    expect(workers).toHaveLength(0);
    const pieces = await Promise.all([1, 2, 3].map((n) => highlighter.colour({ ...ask, code: String(n) })));
    expect(pieces.map((markup) => markup?.replace(/<[^>]*>/g, ""))).toEqual(["1", "2", "3"]);
    expect(workers).toHaveLength(1);
  });

  it("is ended where it takes too long, and another is asked for what follows", async () => {
    vi.useFakeTimers();
    const ended: string[] = [];
    class Stuck extends FakeWorker {
      override postMessage(): void {}
      override terminate = (): void => void ended.push("stuck");
    }
    const workers: FakeWorker[] = [new FakeWorker(), new Stuck()];
    const highlighter = new Highlighter(() => workers.pop() as unknown as Worker);
    const [first, second] = [highlighter.colour(ask), highlighter.colour(ask)];
    await vi.runAllTimersAsync();
    expect(await first).toBeNull();
    expect(ended).toEqual(["stuck"]);
    expect(await second).toBe("x");
    vi.useRealTimers();
  });

  it("that fails is replaced for what follows, whatever it did before", async () => {
    let answers = 2;
    class Mortal extends FakeWorker {
      override postMessage(colouring: Colouring): void {
        if ((answers -= 1) >= 0) super.postMessage(colouring);
        else this.dispatchEvent(new Event("error"));
      }
      override terminate = (): void => void (answers = 9);
    }
    const highlighter = new Highlighter(() => new Mortal() as unknown as Worker);
    const all = await Promise.all([1, 2, 3, 4].map(() => highlighter.colour(ask)));
    expect(all).toEqual(["x", "x", null, "x"]);
  });

  it("may be missing, or fail: then code keeps one colour", async () => {
    class Failing extends FakeWorker {
      override postMessage = (): void => void this.dispatchEvent(new Event("error"));
    }
    expect(await new Highlighter(() => new Failing() as unknown as Worker).colour(ask)).toBeNull();
    const none = (): never => {
      throw new ReferenceError("Worker is not defined");
    };
    expect(await new Highlighter(none).colour(ask)).toBeNull();
  });
});
