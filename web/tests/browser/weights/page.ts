import { calls, type Calls } from "./calls.js";

/** Runs a call in the page, or in its worker. */
type Run = (realm: "page" | "worker", name: keyof Calls, args: unknown[]) => Promise<unknown>;

declare global {
  var weights: Run;
}

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
let calledBefore = 0;

function inWorker(name: keyof Calls, args: unknown[]): Promise<unknown> {
  const number = calledBefore++;
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<{ number: number; value?: unknown; error?: string }>) => {
      if (data.number !== number) return;
      if (data.error === undefined) resolve(data.value);
      else reject(new Error(data.error));
    });
    worker.postMessage({ number, name, args });
  });
}

globalThis.weights = (realm, name, args) => {
  const call = calls[name] as (...args: unknown[]) => Promise<unknown>;
  return realm === "worker" ? inWorker(name, args) : call(...args);
};
