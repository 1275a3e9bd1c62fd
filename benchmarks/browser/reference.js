/** Opens each artifact asked for, and POSTs its greedy ids behind each prompt and the logits of some ids. */
import { createWorkerEngine } from "./lib/index.js";

const say = (line) => fetch("log", { method: "POST", body: line });

async function answers({ url, options, prompts, stop_ids, scored }) {
  const notices = [];
  const onNotice = ({ code, message }) => notices.push(`${code}: ${message}`);
  const engine = await createWorkerEngine(url, { ...options, onNotice });
  const ids = [];
  for (const { prompt_ids, max_tokens } of prompts) {
    await engine.reset();
    const answer = await engine.tokens.generate(prompt_ids, { temperature: 0, max_tokens, stop_ids });
    ids.push([...prompt_ids, ...answer.ids]);
  }
  const logits = (await engine.tokens.score(scored)).map((row) => Array.from(row));
  const { adapter, features, variants } = await engine.stats();
  await engine.dispose();
  await say(`${url} ${JSON.stringify(options)}: done, notices: ${JSON.stringify(notices)}`);
  return { ids, logits, notices, adapter: adapter.name, features, variants };
}

const found = [];
let result;
try {
  for (const request of await (await fetch("request")).json()) found.push(await answers(request));
  result = { found };
} catch (error) {
  result = { found, error: `${error.code ?? error.name}: ${error.message}`, help: error.help };
}
await fetch("result", { method: "POST", body: JSON.stringify(result) });
