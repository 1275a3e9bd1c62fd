/** What went wrong, as a word that programs can act on. */
export type ErrorCode =
  | "no-webgpu"
  | "no-adapter"
  | "limits"
  | "device-lost"
  | "out-of-memory"
  | "bad-artifact"
  | "corrupt-shard"
  | "network"
  | "storage"
  | "self-check"
  | "context"
  | "usage"
  | "template"
  | "aborted"
  | "internal";

/** A KernelcError as plain data, as it crosses from a worker to its page. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly help?: string;
  readonly param?: string;
}

/**
 * An error for people: the message says what is wrong, where, and what was wanted; `help` says what to do. A
 * request that is refused has the path of the field as `param` ("messages[1].content").
 */
export class KernelcError extends Error {
  override readonly name = "KernelcError";
  readonly code: ErrorCode;
  readonly help?: string;
  readonly param?: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { help?: string; param?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.help !== undefined) this.help = options.help;
    if (options.param !== undefined) this.param = options.param;
  }

  toJSON(): ErrorRecord {
    const { code, message, help, param } = this;
    return {
      code,
      message,
      ...(help === undefined ? {} : { help }),
      ...(param === undefined ? {} : { param }),
    };
  }

  static fromJSON(record: ErrorRecord): KernelcError {
    const { code, message, ...options } = record;
    return new KernelcError(code, message, options);
  }

  /**
   * Any thrown value as a KernelcError: a KernelcError stays as it is, an AbortError becomes "aborted", a
   * failed allocation "out-of-memory", and everything else "internal".
   */
  static from(error: unknown): KernelcError {
    if (error instanceof KernelcError) return error;
    if (error instanceof Error && error.name === "AbortError") return aborted(error);
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (error instanceof RangeError && /allocat/i.test(message)) {
      const help = "close other tabs and programs, or take a smaller model";
      return new KernelcError("out-of-memory", `the browser has no memory left: ${message}`, {
        help,
        cause: error,
      });
    }
    return new KernelcError("internal", message, { cause: error });
  }
}

/** The error of an operation whose AbortSignal was triggered. */
export function aborted(cause?: unknown): KernelcError {
  return new KernelcError("aborted", "stopped on request", { cause });
}

/** Throw the "aborted" error where `signal` was triggered. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal.reason);
}
