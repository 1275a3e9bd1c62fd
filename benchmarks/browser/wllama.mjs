/**
 * A model on the processor in Chromium, by turns with wllama (llama.cpp as WebAssembly) on the same GGUF file.
 *
 *     node wllama.mjs ARTIFACT GGUF WLLAMA [ROUNDS] [THREADS] > results.json
 *
 * ARTIFACT was built of GGUF with --target wasm; WLLAMA is the folder `esm` of the npm package @wllama/wllama. Each
 * round reads a prompt of about 128 tokens and generates 32, in a page of each, which stay open. Rates are what each
 * says of itself: tokens per second of reading and of generating. Needs `npm ci && npm run build` in web/.
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "../../web/node_modules/playwright-core/index.mjs";

const [artifact, gguf, wllama, rounds = "5", threads = "2"] = process.argv.slice(2);
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
const ISOLATING = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const FOLDERS = {
  "/lib/": fileURLToPath(new URL("../../web/dist/lib", import.meta.url)),
  "/model/": resolve(artifact),
  "/wllama/": resolve(wllama),
  "/gguf/": resolve(gguf, ".."),
};
const IDS = Array.from({ length: 128 }, (_, at) => 300 + ((at * 7919) % 40000));
const WORDS = Array.from({ length: 126 }, (_, at) => ["the", "cat", "house", "sat", "red"][(at * 7) % 5]).join(" ");

const server = createServer((request, response) => {
  const path = decodeURI(new URL(request.url, "http://localhost").pathname);
  const [prefix, folder] = Object.entries(FOLDERS).find(([each]) => path.startsWith(each)) ?? [];
  const file = folder === undefined ? "" : join(folder, path.slice(prefix.length));
  if (path === "/") return response.writeHead(200, { "Content-Type": "text/html", ...ISOLATING }).end("<!doctype html>");
  if (!file.startsWith(folder + sep) || !existsSync(file)) return response.writeHead(404).end();
  const [bytes, range] = [statSync(file).size, /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")];
  const [start, end] = range ? [Number(range[1]), range[2] ? Number(range[2]) : bytes - 1] : [0, bytes - 1];
  response.writeHead(range ? 206 : 200, {
    "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
    "Content-Length": end - start + 1,
    "Accept-Ranges": "bytes",
    ...(range && { "Content-Range": `bytes ${start}-${end}/${bytes}` }),
    ...ISOLATING,
  });
  createReadStream(file, { start, end }).pipe(response);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;
const executablePath = process.env.KERNELC_CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

async function page() {
  const opened = await (await browser.newContext()).newPage();
  await opened.goto(`${origin}/`);
  return opened;
}

const ours = await page();
const device = await ours.evaluate(async (threads) => {
  const { createWorkerEngine } = await import("/lib/index.js");
  globalThis.engine = await createWorkerEngine("/model/", { device: "wasm", threads, context: 512 });
  const { adapter, variants, load_seconds } = await engine.stats();
  return { adapter: adapter.name, load_seconds, module: Object.values(variants)[0] };
}, Number(threads));
const theirs = await page();
await theirs.evaluate(async ([url, n_threads]) => {
  const { Wllama } = await import("/wllama/index.js");
  globalThis.wllama = new Wllama({ default: "/wllama/wasm/wllama.wasm" }, { suppressNativeLog: true });
  await wllama.loadModelFromUrl(url, { n_threads, n_ctx: 512, useCache: false, n_gpu_layers: 0 });
}, [`${origin}/gguf/${resolve(gguf).split(sep).at(-1)}`, Number(threads)]);

const runs = [];
for (let round = 0; round < Number(rounds); round += 1) {
  const kernelc = await ours.evaluate(async (ids) => {
    await engine.reset();
    await engine.tokens.generate(ids, { max_tokens: 32, temperature: 0, stop_ids: [] });
    const { prompt_tokens, prefill_seconds, generated_tokens, decode_seconds } = await engine.stats();
    return { prefill: prompt_tokens / prefill_seconds, decode: generated_tokens / decode_seconds };
  }, [IDS[0] + round, ...IDS.slice(1)]);
  const other = await theirs.evaluate(async (prompt) => {
    let timings;
    const request = { prompt, max_tokens: 32, temperature: 0, stream: true, ignore_eos: true, cache_prompt: false };
    for await (const chunk of await wllama.createCompletion(request)) timings = chunk.timings ?? timings;
    return { prefill: timings.prompt_per_second, decode: timings.predicted_per_second };
  }, `number ${round} ${WORDS}`);
  runs.push({ kernelc, wllama: other });
}
const median = (of) => runs.map(of).sort((a, b) => a - b)[runs.length >> 1];
const ratio = (what) => median(({ kernelc, wllama: other }) => kernelc[what] / other[what]);
const medians = Object.fromEntries(["kernelc", "wllama"].map((name) => [
  name, { prefill: median((run) => run[name].prefill), decode: median((run) => run[name].decode) },
]));
const found = { browser: browser.version(), threads: Number(threads), ...device, runs, medians };
console.log(JSON.stringify({ ...found, ratios: { prefill: ratio("prefill"), decode: ratio("decode") } }, null, 1));
await browser.close();
server.close();
