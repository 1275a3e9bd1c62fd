/**
 * Compiles WGSL files with Tint, the compiler of Chrome and Dawn: no GPU and no driver is needed.
 *
 *     node tint.mjs FOLDER...
 *
 * Each file becomes a shader module and a compute pipeline on a device with WebGPU's guaranteed limits. Prints one
 * line per file that Tint refuses (file:line:column: message); exit code 1 if there was any, 2 if there were none
 * to compile.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
// Kept for as long as anything is compiled: without a reference the process dies.
const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);

/** What kernels may ask for; a variant is only ever run where its features are. */
const FEATURES = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

const files = process.argv.slice(2).flatMap(filesOf);
if (files.length === 0) {
  console.error("error: no .wgsl files in what was named");
  process.exit(2);
}
const adapter = await gpu.requestAdapter();
const requiredFeatures = FEATURES.filter((feature) => adapter.features.has(feature));
const device = await adapter.requestDevice({ requiredFeatures });
let refused = 0;
for (const file of files) {
  const complaint = await compile(file);
  if (complaint !== undefined) {
    refused += 1;
    console.error(complaint);
  }
}
console.log(`${files.length} kernels, ${refused} refused (features: ${requiredFeatures.join(", ")})`);
process.exit(refused === 0 ? 0 : 1);

/** Why Tint refuses a file, undefined where it does not. */
async function compile(file) {
  const code = readFileSync(file, "utf8");
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const first = messages.find((message) => message.type === "error");
  if (first === undefined && fewBuffers(code)) {
    device.createComputePipeline({ layout: "auto", compute: { module: fitting(code, module) } });
  }
  const error = await device.popErrorScope();
  if (first !== undefined) return `${file}:${first.lineNum}:${first.linePos}: ${first.message}`;
  return error === null ? undefined : `${file}: ${error.message}`;
}

/** Whether the null device has the buffers: of random kernels of the tests that bind more, the module is compiled. */
function fewBuffers(code) {
  return (code.match(/var<storage/g)?.length ?? 0) <= 8;
}

/**
 * The module, or of a kernel that only some devices get one that the null adapter takes, which has what WebGPU
 * guarantees: 256 invocations where kernels may have up to 1,024, and no 32 KiB. As its subgroups have up to 128
 * invocations, workgroups with matrices must be whole multiples of that, where devices want 32.
 */
function fitting(code, module) {
  const matrices = code.includes("enable chromium_experimental_subgroup_matrix;");
  const fewer = code.replace(/@workgroup_size\((\d+)\)/, (found, threads) => {
    if (threads > 1024 || (matrices && threads % 32)) return found;
    return `@workgroup_size(${Math.min(matrices ? Math.ceil(threads / 128) * 128 : threads, 256)})`;
  });
  const halved = fewer.replace(/(var<workgroup> \w+: array<.*, )(\d+)>;/g, (found, head, length) => {
    return matrices ? `${head}${Math.ceil(length / 2)}>;` : found;
  });
  return halved === code ? module : device.createShaderModule({ code: halved });
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => name.endsWith(".wgsl"))
    .sort()
    .map((name) => join(path, name));
}
