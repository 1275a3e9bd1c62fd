/** WebAssembly from artifacts is a stranger's: what its bytes may say, what its memory may hold, who does what. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import type { Ticket } from "../../src/gpu/executor.js";
import { planLoad } from "../../src/gpu/loadPlan.js";
import { forSharedMemory, memoryImport } from "../../src/wasm/binary.js";
import { WasmExecutor } from "../../src/wasm/executor.js";
import { chunkOf, Layout } from "../../src/wasm/launches.js";
import { hasModules, processorCard, tooLarge } from "../../src/wasm/load.js";
import { compileModule, instantiate, makeMemory, type KernelFunction } from "../../src/wasm/module.js";
import { features, hasWasm, MOST_BYTES, usableThreads } from "../../src/wasm/support.js";
import { fillTable, TABLE_BYTES, workThrough } from "../../src/wasm/table.js";
import { Threads } from "../../src/wasm/threads.js";
import { sampleManifest } from "./sample_manifest.js";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const text = (name: string): number[] => [name.length, ...new TextEncoder().encode(name)];
const section = (id: number, ...body: number[]): number[] => [id, body.length, ...body];
const LEB_65535 = [0xff, 0xff, 3];
const memoryOf = (...limits: number[]): number[] => [...text("env"), ...text("memory"), 2, ...limits];
const bytesOf = (...parts: readonly number[][]): Uint8Array<ArrayBuffer> => new Uint8Array([...HEADER, ...parts.flat()]);
const GOOD = section(2, 1, ...memoryOf(1, 2, ...LEB_65535));

/** A module as the linker makes it: memory, stack pointer, and a kernel that adds `first` to the word at `buffers`. */
const MODULE = bytesOf(
  section(1, 1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0),
  GOOD,
  section(3, 1, 0),
  section(6, 1, 0x7f, 1, 0x41, 0, 0x0b),
  section(7, 2, ...text("add"), 0, 0, ...text("__stack_pointer"), 3, 0),
  section(10, 1, ...[14, 0, 0x20, 0, 0x20, 0, 0x28, 2, 0, 0x20, 2, 0x6a, 0x36, 2, 0, 0x0b].map((byte, at) => (at ? byte : 15))),
);

describe("a module's imports", () => {
  it("are a memory and nothing else", () => {
    expect(memoryImport(bytesOf(GOOD), "m.wasm")).toEqual({ leastPages: 2, mostPages: 65535, limitsAt: 23 });
    const found = memoryImport(MODULE, "m.wasm");
    expect(forSharedMemory(MODULE, found)[found.limitsAt]).toBe(3);
    expect(MODULE[found.limitsAt]).toBe(1); // a copy
  });

  it.each([
    ["bytes that are no module", new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), "not the bytes of a module"],
    ["no bytes", new Uint8Array(), "ends too early"],
    ["no import", bytesOf(section(1, 0)), "imports no memory"],
    ["a function besides", bytesOf(section(2, 2, ...memoryOf(1, 2, 3), ...text("env"), ...text("f"), 0, 0)), "imports 2 things"],
    ["a function instead", bytesOf(section(2, 1, ...text("env"), ...text("memory"), 0, 0)), "imports env.memory"],
    ["another name", bytesOf(section(2, 1, ...text("js"), ...text("memory"), 2, 1, 1, 1)), "imports js.memory"],
    ["no largest size", bytesOf(section(2, 1, ...memoryOf(0, 1))), "not a plain one"],
    ["a memory of 64 bits", bytesOf(section(2, 1, ...memoryOf(5, 1, 1))), "not a plain one"],
    ["a section that ends late", bytesOf([1, 100, 0]), "ends too early"],
    ["a number without end", bytesOf([1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), "too long"],
    ["a number above 32 bits", bytesOf([1, 0xff, 0xff, 0xff, 0xff, 0x7f]), "too large"],
  ])("are refused: %s", (_, bytes, why) => {
    expect(() => memoryImport(bytes, "m.wasm")).toThrow(new RegExp(`m\\.wasm: .*${why}`));
  });

  it("are what is instantiated: kernels, with a stack for each thread", async () => {
    for (const shared of [false, true]) {
      const module = await compileModule(MODULE, "m.wasm", shared);
      expect(module.reservedBytes).toBe(2 * 65536);
      const memory = makeMemory(3 * 65536, shared, "a test");
      const [add] = await instantiate(module, memory, 65536, ["add"]);
      add?.(131072, 0, 41, 42);
      expect(new Uint32Array(memory.buffer)[32768]).toBe(41);
      await expect(instantiate(module, memory, 0, ["sub"])).rejects.toMatchObject({ code: "bad-artifact" });
    }
  });

  it("may not reserve much", async () => {
    const greedy = bytesOf(section(2, 1, ...memoryOf(1, 65, ...LEB_65535)));
    await expect(compileModule(greedy, "m.wasm", false)).rejects.toThrow("its memory has 65..65535 pages");
    const broken = bytesOf(GOOD, section(3, 1, 9));
    await expect(compileModule(broken, "m.wasm", false)).rejects.toMatchObject({ code: "bad-artifact" });
  });
});

