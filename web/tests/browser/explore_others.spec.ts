/** The explorer in Firefox, which runs kernels too, and in WebKit, which has no WebGPU here; from a frame around it. */
import { describe, expect, inject, test } from "vitest";
import { hasOther, startServer } from "./harness.js";
import { ReportingPage } from "./reporting_page.js";

const folder = inject("prepared").explored;

interface Explored {
  readonly lit: string[];
  readonly said: string;
  readonly back: string[];
  readonly right: string;
  readonly broken: string;
  readonly wider: number;
}

/** Opens a kernel, chooses lines, runs it and breaks it. It is sent to the browser as text. */
async function explored(address: string, runs: boolean): Promise<Explored> {
  const frame = document.createElement("iframe");
  frame.style.cssText = "width: 1200px; height: 800px";
  frame.src = address;
  document.body.append(frame);
  const inside = <E extends HTMLElement>(selector: string): E[] => [
    ...(frame.contentDocument?.querySelectorAll<E>(selector) ?? []),
  ];
  const ended = Date.now() + 100_000;
  const until = async <E extends HTMLElement>(selector: string, text = ""): Promise<E> => {
    for (;;) {
      const found = inside<E>(selector).find((each) => (each.textContent ?? "").includes(text));
      if (found) return found;
      if (Date.now() > ended) throw new Error(`no ${selector} in: ${frame.contentDocument?.body.innerText}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const texts = (pane: string): string[] =>
    inside(`[data-pane="${pane}"] .lit.own .code-text`).map((each) => (each.textContent ?? "").trim());
  (await until("nav a", "rms_norm_")).click();
  (await until('[data-pane="wgsl"] .code-line', "squares += dot(v, v);")).click();
  const lit = texts("python");
  const said = (await until(".origin", "squares")).textContent ?? "";
  (await until('[data-pane="python"] .code-line', "normed[row + i] = ")).click();
  const back = texts("wgsl");
  const { scrollWidth = NaN, clientWidth = NaN } = frame.contentDocument?.documentElement ?? {};
  const wider = scrollWidth - clientWidth;
  const run = await until<HTMLButtonElement>(".workbench .button.primary:not(:disabled)");
  run.click();
  if (!runs) return { lit, said, back, right: "", broken: (await until(".result [role=alert]")).innerText, wider };
  const right = (await until('.result [data-right="true"]')).parentElement?.innerText ?? "";
  const editor = await until<HTMLTextAreaElement>("textarea.editor");
  editor.value = editor.value.replace(/(normed\[[^\]]*\] = )/, "$1 1.5 * ");
  editor.dispatchEvent(new Event("input", { bubbles: true }));
  while (run.disabled) await new Promise((resolve) => setTimeout(resolve, 50));
  run.click();
  const broken = (await until('.result [data-right="false"]')).innerText;
  return { lit, said, back, right, broken, wider };
}

describe("the explorer", () => {
  test.for(["Firefox", "WebKit"] as const)("in %s (needs its package) lights lines up", async (name, { skip }) => {
    skip(!hasOther(name), `there is no ${name}`);
    const runs = name === "Firefox";
    const report = new ReportingPage(`return (${explored.toString()})("/explore/", ${runs});`);
    const server = await startServer({ "/explore/": folder, "/report/": report.handle });
    const got = (await report.open(name, server, "/report/", runs).finally(() => server.close())) as Explored;
    expect(got).toMatchObject({ lit: [expect.stringContaining("squares += dot(v, v)")], wider: 0 });
    expect(got.said).toMatch(/^rms_norm\.py:\d+ squares \+= dot\(v, v\)/);
    expect(got.back).toEqual([expect.stringMatching(/^normed\[.*\] = /)]);
    if (!runs) return expect(got.broken).toContain("WebGPU");
    expect(got.right).toMatch(/Right: all [\d,]+ numbers.*original text[^]*the original [\d.]+ [µm]s/);
    expect(got.broken).toMatch(/Wrong: [\d,]+ of [\d,]+ numbers[^]*own size\s+0\.5\b/);
  });
});
