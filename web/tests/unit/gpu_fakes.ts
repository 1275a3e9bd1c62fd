/** A WebGPU of tests: it makes nothing, and fails where it is told to. */

/** Put WebGPU's globals in place, and what takes them away again. */
export function stubGlobals(gpu: unknown, secure = true): () => void {
  const flags = { STORAGE: 128, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, MAP_READ: 1 };
  const stubs: Record<string, unknown> = {
    navigator: { gpu, userAgent: "test" },
    isSecureContext: secure,
    GPUBufferUsage: flags,
    GPUShaderStage: { COMPUTE: 4 },
    GPUOutOfMemoryError: FakeOutOfMemory,
  };
  const before = Object.keys(stubs).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(stubs)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  };
}

export class FakeError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export class FakeOutOfMemory extends FakeError {}

export interface FakeMessage {
  readonly type: string;
  readonly message: string;
  readonly lineNum: number;
  readonly linePos: number;
}

/** A device. `refuse` says what error a call leads to, by its name and label. */
export class FakeDevice extends EventTarget {
  refuse: (call: string, label: string) => FakeError | null = () => null;
  messages: readonly FakeMessage[] = [];
  lose: (info: { reason: string; message: string }) => void = () => undefined;
  readonly lost = new Promise((resolve) => {
    this.lose = resolve;
  });
  readonly destroyed: string[] = [];
  readonly made: string[] = [];
  private readonly scopes: { filter: string; error: FakeError | null }[] = [];

  pushErrorScope(filter: string): void {
    this.scopes.push({ filter, error: null });
  }

  async popErrorScope(): Promise<FakeError | null> {
    return this.scopes.pop()?.error ?? null;
  }

  private call(name: string, label: string): FakeError | null {
    this.made.push(`${name} ${label}`);
    const error = this.refuse(name, label);
    const filter = error instanceof FakeOutOfMemory ? "out-of-memory" : "validation";
    const scope = this.scopes.findLast((each) => each.filter === filter);
    if (error && scope) scope.error ??= error;
    return error;
  }

  createBuffer({ label, size }: { label: string; size: number }): unknown {
    this.call("buffer", label);
    return { label, size, destroy: () => this.destroyed.push(label) };
  }

  createBindGroupLayout({ label }: { label: string }): unknown {
    this.call("layout", label);
    return { label };
  }

  createPipelineLayout(): unknown {
    return {};
  }

  createShaderModule({ label }: { label: string }): unknown {
    this.call("module", label);
    return { getCompilationInfo: async () => ({ messages: this.messages }) };
  }

  async createComputePipelineAsync({ label }: { label: string }): Promise<unknown> {
    const error = this.call("pipeline", label);
    if (error) throw new Error(error.message);
    return { label };
  }

  destroy(): void {
    this.lose({ reason: "destroyed", message: "" });
  }
}

/** An adapter with WebGPU's guaranteed limits, of these features; `info` is what else it tells of itself. */
export function fakeGpu(
  device: FakeDevice,
  features: readonly string[] = [],
  limits: object = {},
  info: object = {},
): unknown {
  const guaranteed = {
    maxBufferSize: 268435456, maxStorageBufferBindingSize: 134217728, maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupSizeX: 256, maxComputeWorkgroupSizeY: 256,
    maxComputeWorkgroupSizeZ: 64, maxComputeWorkgroupsPerDimension: 65535, maxStorageBuffersPerShaderStage: 8,
    minStorageBufferOffsetAlignment: 256,
  };
  const adapter = {
    features: new Set(features),
    limits: { ...guaranteed, ...limits },
    info: {
      vendor: "acme", architecture: "gen-3", device: "", description: "Acme Graphics", isFallbackAdapter: false,
      subgroupMinSize: 32, subgroupMaxSize: 32, ...info,
    },
    requestDevice: async (asked: object) => Object.assign(device, { asked }),
  };
  return { requestAdapter: async () => adapter, wgslLanguageFeatures: new Set(["packed_4x8_integer_dot_product"]) };
}