describe("memory", () => {
  it("is refused above 4 GiB, in words", () => {
    const refused = (): unknown => makeMemory(MOST_BYTES + 1, false, "llama");
    expect(refused).toThrow("llama takes 4,294,901,761 bytes, and WebAssembly has 4,294,901,760");
    expect(refused).toThrow(expect.objectContaining({ code: "limits" }));
  });
});

describe("this engine", () => {
  it("has vectors, and one thread where nothing is isolated", () => {
    expect(hasWasm()).toBe(true);
    expect(features().has("dot4")).toBe(true);
    expect(usableThreads()).toBe(1);
    const isolated = { crossOriginIsolated: true, Worker: class {}, navigator: { hardwareConcurrency: 3 } };
    for (const [name, value] of Object.entries(isolated)) vi.stubGlobal(name, value);
    expect(usableThreads()).toBe(3);
    vi.stubGlobal("SharedArrayBuffer", undefined); // WebKitGTK is isolated without it
    expect(usableThreads()).toBe(1);
    vi.unstubAllGlobals();
    expect(processorCard(1).name).toBe("the processor (WebAssembly, 1 thread)");
    expect(processorCard(4).name).toBe("the processor (WebAssembly, 4 threads)");
  });
});

describe("a table of launches", () => {
  const launch = { function: 0, buffers: 1, grid: 2, total: 10, chunk: 4 };
  const table = (): Int32Array => new Int32Array(new ArrayBuffer(TABLE_BYTES));

  it("runs every workgroup once, in order, a chunk at a time", () => {
    const seen: number[][] = [];
    const kernel: KernelFunction = (...args) => void seen.push(args);
    const work = table();
    fillTable(work, [launch, { ...launch, total: 0 }, { ...launch, total: 1 }]);
    expect(workThrough(work, [kernel], () => false, false)).toBe(true);
    expect(seen).toEqual([[1, 2, 0, 4], [1, 2, 4, 8], [1, 2, 8, 10], [1, 2, 0, 1]]);
  });

  it("stops between chunks when asked, and goes on from there", () => {
    let runs = 0;
    const work = table();
    fillTable(work, [launch, launch]);
    const kernel: KernelFunction = () => void (runs += 1);
    let rounds = 0;
    while (!workThrough(work, [kernel], () => true, false)) rounds += 1;
    expect([runs, rounds]).toEqual([6, 6]);
  });

  it("gives each thread several chunks, and the page a moment between them", () => {
    expect([chunkOf(1, 1), chunkOf(160, 1), chunkOf(160, 2), chunkOf(5, 8)]).toEqual([1, 10, 10, 1]);
  });
});

describe("threads", () => {
  /** A worker that says it is ready, or not. */
  class FakeWorker extends EventTarget {
    static starts = true;
    static made: FakeWorker[] = [];
    ended = false;

    constructor() {
      super();
      FakeWorker.made.push(this);
    }

    postMessage(): void {
      if (FakeWorker.starts) this.dispatchEvent(new MessageEvent("message", { data: "ready" }));
    }

    terminate(): void {
      this.ended = true;
    }
  }

  async function started(): Promise<{ threads: Threads; alone: string | null }> {
    vi.useFakeTimers();
    vi.stubGlobal("Worker", FakeWorker);
    FakeWorker.made = [];
    const threads = new Threads([() => undefined], true);
    const module = await compileModule(MODULE, "m.wasm", true);
    const starting = threads.start({ module, memory: makeMemory(65536 * 3, true, "a test"), entries: [] }, [65536]);
    await vi.advanceTimersByTimeAsync(60_000);
    return { threads, alone: await starting };
  }

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    FakeWorker.starts = true;
  });

  it("that are ready stay, however long nothing is heard of them", async () => {
    const { threads, alone } = await started();
    expect([threads.count, threads.lost, alone]).toEqual([2, false, null]);
    threads.end();
    expect(FakeWorker.made.map(({ ended }) => ended)).toEqual([true]);
  });

  it("that do not start are ended, and leave one that says why", async () => {
    FakeWorker.starts = false;
    const { threads, alone } = await started();
    expect([threads.count, threads.lost, alone]).toEqual([1, false, "a thread does not start"]);
    expect(FakeWorker.made.map(({ ended }) => ended)).toEqual([true]);
    threads.begin([{ function: 0, buffers: 0, grid: 0, total: 3, chunk: 1 }]);
    expect(threads.work(Infinity)).toBe(true);
  });

  it("that a page's policy forbids leave one that says why", async () => {
    vi.stubGlobal("Worker", class {
      constructor() {
        throw new Error("not allowed here");
      }
    });
    const threads = new Threads([], true);
    const module = await compileModule(MODULE, "m.wasm", true);
    const parts = { module, memory: makeMemory(65536 * 3, true, "a test"), entries: [] };
    expect(await threads.start(parts, [65536])).toBe("not allowed here");
  });

  it("that fail later are a loss", async () => {
    const { threads } = await started();
    FakeWorker.made[0]?.dispatchEvent(Object.assign(new Event("error"), { message: "out of memory" }));
    expect(threads.lost).toBe(true);
  });
});

