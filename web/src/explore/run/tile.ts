/**
 * Runs a changed text of a kernel on its golden tile, and the original beside it.
 *
 * The text is a visitor's, and goes to WebGPU's own compiler alone. It sees the buffers of the tile and no
 * others, and WebGPU keeps every index within them.
 */

import { KernelcError } from "../../artifact/errors.js";
import type { KernelCheck, Param } from "../../artifact/schema.js";
import { GoldenBatch, heldTo, type GoldenRun } from "../../gpu/goldenTiles.js";
import { Pipelines } from "../../gpu/pipelines.js";
import type { KernelData, KernelText } from "../data/types.js";
import { compare, type Comparison } from "./compare.js";
import type { OpenDevice } from "./device.js";
import { timed, type Times } from "./timing.js";
import { kernelOf, variantOf } from "./variant.js";

/** What a compiler says of a line (from 1; 0 for none). */
export interface Complaint {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface Outcome {
  /** Complaints of the compiler; where there are some, nothing ran. */
  readonly complaints: readonly Complaint[];
  readonly comparison: Comparison | null;
  readonly times: Times | null;
  /** The device's name. */
  readonly device: string;
}

export interface TileJob {
  readonly data: KernelData;
  readonly text: KernelText;
  readonly check: KernelCheck;
  readonly params: readonly Param[];
  /** The tile's numbers. */
  readonly tile: Uint8Array<ArrayBuffer>;
  /** What is to run in place of the text. */
  readonly changed: string;
}

/** @throws KernelcError where the device is lost or refuses the buffers. */
export async function runTile({ device, timestamps }: OpenDevice, job: TileJob): Promise<Outcome> {
  const { data, text, check, tile, changed } = job;
  const name = device.adapter.card.name;
  const complaints = await complaintsOf(device.gpu, changed);
  if (complaints.length) return { complaints, comparison: null, times: null, device: name };
  const pipelines = new Pipelines(device);
  const [kernel, variant] = [kernelOf(data), variantOf(text)];
  const made = async (source: string, file: string): Promise<GoldenRun> => {
    const compiled = await pipelines.compile({
      name: data.name,
      kernel,
      variant: { ...variant, file },
      text: source,
    });
    return { name: data.name, kernel, variant, check, compiled };
  };
  let run: GoldenRun;
  try {
    run = await made(changed, "changed");
  } catch (error) {
    if (!(error instanceof KernelcError) || error.code !== "internal") throw error;
    // It compiles, but does not fit: another entry point or other bindings.
    const message = error.message.replace(/^kernel \S+ \([^)]*\): the browser refuses it: /, "");
    return { complaints: [{ line: 0, column: 0, message }], comparison: null, times: null, device: name };
  }
  const manifest = { params: job.params };
  const [got = []] = await new GoldenBatch(device, pipelines, manifest, tile).outputs([run]);
  device.check();
  const wanted = check.outputs.map(({ offset, bytes }) => tile.subarray(offset, offset + bytes));
  const outputs = check.outputs.map((output) => heldTo(output, check, variant));
  const comparison = compare(got, wanted, outputs);
  const original = await made(text.text, "original");
  const times = await timed({ device, timestamps, pipelines, manifest, tile }, original, run);
  device.check();
  return { complaints, comparison, times, device: name };
}

/** What the browser's compiler has against a text. */
async function complaintsOf(gpu: GPUDevice, code: string): Promise<Complaint[]> {
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({ label: "changed", code });
  const refused = await gpu.popErrorScope().catch(() => null);
  const { messages } = await module.getCompilationInfo();
  const errors = messages.filter(({ type }) => type === "error");
  const found = errors.map(({ lineNum, linePos, message }) => ({ line: lineNum, column: linePos, message }));
  return found.length || !refused ? found : [{ line: 0, column: 0, message: refused.message }];
}
