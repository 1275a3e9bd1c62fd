import { calls, type Calls } from "./calls.js";

interface Call {
  readonly number: number;
  readonly name: keyof Calls;
  readonly args: unknown[];
}

addEventListener("message", ({ data }: MessageEvent<Call>) => {
  const call = calls[data.name] as (...args: unknown[]) => Promise<unknown>;
  call(...data.args).then(
    (value) => postMessage({ number: data.number, value }),
    (error: unknown) => postMessage({ number: data.number, error: String(error) }),
  );
});
