/** What the page's data files say: see kernelc/explore, which writes them. */

import type { KernelBinding, KernelCheck, Param, Requires, Triple } from "../../artifact/schema.js";
import type { Dim } from "../../artifact/dim.js";

export const TARGETS = ["wgsl", "cuda", "spirv", "opencl", "c"] as const;
export type Target = (typeof TARGETS)[number];

/** A language's name, as people write it. */
export const LANGUAGE: Readonly<Record<Target | "python" | "ir", string>> = {
  python: "Python",
  ir: "Kernel IR",
  wgsl: "WGSL",
  cuda: "CUDA C",
  spirv: "SPIR-V",
  opencl: "OpenCL C",
  c: "C",
};

/** A dispatch of a program: the kernel's number, the layer path, and the numbers of the bound buffers. */
export interface DispatchEntry {
  readonly kernel: number;
  readonly origin: string;
  readonly buffers: readonly number[];
}

export interface ProgramEntry {
  readonly name: string;
  readonly role: string;
  readonly seq: readonly [number, number];
  readonly past: readonly [number, number];
  readonly dispatches: readonly DispatchEntry[];
}

export interface BufferEntry {
  readonly name: string;
  readonly kind: "weight" | "state" | "slot";
  /** At the longest context. */
  readonly bytes: number;
}

export interface KernelEntry {
  readonly name: string;
  readonly spec: string;
  readonly uses: number;
  readonly bindings: readonly { readonly name: string; readonly access: string }[];
}

export interface Overview {
  readonly name: string;
  /** The chat page that it stands beside, as a relative address; null for none. */
  readonly chat: string | null;
  readonly facts: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
  /** By role, which graphs there are. */
  readonly graphs: ReadonlyMap<string, readonly string[]>;
  readonly params: readonly Param[];
  readonly buffers: readonly BufferEntry[];
  readonly kernels: readonly KernelEntry[];
  readonly programs: readonly ProgramEntry[];
}

export interface GraphOp {
  readonly op: string;
  readonly results: readonly (readonly [string, string])[];
  readonly arguments: string;
  readonly origin: string;
  readonly layer: string;
  /** The model's Python, such as "model/families/parts/layers.py:52". */
  readonly line: string;
}

/** For each line the numbers of its lines of Python: the statement's own, then those of values in it. */
export type LinkedLines = readonly (readonly number[])[];

export interface PythonBlock {
  readonly file: number;
  readonly name: string;
  readonly first: number;
  readonly text: string;
}

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

export interface SharedArray {
  readonly name: string;
  readonly type: string;
  readonly length: number;
  readonly row: number;
  readonly bytes: number;
}

export interface KernelIr {
  readonly text: string;
  readonly lines: LinkedLines;
  readonly shared: readonly SharedArray[];
  readonly sharedBytes: number;
  readonly registers: readonly { readonly name: string; readonly type: string; readonly bytes: number }[];
  readonly stages: readonly { readonly name: string; readonly count: number; readonly bytes: number }[];
}

/** How a workgroup shares its work: tiles side by side, or teams of invocations that share rows. */
export type Tiling =
  | {
      readonly kind: "tiles";
      readonly teams: readonly [number, number];
      readonly tiles: readonly [number, number];
      readonly tile: readonly [number, number];
      readonly lanes: number;
    }
  | {
      readonly kind: "teams";
      readonly threads: number;
      readonly team: number;
      readonly rows: number;
      readonly batches: number;
    };

export interface Alternatives {
  readonly count: number;
  readonly more: boolean;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly listed: readonly (readonly string[])[];
}

/** A kernel in one language, for devices that offer what it requires. */
export interface KernelText {
  readonly target: Target;
  readonly text: string;
  readonly lines: LinkedLines;
  readonly ir: number;
  readonly entry: string;
  /** Whether the artifact has exactly this text; null where it has none for such devices. */
  readonly same: boolean | null;
  readonly requires: Requires;
  readonly workgroup: number;
  readonly grid: Triple<Dim>;
  readonly gridText: readonly string[];
  readonly tolerance: Tolerance;
  readonly schedule: ReadonlyMap<string, string>;
  readonly tiling: Tiling | null;
  readonly alternatives: Alternatives;
}

export interface Layout {
  readonly format: string;
  readonly about: string;
  readonly group: number;
  readonly words: number;
  readonly bitsPerWeight: number;
  readonly sides: readonly { readonly name: string; readonly bytes: number }[];
}

export interface Measurement {
  readonly device: string;
  readonly date: string;
  readonly step: string;
  readonly calls: number;
  readonly microseconds: number;
  readonly shareOfStep: number | null;
  readonly bytesPerSecond: number | null;
  readonly shareOfBandwidth: number | null;
}

export interface ReferenceFunction {
  readonly file: string;
  readonly first: number;
  readonly name: string;
  readonly text: string;
}

export interface KernelData {
  readonly name: string;
  readonly spec: string;
  readonly about: string;
  readonly problem: string;
  readonly params: boolean;
  readonly bindings: readonly KernelBinding[];
  readonly lengths: readonly string[];
  readonly tolerance: Tolerance;
  readonly reference: readonly ReferenceFunction[];
  readonly layout: Layout | null;
  readonly irs: readonly KernelIr[];
  readonly texts: readonly KernelText[];
  readonly refused: ReadonlyMap<string, string>;
  readonly files: readonly string[];
  /** By number: a file's number and a line (from 1). */
  readonly places: readonly (readonly [number, number])[];
  readonly python: readonly PythonBlock[];
  readonly measured: readonly Measurement[];
  readonly check: KernelCheck | null;
}
