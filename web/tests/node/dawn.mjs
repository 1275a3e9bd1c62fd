/**
 * Runs the built library under Dawn for Node, on the Vulkan driver that $VK_DRIVER_FILES names.
 *
 *     node dawn.mjs ARTIFACT_URL < {"options", "runs": [{"prompt_ids", "ids"}], "scored", "stop_ids"} > {"ids", "logits"}
 */
import { readFileSync } from "node:fs";

import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
// Kept for as long as anything runs. The toggle: see tests/browser/harness.ts.
const gpu = create(["backend=vulkan", "disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension"]);
Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true });

const { createEngine } = await import("../../dist/lib/index.js");
const { options, runs, scored, stop_ids } = JSON.parse(readFileSync(0, "utf8"));
const engine = await createEngine(process.argv[2], options);
const ids = [];
for (const { prompt_ids, ids: wanted } of runs) {
  await engine.reset();
  const request = { temperature: 0, max_tokens: wanted.length - prompt_ids.length, stop_ids };
  ids.push([...prompt_ids, ...(await engine.tokens.generate(prompt_ids, request)).ids]);
}
const logits = (await engine.tokens.score(scored)).map((row) => Array.from(row));
process.stdout.write(JSON.stringify({ ids, logits }), () => process.exit(0));
