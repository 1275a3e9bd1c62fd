/**
 * What is proved of a load plan before a device sees it: every range, for the context that is really loaded.
 *
 * A manifest is a stranger's. Its reader checks sizes at the ends of each symbol's bounds, and compares
 * nothing that the model is said to be with what the plan allocates.
 */

import { KernelcError } from "../artifact/errors.js";
import {
  ELEMENT_BYTES,
  HIDDEN_BUFFER,
  LOGITS_BUFFER,
  MASK_BUFFER,
  STEP_BUFFER,
  TOKENS_BUFFER,
  type Manifest,
  type Param,
  type Role,
} from "../artifact/schema.js";
import type { Fetch } from "./executor.js";
import { STEP_FIELDS } from "./step.js";

const WORD_BYTES = 4;
/** The buffer that the host reads after a program of a role, where that is not "tokens". */
const LEFT_BY: Readonly<Partial<Record<Role, string>>> = {
  decode: LOGITS_BUFFER,
  score: "all_logits",
  embed: HIDDEN_BUFFER,
  mask: LOGITS_BUFFER,
};

/** What is checked of a load plan. */
interface Planned {
  readonly context: number;
  readonly buffers: ReadonlyMap<string, number>;
  readonly programs: ReadonlyMap<
    string,
    readonly { readonly kernel: string; readonly origin: string; readonly ranges: readonly Fetch[] }[]
  >;
}

/** @throws KernelcError "bad-artifact" naming the dispatch or the buffer. */
export function checkPlan(manifest: Manifest, plan: Planned): void {
  const dispatched = [...plan.programs.values()].flat();
  if (dispatched.some(({ kernel }) => manifest.kernels.get(kernel)?.params)) checkStepBlock(manifest.params);
  for (const [program, dispatches] of plan.programs) {
    dispatches.forEach(({ kernel, origin, ranges }, at) => {
      const bindings = manifest.kernels.get(kernel)?.bindings ?? [];
      ranges.forEach(({ buffer, offset, bytes }, index) => {
        const size = plan.buffers.get(buffer) ?? 0;
        const element = bindings[index]?.element;
        const whole = bytes % (ELEMENT_BYTES.get(element ?? "") ?? NaN) === 0;
        if (offset >= 0 && bytes > 0 && bytes <= size - offset && whole) return;
        const got = `${bytes} bytes at ${offset} of ${buffer}, which has ${size}`;
        const where = `manifest.json: programs.${program}.dispatches[${at}]`;
        refuse(`${where}: ${origin} binds ${got} at context ${plan.context}`);
      });
    });
    const role = manifest.programs.get(program)?.role;
    const left = (role && LEFT_BY[role]) ?? TOKENS_BUFFER;
    if (plan.buffers.has(left)) continue;
    refuse(`manifest.json: programs.${program}: it leaves nothing in buffer ${left}`);
  }
  for (const [buffer, wanted, why] of wantedSizes(manifest, plan)) {
    const have = plan.buffers.get(buffer) ?? wanted;
    if (have >= wanted) continue;
    const got = `buffer ${buffer} has ${have} bytes at context ${plan.context}`;
    refuse(`manifest.json: buffers.${buffer}: ${got}, wanted ${wanted} for ${why}`);
  }
}

/** Check that the fields of the step block are where kernels read them, who find each by its place alone. */
function checkStepBlock(params: readonly Param[]): void {
  const shown = (fields: readonly Param[]) => fields.map(({ name, type }) => `${name} ${type}`).join(", ");
  if (shown(params) === shown(STEP_FIELDS)) return;
  const got = `the step block has the fields ${shown(params) || "none"}`;
  refuse(`manifest.json: params: ${got}; kernels read ${shown(STEP_FIELDS)}, in this order`);
}

/** What the host reads and writes: buffer, bytes, and what for. */
function wantedSizes(manifest: Manifest, plan: Planned): [string, number, string][] {
  const { vocab_size } = manifest.model;
  const rows = mostRows(manifest, plan, "score");
  const scores = `the scores of a vocabulary of ${vocab_size}`;
  return [
    [STEP_BUFFER, WORD_BYTES * manifest.params.length, "the step block"],
    ["tokens", WORD_BYTES * (plan.context + 1), `${plan.context + 1} ids`],
    ["logits", WORD_BYTES * vocab_size, scores],
    [MASK_BUFFER, WORD_BYTES * Math.ceil(vocab_size / 32), `a bit for each of ${vocab_size} tokens`],
    ["all_logits", WORD_BYTES * vocab_size * rows, `${scores} in ${rows} rows`],
  ];
}

function mostRows(manifest: Manifest, plan: Planned, role: Role): number {
  const programs = [...plan.programs.keys()].map((name) => manifest.programs.get(name));
  const rows = programs
    .filter((program) => program?.role === role)
    .map((program) => (program?.symbols.get("seq") ?? manifest.symbols.get("seq"))?.[1] ?? 0);
  return Math.min(plan.context, Math.max(0, ...rows));
}

/** Check that a copy lies in its buffer, which has `have` bytes. @throws KernelcError "bad-artifact". */
export function checkCopy({ buffer, offset, bytes }: Fetch, have: number | undefined): void {
  if (have === undefined) throw new KernelcError("internal", `buffer ${buffer} is not loaded`);
  if (offset >= 0 && bytes >= 0 && offset + bytes <= have) return;
  refuse(`manifest.json: buffers.${buffer}: it has ${have} bytes, wanted ${offset}..${offset + bytes}`);
}

function refuse(message: string): never {
  throw new KernelcError("bad-artifact", message, { help: "build the artifact again" });
}
