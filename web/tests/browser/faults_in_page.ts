/** Runs in a page: an engine there, one of whose calls into the browser fails. */
import type * as Kernelc from "../../src/index";

/** Which calls are counted, and how one of them fails. */
export interface Fault {
  readonly part: "gpu" | "storage" | "wasm";
  /**
   * "throws": the call does; "lost": the graphics device is destroyed before it; "refused": what was submitted is
   * not done, and the device tells so as browsers do; "memory": the scope of errors has one about memory.
   */
  readonly how: "throws" | "lost" | "refused" | "memory";
  /** Which calls of the part count, as a pattern of names such as "GPUQueue.submit". */
  readonly only: string;
  /** Its number among the calls that are counted, from 1 on; 0: none fails. */
  readonly at: number;
}

export interface Outcome {
  /** The ids, or "code: message" of the error; other errors begin with "not ours". */
  readonly said: string;
  /** The calls that were counted, by name, in their order. */
  readonly calls: readonly string[];
}

/** Opens a model, generates three tokens, disposes. `empty`: with nothing stored. Gives up after a minute and a half. */
export async function engineWithFault([url, { part, how, only, at }, { empty, selfCheck, device }]: readonly [
  string,
  Fault,
  { readonly empty: boolean; readonly selfCheck: boolean; readonly device: "webgpu" | "wasm" },
]): Promise<Outcome> {
  const COUNTED: Record<Fault["part"], readonly (readonly [string, string])[]> = {
    gpu: [
      ["GPU", "requestAdapter"], ["GPUAdapter", "requestDevice"], ["GPUDevice", "createBuffer"],
      ["GPUDevice", "createBindGroupLayout"], ["GPUDevice", "createPipelineLayout"],
      ["GPUDevice", "createShaderModule"], ["GPUShaderModule", "getCompilationInfo"],
      ["GPUDevice", "createComputePipelineAsync"], ["GPUDevice", "createBindGroup"],
      ["GPUDevice", "createCommandEncoder"], ["GPUDevice", "popErrorScope"], ["GPUCommandEncoder", "beginComputePass"],
      ["GPUCommandEncoder", "copyBufferToBuffer"], ["GPUCommandEncoder", "finish"], ["GPUQueue", "submit"],
      ["GPUQueue", "writeBuffer"], ["GPUQueue", "onSubmittedWorkDone"], ["GPUBuffer", "mapAsync"],
      ["GPUBuffer", "getMappedRange"], ["GPUBuffer", "unmap"],
    ],
    storage: [
      ["StorageManager", "getDirectory"], ["StorageManager", "estimate"], ["StorageManager", "persisted"],
      ["FileSystemDirectoryHandle", "getDirectoryHandle"], ["FileSystemDirectoryHandle", "getFileHandle"],
      ["FileSystemDirectoryHandle", "removeEntry"], ["FileSystemDirectoryHandle", "keys"],
      ["FileSystemFileHandle", "getFile"], ["FileSystemFileHandle", "createWritable"],
      ["FileSystemWritableFileStream", "write"], ["FileSystemWritableFileStream", "seek"],
      ["FileSystemWritableFileStream", "truncate"], ["WritableStream", "close"], ["Blob", "arrayBuffer"],
      ["LockManager", "request"], ["Response", "arrayBuffer"], ["ReadableStreamDefaultReader", "read"],
    ],
    wasm: [
      ["WebAssembly", "compile"], ["WebAssembly", "instantiate"], ["WebAssembly", "Memory"], ["window", "Worker"],
      ["Worker", "postMessage"],
    ],
  };
  type Methods = Record<string, (...args: unknown[]) => unknown>;
  const root = globalThis as unknown as Record<string, { prototype?: Methods } & Methods>;
  const calls: string[] = [];
  let graphics: GPUDevice | null = null;
  const undo: (() => void)[] = [];

  if (empty) {
    const emptied = async (folder: FileSystemDirectoryHandle): Promise<void> => {
      // The folders stay: an engine before this one keeps them open.
      for await (const [name, each] of folder.entries())
        await (each.kind === "directory" ? emptied(each as FileSystemDirectoryHandle) : folder.removeEntry(name));
    };
    await emptied(await navigator.storage.getDirectory());
  }
  const failure = (name: string): Error => {
    if (part === "gpu") return new DOMException(`${name} was made to fail`, "OperationError");
    if (part === "wasm") return new RangeError(`${name}: could not allocate memory`);
    const reading = /get|read|arrayBuffer|keys/.test(name);
    return new DOMException(`${name} was made to fail`, reading ? "NotFoundError" : "QuotaExceededError");
  };
  for (const [owner, name] of COUNTED[part]) {
    const holder = owner === "window" ? (globalThis as unknown as Methods) : (root[owner]?.prototype ?? root[owner]);
    const original = holder?.[name];
    if (!holder || !original) continue;
    const counts = new RegExp(only).test(`${owner}.${name}`);
    const replaced = function (this: unknown, ...args: unknown[]): unknown {
      if (counts) calls.push(`${owner}.${name}`);
      const run = (): unknown => (new.target ? Reflect.construct(original, args) : original.apply(this, args));
      if (!counts || calls.length !== at) {
        const made = run();
        if (name === "requestDevice") void (made as Promise<GPUDevice>).then((found) => (graphics = found), () => null);
        return made;
      }
      if (how === "lost") {
        graphics?.destroy();
        return run();
      }
      if (how === "refused" && graphics) {
        const error = new GPUValidationError("the queue was made to refuse");
        graphics.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
        return undefined;
      }
      if (how === "memory") return (run() as Promise<unknown>).then(() => new GPUOutOfMemoryError("made up"));
      // What returns a promise never throws.
      const waits = /Async|request|Info|Done|Scope|get(?:Directory|File)|removeEntry|create(?:Writable)|write$|seek/;
      if (waits.test(name) || /truncate|close|arrayBuffer|read|estimate|persisted|compile|instantiate/.test(name))
        return Promise.reject(failure(name));
      throw failure(name);
    };
    replaced.prototype = original.prototype as object;
    holder[name] = replaced;
    undo.push(() => (holder[name] = original));
  }
  const uncaught: string[] = [];
  const note = (event: PromiseRejectionEvent): unknown => uncaught.push(String(event.reason));
  globalThis.addEventListener("unhandledrejection", note);
  const asked = async (): Promise<string> => {
    let engine: Kernelc.Engine | null = null;
    try {
      engine = await kernelc.createEngine(url, { selfCheck, device });
      const { ids } = await engine.tokens.generate([1, 403, 407, 261, 378], { temperature: 0, max_tokens: 3 });
      return ids.join();
    } catch (error) {
      return error instanceof kernelc.KernelcError ? `${error.code}: ${error.message}` : `not ours: ${String(error)}`;
    } finally {
      await engine?.dispose();
    }
  };
  const late = new Promise<string>((resolve) => setTimeout(() => resolve("hangs"), 90_000));
  try {
    const said = await Promise.race([asked(), late]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    return { said: uncaught.length ? `not ours: nobody waits for ${uncaught.join("; ")}` : said, calls: [...calls] };
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
    for (const restore of undo) restore();
  }
}
