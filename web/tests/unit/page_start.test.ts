/** What the page says of models before one runs: in one line, and in the plan. */
import { describe, expect, it } from "vitest";
import { readingWords, statsLine } from "../../src/page/views/answerWords.js";
import { modelFacts } from "../../src/page/views/modelPanel.js";
import { isSlow, verdictOn } from "../../src/page/views/planCard.js";
import { startWords } from "../../src/page/views/startBar.js";
import { roomWords } from "../../src/page/views/storageDialog.js";
import { readCatalog } from "../../src/page/state/catalog.js";
import type { Plan } from "../../src/page/state/ports.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { initialState, reduce, type Action, type AppState, type DeviceState } from "../../src/page/state/state.js";

const MODEL = { name: "m", title: "M 135M", path: "models/m/", quant: "q4", bytes: 98_000_000, context: 2048 };
const [model] = readCatalog(
  { version: 1, models: [{ ...MODEL, parameters: 134_515_008, languages: ["en"], license: "apache-2.0" }] },
  "https://a.test/",
);
const PLAN: Plan = {
  name: "m",
  id: "new",
  context: 2048,
  max_context: 2048,
  gpu_bytes: 210e6,
  weight_bytes: 98e6,
  cache_bytes: 100e6,
  kv: null,
  scratch_bytes: 12e6,
  download_bytes: 98e6,
  stored_bytes: 0,
  device: "webgpu",
  device_reason: "",
  taken_bytes: 260e6,
  memory_bytes: null,
  fits: true,
  fitting_context: 2048,
  reasons: [],
};
const FAST: DeviceState = { kind: "usable", name: "Intel graphics (Gen 12LP)", slow: false };
const SLOW: DeviceState = { kind: "usable", name: "a software driver", slow: true };

function after(...actions: Action[]): AppState {
  const catalog: Action = { type: "catalog-read", models: model ? [model] : [] };
  const selected: Action = { type: "model-selected", name: "m", context: 2048, rate: null };
  return [catalog, selected, ...actions].reduce(reduce, initialState({ ...DEFAULT_SETTINGS }, "auto", 1));
}
const planned = (plan: Partial<Plan> = {}): Action => ({ type: "plan-known", plan: { ...PLAN, ...plan } });

describe("the line before a model runs", () => {
  it("says what it takes, and whether that is slow here", () => {
    expect(startWords(after(planned()))).toBe("98.0 MB to download, once · 210 MB of memory");
    expect(startWords(after(planned({ stored_bytes: 98e6 })))).toMatch(/^stored on this device/);
    const slow = after({ type: "device-probed", device: SLOW }, planned());
    expect(startWords(slow)).toContain("slow on this device");
    expect(startWords(reduce(slow, { type: "rate-measured", rate: 2.05 }))).toContain("slow here: 2.0 tokens/s");
    expect(startWords(reduce(slow, { type: "rate-measured", rate: 30 }))).not.toContain("slow");
  });

  it("says what is in the way", () => {
    expect(startWords(initialState({ ...DEFAULT_SETTINGS }, "auto", 1))).toContain("Reading");
    expect(startWords(after({ type: "catalog-read", models: [] }))).toContain("no models yet");
    expect(startWords(after(planned({ fits: false, reasons: ["x"] })))).toContain("cannot run it");
    expect(startWords(after({ type: "load-started" }))).toBe("is loading: 0 %");
  });

  it("says where the site has a newer build than the one that is stored", () => {
    const stored = { id: "old", url: model?.url ?? "", title: "M", bytes: 9, totalBytes: 9, complete: true };
    expect(startWords(after({ type: "stored-read", stored: [stored] }, planned()))).toMatch(/^there is a newer build/);
    const same = { ...stored, id: "new" };
    expect(startWords(after({ type: "stored-read", stored: [same] }, planned()))).not.toContain("newer");
  });
});

describe("the verdict", () => {
  it("names the device, and a slow one with what was measured", () => {
    expect(verdictOn(PLAN, FAST)).toBe("This device can run it, on Intel graphics (Gen 12LP).");
    expect(verdictOn(PLAN, SLOW)).toContain("That is probably slow.");
    expect(verdictOn(PLAN, SLOW, 2)).toContain("It wrote 2.0 tokens/s here.");
    expect([isSlow(PLAN, FAST, null), isSlow(PLAN, SLOW, null), isSlow(PLAN, SLOW, 40)]).toEqual([false, true, false]);
  });

  it("takes a processor for slow where the model is large", () => {
    const computed = { ...PLAN, device: "wasm", device_reason: "This browser has no WebGPU." } as const;
    expect(verdictOn(computed, FAST)).toBe("This device can run it on its processor. This browser has no WebGPU.");
    expect(isSlow({ ...computed, weight_bytes: 4e9 }, FAST, null)).toBe(true);
    expect(verdictOn({ ...computed, weight_bytes: 4e9 }, FAST)).toContain("processor. That is probably slow. This");
  });

  it("tells the facts of a model", () => {
    expect(model && modelFacts(model)).toBe("135 million parameters · English · Apache 2.0 · 4-bit, 98.0 MB");
  });
});

describe("what is said of an answer", () => {
  it("is how far a long prompt is read", () => {
    expect(readingWords(null)).toBe("Reading your message");
    expect(readingWords({ total: 1000, cached: 900, processed: 950 })).toBe("Reading your message");
    expect(readingWords({ total: 2014, cached: 0, processed: 512 })).toBe(
      "Reading the conversation: 512 of 2,014 tokens",
    );
    expect(readingWords({ total: 2014, cached: 500, processed: 1012 })).toContain("500 were known");
  });

  it("is how it ended", () => {
    expect(statsLine(undefined, undefined, true)).toBe("interrupted");
    expect(statsLine(undefined, "context")).toContain("the context is full");
    expect(statsLine(undefined, "stop")).toBe("");
  });
});

describe("the room that is used", () => {
  it("is told, and whether it is safe", () => {
    const all = { usageBytes: 88e6, quotaBytes: 12e9, persisted: true };
    expect(roomWords(all)).toBe("88.0 MB of 12.0 GB are used. The browser will not delete them by itself.");
    expect(roomWords({ ...all, quotaBytes: undefined, persisted: false })).toContain("may delete them");
  });
});
