/**
 * Locks across all tabs of an origin (Web Locks), so that two tabs never write the same file or both download
 * the same shard. Where Web Locks are missing or refused, the locks hold within this page only.
 */

type Work<T> = () => Promise<T>;

const tails = new Map<string, Promise<void>>();

/** Runs `work` while holding the lock `name`; rejects with the signal's reason if aborted while waiting. */
export async function withLock<T>(name: string, signal: AbortSignal | undefined, work: Work<T>): Promise<T> {
  const options: LockOptions = signal ? { signal } : {};
  return request(name, work, (locks, run) => locks.request(name, options, run), signal);
}

/** Runs `work` if nobody holds the lock `name`; else returns "busy" at once. */
export async function tryLock<T>(name: string, work: Work<T>): Promise<T | "busy"> {
  if (!manager() && tails.has(name)) return "busy";
  const attempt = (locks: LockManager, run: Work<T>): Promise<T | "busy"> =>
    locks.request(name, { ifAvailable: true }, (lock): Promise<T | "busy"> =>
      lock ? run() : Promise.resolve("busy"),
    );
  return request<T | "busy", T>(name, work, attempt);
}

async function request<R, T extends R>(
  name: string,
  work: Work<T>,
  ask: (locks: LockManager, run: Work<T>) => Promise<R>,
  signal?: AbortSignal,
): Promise<R> {
  const locks = manager();
  if (!locks) return local(name, work, signal);
  let started = false;
  const run = (): Promise<T> => ((started = true), work());
  try {
    return await ask(locks, run);
  } catch (error) {
    // In a page without an origin of its own, Web Locks refuse every request.
    if (!started && error instanceof DOMException && error.name === "SecurityError") {
      return local(name, work, signal);
    }
    throw error;
  }
}

function manager(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

async function local<T>(name: string, work: Work<T>, signal?: AbortSignal): Promise<T> {
  const before = tails.get(name) ?? Promise.resolve();
  let release = (): void => undefined;
  const mine = new Promise<void>((resolve) => (release = resolve));
  const tail = before.then(() => mine);
  tails.set(name, tail);
  void tail.then(() => tails.get(name) === tail && tails.delete(name));
  try {
    await (signal ? Promise.race([before, abortion(signal)]) : before);
    return await work();
  } finally {
    release();
  }
}

/** Rejects when `signal` is triggered, or at once where it was before. */
function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
