import { describe, expect, it } from "vitest";
import { aborted, KernelcError } from "../../src/artifact/errors.js";
import { LinkedAbort } from "../../src/artifact/signals.js";
import { both } from "../../src/engine/models/loadModel.js";

/** Weights that arrive only if nobody stops them. */
function loading(signal: AbortSignal): Promise<{ release(): void }> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(aborted(signal.reason))));
}

describe("opening", () => {
  it("does not go on with the weights where the tokenizer is broken", async () => {
    const stopping = new LinkedAbort();
    const texts = Promise.reject(new KernelcError("bad-artifact", "no tokenizer"));
    await expect(both(texts, loading(stopping.signal), stopping)).rejects.toMatchObject({ code: "bad-artifact" });
  });

  it("releases weights that were there before the tokenizer failed", async () => {
    let released = false;
    const weights = Promise.resolve({ release: () => (released = true) });
    const texts = new Promise<never>((_, reject) => setTimeout(() => reject(new KernelcError("network", "gone")), 5));
    await expect(both(texts, weights, new LinkedAbort())).rejects.toMatchObject({ code: "network" });
    expect(released).toBe(true);
  });

  it("stops with the signal that it was given", async () => {
    const outer = new AbortController();
    const stopping = new LinkedAbort(outer.signal);
    const opening = both(Promise.resolve(1), loading(stopping.signal), stopping);
    outer.abort();
    await expect(opening).rejects.toMatchObject({ code: "aborted" });
  });

  it("tells why the device failed, where both did", async () => {
    const texts = Promise.reject(new KernelcError("network", "gone"));
    const weights = Promise.reject(new KernelcError("limits", "too small"));
    await expect(both(texts, weights, new LinkedAbort())).rejects.toMatchObject({ code: "limits" });
  });
});