/** An executor whose kernels are `kernel`, with a program of it. */
async function opened(found: Manifest, kernel: KernelFunction): Promise<{ executor: WasmExecutor; program: string }> {
  const plan = planLoad(found, 8, ["decode"]);
  const variants = new Map(plan.kernels.flatMap((name) => {
    const [variant] = found.kernels.get(name)?.variants ?? [];
    return variant ? [[name, { ...variant, entry: "add" }] as const] : [];
  }));
  const layout = new Layout(found, plan, variants, await compileModule(MODULE, "m.wasm", false), 1);
  const executor = new WasmExecutor(processorCard(1), [], layout, new Threads([kernel], false), variants, found);
  return { executor, program: [...plan.programs.keys()][0] ?? "" };
}

describe("a step that is not wanted any more", () => {
  it("is left between two slices, and not begun where it waits", async () => {
    const found = parseManifest(new TextEncoder().encode(JSON.stringify(sampleManifest())), "m.json");
    let runs = 0;
    const { executor, program } = await opened(found, () => {
      runs += 1;
      for (const until = performance.now() + 1; performance.now() < until;);
    });
    const step = (times: number): Ticket => {
      const programs = Array.from({ length: times }, () => program);
      return executor.run(programs, { seq: 1, past: 0 }, {}, []); // a workgroup each
    };
    const [first, second, third] = [step(800), step(800), step(3)];
    await new Promise((resolve) => setTimeout(resolve, 1));
    const before = runs;
    expect(before).toBeGreaterThan(0);
    expect([second.discard(), first.discard()]).toEqual(["unbegun", "broken-off"]);
    await third.result();
    expect(runs).toBe(before + 3);
    expect(third.discard()).toBe("runs");
    for (const ticket of [first, second]) await expect(ticket.result()).rejects.toMatchObject({ code: "aborted" });
    executor.simulateLoss();
    expect(step(1).discard()).toBe("runs"); // it is set up again, and what was under way is replayed
  });
});

describe("an artifact's modules", () => {
  const manifest = (): Manifest => parseManifest(new TextEncoder().encode(JSON.stringify(sampleManifest())), "m.json");

  it("are missed in words where it has none", () => {
    const found = manifest();
    expect(hasModules(found)).toBe(false);
    const [why] = tooLarge(found, planLoad(found, 8, ["decode"]));
    expect(why).toMatch(/brings no WebAssembly for the processor$/);
  });

  it("run on buffers that lie apart; what was lost says so", async () => {
    const found = manifest();
    const plan = planLoad(found, 8, ["decode"]);
    const variants = new Map(plan.kernels.flatMap((name) => {
      const [variant] = found.kernels.get(name)?.variants ?? [];
      return variant ? [[name, { ...variant, entry: "add" }] as const] : [];
    }));
    const module = await compileModule(MODULE, "m.wasm", false);
    const layout = new Layout(found, plan, variants, module, 2);
    const ends = [...plan.buffers.keys()].map((name) => {
      const { byteOffset, byteLength } = layout.bytes(name);
      return [byteOffset, byteOffset + byteLength] as const;
    });
    expect(Math.min(...ends.map(([start]) => start))).toBeGreaterThanOrEqual(Math.max(...layout.stackEnds));
    ends.slice(1).forEach(([start], index) => expect(start).toBeGreaterThanOrEqual(ends[index]?.[1] ?? 0));
    const [name] = plan.buffers.keys();
    expect(() => layout.bytes(name ?? "", 0, 2 ** 32)).toThrow("it has 2048 bytes, wanted 0..4294967296");
    const executor = new WasmExecutor(processorCard(1), [], layout, new Threads([() => undefined], false), variants, found);
    const [program] = plan.programs.keys();
    const ran = executor.run([program ?? ""], { seq: 1, past: 0 }, {}, [{ buffer: name ?? "", offset: 0, bytes: 4 }]);
    expect((await ran.result()).byteLength).toBe(4);
    executor.simulateLoss();
    expect(executor.lost).toBe(true);
    await expect(executor.run([], {}, {}, []).result()).rejects.toMatchObject({ code: "device-lost" });
  });
});
