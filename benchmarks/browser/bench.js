/** Opens the artifact at model/, measures answers to random prompts, and POSTs what it found to result. */
import { createWorkerEngine } from "./lib/index.js";

const say = (line) => fetch("log", { method: "POST", body: line });
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function measure({ prompt, generate, runs, context, warm_seconds, options }) {
  let phase = "";
  const phases = {}; // when each began, in seconds
  const notices = [];
  const began = performance.now();
  const engine = await createWorkerEngine("model/", {
    ...options,
    context,
    onProgress: (progress) => {
      if (progress.phase === phase) return;
      phases[(phase = progress.phase)] = (performance.now() - began) / 1000;
      say(`${phases[phase].toFixed(1)} s: ${phase}`);
    },
    onNotice: ({ code, message }) => {
      notices.push(`${code}: ${message}`);
      say(`notice ${notices.at(-1)}`);
    },
  });
  const open_seconds = (performance.now() - began) / 1000;
  const vocabulary = engine.model.vocab_size;
  let seed = 1;
  const ids = (count) => Array.from({ length: count }, () => (seed = (seed * 48271) % 2147483647) % vocabulary);
  const answer = async (promptTokens, newTokens) => {
    await engine.reset();
    const at = performance.now();
    const found = await engine.tokens.generate(ids(promptTokens), { temperature: 0, max_tokens: newTokens, stop_ids: [] });
    if (found.ids.length !== newTokens) throw new Error(`got ${found.ids.length} tokens, wanted ${newTokens}`);
    return { wall_seconds: (performance.now() - at) / 1000, ...(await engine.stats()) };
  };
  // Kernels not used before are compiled, and an idle GPU's clocks rise.
  const warm = performance.now();
  do await answer(prompt, Math.min(generate, 32));
  while (performance.now() - warm < 1000 * warm_seconds);
  const found = [];
  for (let run = 0; run < runs; run += 1) {
    const stats = await answer(prompt, generate);
    found.push({
      prefill_tokens_per_second: stats.prompt_tokens / stats.prefill_seconds,
      decode_tokens_per_second: stats.generated_tokens / stats.decode_seconds,
      first_token_seconds: stats.first_token_seconds,
      wall_seconds: stats.wall_seconds,
      host_us_per_dispatch: stats.host_us_per_dispatch,
    });
    say(`run ${run + 1}: ${JSON.stringify(found.at(-1))}`);
  }
  const { adapter, features, variants, gpu_bytes, load_seconds, dispatches_per_token } = await engine.stats();
  const medians = Object.fromEntries(Object.keys(found[0]).map((name) => [name, median(found.map((run) => run[name]))]));
  return {
    ...medians,
    ...{ dispatches_per_token, open_seconds, load_seconds, gpu_bytes, weight_bytes: engine.model.weight_bytes },
    ...{ adapter: adapter.name, features, limits: adapter.limits, browser: navigator.userAgent },
    ...{ phases, variants, notices, runs: found },
  };
}

let result;
try {
  result = await measure(await (await fetch("request")).json());
} catch (error) {
  result = { error: `${error.code ?? error.name}: ${error.message}`, help: error.help };
}
await fetch("result", { method: "POST", body: JSON.stringify(result) });
