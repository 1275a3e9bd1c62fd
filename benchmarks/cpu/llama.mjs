// Times llama.cpp (node-llama-cpp, its CPU build) for `run.py`: a line in is a run, a line out its seconds.
// Arguments: the folder of node_modules, the GGUF file, threads, prompt tokens, generated tokens.
import {createRequire} from "node:module";
import {createInterface} from "node:readline";
import {pathToFileURL} from "node:url";

const [folder, modelPath, threads, prompt, generated] = process.argv.slice(2);
const path = createRequire(pathToFileURL(`${folder}/`)).resolve("node-llama-cpp");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(path));

const count = Number(threads);
const options = {gpu: false, build: "never", maxThreads: count, logLevel: LlamaLogLevel.error};
const llama = await getLlama(options);
const model = await llama.loadModel({modelPath});
const context = await model.createContext({contextSize: 512, batchSize: 512, threads: count});
const sequence = context.getSequence();
const ids = Array.from({length: Number(prompt)}, (_, i) => ((i * 7) % 1000) + 5);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

say({threads: context.currentThreads ?? count, build: llama.buildType, release: llama.llamaCppRelease});
for await (const _ of createInterface({input: process.stdin})) {
  await sequence.clearHistory();
  const began = performance.now();
  await sequence.evaluateWithoutGeneratingNewTokens(ids);
  const read = performance.now();
  let tokens = 0;
  for await (const _token of sequence.evaluate([ids[0]], {temperature: 0, yieldEogToken: true}))
    if (++tokens === Number(generated)) break;
  say({prefill: (read - began) / 1e3, decode: (performance.now() - read) / 1e3, tokens});
}
process.exit(0);
