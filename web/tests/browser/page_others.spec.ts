/** The page in WebKit, from the first visit to the second, driven from a frame around it. */
import { describe, expect, inject, test } from "vitest";
import { hasOther, ISOLATING, startServer } from "./harness.js";
import { ReportingPage } from "./reporting_page.js";

const site = inject("prepared").computed;

interface Chatted {
  readonly offered: string;
  readonly answer: string;
  readonly kept: string;
  readonly again: string;
}

/** Loads the model, asks, opens the page anew and asks once more. It is sent to the browser as text. */
async function chatted(address: string): Promise<Chatted> {
  localStorage.setItem("kernelc.settings", JSON.stringify({ maxTokens: 24, seed: 7 }));
  const frame = document.createElement("iframe");
  frame.style.cssText = "width: 1200px; height: 800px";
  frame.src = address;
  document.body.append(frame);
  const inside = (selector: string): HTMLElement[] =>
    [...(frame.contentDocument?.querySelectorAll<HTMLElement>(selector) ?? [])].filter(
      (element) => element.getClientRects().length,
    );
  const ended = Date.now() + 60_000;
  const until = async (selector: string, count = 1): Promise<HTMLElement> => {
    for (;;) {
      const found = inside(selector)[count - 1];
      if (found) return found;
      if (Date.now() > ended) throw new Error(`no ${selector} in: ${frame.contentDocument?.body.innerText}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const ask = async (question: string): Promise<string> => {
    const before = inside(".answer").length;
    const field = (await until(".composer-field")) as HTMLTextAreaElement;
    field.value = question;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.form?.requestSubmit();
    await until(".answer", before + 1);
    await until(".send:not(.stopping)");
    await until(".answer:last-child .stats");
    return (await until(".answer:last-child .markdown")).innerText;
  };
  const start = await until(".start-bar .button.primary:not(:disabled)");
  const offered = start.innerText.trim();
  start.click();
  const answer = await ask("My name is Ada.");
  frame.contentWindow?.location.reload();
  await new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  while (!inside(".composer-field").length) {
    // The stored model starts by itself, if storing it had ended before.
    inside(".start-bar .button.primary:not(:disabled)")[0]?.click();
    if (Date.now() > ended) throw new Error(`no start in: ${frame.contentDocument?.body.innerText}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const kept = (await until(".answer .markdown")).innerText;
  return { offered, answer, kept, again: await ask("What is my name?") };
}

describe.skipIf(site === "")("the page (needs the extra cpu)", () => {
  test.skipIf(!hasOther("WebKit"))("in WebKit (needs its package) loads, answers and remembers", async () => {
    const report = new ReportingPage(`return (${chatted.toString()})("/computed/");`);
    const server = await startServer({ "/computed/": site, "/report/": report.handle });
    server.headers = ISOLATING; // else the page would load itself once more, for threads
    const got = await report.open("WebKit", server, "/report/").finally(() => server.close());
    expect(got).toMatchObject({ offered: expect.stringMatching(/^Download .* and start$/) as string });
    const { answer, kept, again } = got as Chatted;
    expect(answer).toMatch(/\w+ \w+/);
    expect(kept).toBe(answer);
    expect(again).toMatch(/\w+ \w+/);
  });
});
