/**
 * Runs kernels of a module, each on a memory of its own.
 *
 *     node host.mjs FOLDER    reads module.wasm and runs.json, with an arrays file for each run; writes these again
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [STACK_END, START] = [2 << 20, 2 << 20];
const folder = process.argv[2];
const module = await WebAssembly.compile(readFileSync(join(folder, "module.wasm")));

for (const { entry, file, sizes, grid } of JSON.parse(readFileSync(join(folder, "runs.json"), "utf8"))) {
  const data = readFileSync(join(folder, file));
  const pages = Math.ceil((START + data.length + 4 * (sizes.length + 3)) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  exports.__stack_pointer.value = STACK_END;
  new Uint8Array(memory.buffer).set(data, START);
  let at = START;
  const addresses = sizes.map((size) => (at += size) - size);
  new Uint32Array(memory.buffer, at, sizes.length + 3).set([...addresses, ...grid]);
  exports[entry](at, at + 4 * sizes.length, 0, grid[0] * grid[1] * grid[2]);
  writeFileSync(join(folder, file), new Uint8Array(memory.buffer, START, data.length));
}
