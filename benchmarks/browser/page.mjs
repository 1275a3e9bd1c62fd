/**
 * How soon the page answers once its model is stored, and what a token costs the page's thread in a short and in a long
 * chat, in Chromium on its software driver.
 *
 *     node benchmarks/browser/page.mjs SITE > results.json
 *
 * SITE is what `kernelc web` wrote; its first model is taken. Each opening is a browser of its own on one profile, which
 * has been open for three seconds, timed from the navigation: to the field for messages, and to the first word of an
 * answer to what is sent at once. The cost of a token is what Chromium counts as tasks of the page's thread from the
 * question to the answer's end, divided by the answer's tokens. Needs `npm ci` in web/.
 */
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";

import { chromium } from "../../web/node_modules/playwright-core/index.mjs";

const OPENINGS = 5;
const MESSAGES = 1998; // with the question and its answer as many as a chat may have
const SETTLING_MS = 3000; // in which Chromium loads its own pages, such as the address field's list
const QUESTION = "Tell me a short story about an owl";
const PATIENCE_MS = 300_000;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };
const FLAGS = [
  "--no-sandbox", "--disable-gpu-sandbox", "--enable-unsafe-webgpu", "--no-first-run",
  // As in web/tests/browser/harness.ts: without it that driver compiles some kernels for seconds.
  "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
];

const [site] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "kernelc-page-"));
const server = createServer(send).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const address = `http://127.0.0.1:${server.address().port}/`;
try {
  const load = loadavg()[0];
  const { version } = await inBrowser(firstVisit);
  const openings = [];
  for (let at = 0; at < OPENINGS; at += 1) openings.push(await inBrowser(opening));
  const tokens = await inBrowser(costs);
  const model = (await (await fetch(`${address}models.json`)).json()).models[0].name;
  console.log(JSON.stringify({ model, chromium: version, load_before: load, openings, ...tokens }, null, 1));
} finally {
  server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Run something in a window of a browser of its own, on the one profile. */
async function inBrowser(run) {
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: process.env.KERNELC_CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    viewport: { width: 1200, height: 800 },
  });
  context.setDefaultTimeout(PATIENCE_MS);
  try {
    return await run(context.pages()[0], context);
  } finally {
    await context.close();
  }
}

async function firstVisit(page, context) {
  await page.goto(address);
  await page.locator(".start-bar .button.primary:not([disabled])").click();
  await page.waitForSelector(".composer-field:visible");
  await ask(page, "Hello");
  await page.waitForTimeout(1000); // what the page measures of a new model
  return { version: context.browser()?.version() };
}

/** Milliseconds from the navigation, in a browser that has ended its own start. */
async function opening(page) {
  await page.waitForTimeout(SETTLING_MS);
  await page.addInitScript((question) => {
    const marks = (globalThis.marks = {});
    const look = () => {
      const field = document.querySelector(".composer-field");
      if (!marks.field && field?.getClientRects().length) {
        marks.field = performance.now();
        field.value = question;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.form.requestSubmit();
      }
      if (!marks.word && document.querySelector(".answer.writing .markdown")?.textContent) marks.word = performance.now();
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
  }, QUESTION);
  await page.goto(address);
  await page.waitForFunction(() => globalThis.marks.word);
  const { field, word } = await page.evaluate(() => globalThis.marks);
  return { field_ms: Math.round(field), first_word_ms: Math.round(word) };
}

async function costs(page) {
  await page.goto(address);
  await page.waitForSelector(".composer-field:visible");
  await page.click("text=New chat");
  const short_chat = await cost(page);
  const file = join(folder, "chats.json");
  writeFileSync(file, JSON.stringify({ format: "kernelc-chats", version: 1, conversations: [longChat()] }));
  await page.click("[aria-label='What is on this device']");
  await page.setInputFiles("input[type=file]", file);
  await page.keyboard.press("Escape");
  await page.click(".chat-open:has-text('A long chat')");
  await page.waitForTimeout(5000); // until all of it is drawn
  return { short_chat, [`chat_of_${MESSAGES + 2}_messages`]: await cost(page) };
}

/** What the page's thread does while an answer is written, for each of its tokens. */
async function cost(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const busy = async () =>
    (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const before = await busy();
  const tokens = await ask(page, QUESTION);
  return { tokens, ms_a_token: Math.round(((await busy()) - before) * 1e5 / tokens) / 100 };
}

/** Asks, and waits for the whole answer; returns how many tokens it has. */
async function ask(page, question) {
  await page.fill(".composer-field", question);
  const before = await page.locator(".answer").count();
  await page.press(".composer-field", "Enter");
  const stats = await page.evaluate(async (before) => {
    // Looked at by hand and seldom: a wait of Playwright's own searches the whole page at each of its frames.
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const said = document.getElementsByClassName("answer")[before]?.querySelector(".stats").textContent;
      if (/tokens?( ·|$)/.test(said)) return said;
    }
  }, before);
  return Number(/([\d,]+) tokens?( ·|$)/.exec(stats)[1].replace(",", ""));
}

function longChat() {
  const created = Date.now();
  const messages = Array.from({ length: MESSAGES }, (_, at) => {
    const role = at % 2 ? "assistant" : "user";
    const content = at % 2 ? `Answer ${at}, with **words** and \`code\`.\n\n- one\n- two` : `Question ${at}?`;
    return { id: `m${at}`, role, content, created, ...(at % 2 && { finish: "stop" }) };
  });
  return { id: "long", title: "A long chat", named: true, created, updated: created, slides: true, messages };
}

function send(request, response) {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  const file = join(site, path.endsWith("/") ? `${path}index.html` : path);
  try {
    const { size } = statSync(file);
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Content-Length": size });
    createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404).end();
  }
}
