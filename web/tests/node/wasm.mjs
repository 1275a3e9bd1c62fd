/**
 * Runs the built library in plain Node, where there is no WebGPU: on the processor, as WebAssembly.
 *
 *     node wasm.mjs ARTIFACT_URL < {"options", "runs": [{"prompt_ids", "ids"}], "scored", "stop_ids"} > {"ids", "logits"}
 *
 * With "lose" in what is asked, the memory of the kernels is lost in the midst of each run.
 */
import { readFileSync } from "node:fs";

const { createEngine } = await import("../../dist/lib/index.js");
const { options, runs, scored, stop_ids, lose = false } = JSON.parse(readFileSync(0, "utf8"));
const notices = [];
const engine = await createEngine(process.argv[2], { ...options, onNotice: ({ code }) => notices.push(code) });
const ids = [];
for (const { prompt_ids, ids: wanted } of runs) {
  await engine.reset();
  const request = { temperature: 0, max_tokens: wanted.length - prompt_ids.length, stop_ids };
  const answer = engine.tokens.generate(prompt_ids, request);
  if (lose) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await engine.simulateLoss();
  }
  ids.push([...prompt_ids, ...(await answer).ids]);
}
const logits = (await engine.tokens.score(scored)).map((row) => Array.from(row));
const { adapter, variants, decode_seconds, generated_tokens } = await engine.stats();
const found = { ids, logits, notices, adapter: adapter.name, variants, speed: generated_tokens / decode_seconds };
process.stdout.write(JSON.stringify(found), () => process.exit(0));
