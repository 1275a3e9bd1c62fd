import { describe, expect, it } from "vitest";
import { KernelcError, type ErrorCode } from "../../src/artifact/errors.js";
import { readCatalog } from "../../src/page/state/catalog.js";
import { adviseBrowser, codeOf, describeFailure } from "../../src/page/state/failures.js";
import {
  formatBytes,
  formatDay,
  formatLanguages,
  formatLarge,
  formatLicense,
  formatRate,
  formatSeconds,
} from "../../src/page/format.js";
import { adapterName, isSoftware } from "../../src/page/state/adapterName.js";
import { DEFAULT_SETTINGS, inForce, NUMBER_FIELDS, readSettings } from "../../src/page/state/settings.js";
import { storagePreferences } from "../../src/page/services.js";

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";
const HERE = { userAgent: CHROME, secureContext: true };

describe("numbers", () => {
  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [5_123_456, "5.1 MB"],
    [99_960_000, "100 MB"],
    [999_900_000, "1.0 GB"],
    [7.16e9, "7.2 GB"],
    [NaN, "?"],
    [-1, "?"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("tell times and rates", () => {
    expect([0.04, 9.94, 9.96, 89, 91, 7200].map(formatSeconds)).toEqual([
      "0.0 s",
      "9.9 s",
      "10 s",
      "89 s",
      "2 min",
      "2 h",
    ]);
    expect([12.34, 123.4, 0].map(formatRate)).toEqual(["12.3 tokens/s", "123 tokens/s", "? tokens/s"]);
  });

  it("tell the size, the languages and the licence of a model", () => {
    expect([7_900_000, 134_515_008, 6_738_415_616].map(formatLarge)).toEqual([
      "7.9 million",
      "135 million",
      "6.7 billion",
    ]);
    expect(formatLanguages(["en"])).toBe("English");
    expect(formatLanguages(["en", "fr", "zz"])).toBe("English, French, and zz");
    expect(formatLanguages(["en", "fr", "de", "es", "it", "pt"])).toBe("6 languages");
    expect(["apache-2.0", "my-own"].map(formatLicense)).toEqual(["Apache 2.0", "my-own"]);
  });

  it("tell days, whatever the hour", () => {
    const now = new Date(2026, 10, 22, 0, 30).getTime();
    const day = (month: number, date: number): number => new Date(2026, month, date, 23, 59).getTime();
    expect([day(10, 22), day(10, 21), day(10, 17), day(8, 1)].map((time) => formatDay(time, now))).toEqual([
      "Today",
      "Yesterday",
      "This week",
      "September 2026",
    ]);
  });
});

describe("a graphics device has a name for people", () => {
  it.each([
    ["google, swiftshader", "google", "swiftshader", "a software driver on the processor (swiftshader)"],
    ["llvmpipe (LLVM 19.1.7, 256 bits)", "", "", "a software driver on the processor (llvmpipe)"],
    ["intel, gen-12lp", "intel", "gen-12lp", "Intel graphics (Gen 12LP)"],
    ["amd, rdna-3", "amd", "rdna-3", "AMD graphics (RDNA 3)"],
    ["nvidia, ampere", "nvidia", "ampere", "NVIDIA graphics (Ampere)"],
    ["apple", "apple", "", "Apple graphics"],
    ["NVIDIA GeForce RTX 4070, ampere", "nvidia", "ampere", "NVIDIA GeForce RTX 4070"],
    ["newco, one", "newco", "one", "newco, one"],
  ])("%s", (name, vendor, architecture, shown) => {
    expect(adapterName({ name, vendor, architecture })).toBe(shown);
    expect(isSoftware({ name, vendor, architecture })).toBe(shown.includes("software"));
  });
});

describe("every failure has its words", () => {
  const codes: ErrorCode[] = [
    "no-webgpu",
    "no-adapter",
    "limits",
    "device-lost",
    "out-of-memory",
    "bad-artifact",
    "corrupt-shard",
    "network",
    "storage",
    "self-check",
    "context",
    "usage",
    "template",
    "internal",
  ];

  it.each(codes)("%s", (code) => {
    const failure = describeFailure(new KernelcError(code, "shard 0003.bin is damaged"), HERE);
    expect(failure).toMatchObject({ code, detail: "shard 0003.bin is damaged" });
    expect(failure.title.length).toBeGreaterThan(10);
    expect(failure.advice.length).toBeGreaterThan(20);
  });

  it("tells codes apart by title", () => {
    expect(new Set(codes.map((code) => describeFailure(new KernelcError(code, ""), HERE).title)).size).toBe(
      codes.length,
    );
  });

  it("takes the engine's own advice where it gives some", () => {
    expect(describeFailure(new KernelcError("limits", "m", { help: "take q4" }), HERE).advice).toBe("take q4");
  });

  it("makes something of anything thrown", () => {
    expect(describeFailure("odd", HERE)).toMatchObject({ code: "internal", detail: "odd" });
    expect(describeFailure(null, HERE).code).toBe("internal");
    expect(codeOf({ code: "constructor" })).toBe("internal");
    expect(codeOf({ code: "ENOENT" })).toBe("internal");
    expect(codeOf(new DOMException("x", "AbortError"))).toBe("aborted");
  });

  it("names the browser's own way to WebGPU", () => {
    expect(adviseBrowser({ userAgent: CHROME, secureContext: false })).toContain("https");
    expect(adviseBrowser(HERE)).toContain("chrome://flags/#enable-unsafe-webgpu");
    expect(
      adviseBrowser({ ...HERE, userAgent: CHROME.replace("X11; Linux x86_64", "Linux; Android 14") }),
    ).not.toContain("chrome://flags");
    expect(adviseBrowser({ ...HERE, userAgent: "Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/150.0" })).toContain(
      "about:config",
    );
    expect(
      adviseBrowser({ ...HERE, userAgent: "Mozilla/5.0 (iPhone) AppleWebKit/605.1 Version/18.0 Safari/604.1" }),
    ).toContain("26");
  });
});

describe("models.json", () => {
  const model = { name: "demo", title: "Demo", path: "models/demo/", quant: "q4", bytes: 5, context: 1024 };
  const read = (...models: unknown[]) => readCatalog({ version: 1, models }, "https://a.test/x/");

  it("is read, with addresses in this site", () => {
    expect(read(model, { ...model, name: "b", path: "models/b" }).map(({ url }) => url)).toEqual([
      "https://a.test/x/models/demo/",
      "https://a.test/x/models/b/",
    ]);
    expect(read({ ...model, title: 5 })[0]?.title).toBe("demo");
  });

  it("says of a model what its authors say, and nothing that is not sound", () => {
    const card = { about: "A toy.", license: "mit", languages: ["en"], parameters: 7_900_000, toy: true };
    expect(read({ ...model, ...card })[0]).toMatchObject(card);
    const nothing = { about: null, license: null, languages: [], parameters: null, toy: false };
    expect(read(model)[0]).toMatchObject(nothing);
    const odd = { about: 5, license: {}, languages: ["<b>", 7], parameters: -1, toy: "yes" };
    expect(read({ ...model, ...odd })[0]).toMatchObject(nothing);
  });

  it("has a model's system prompt, and what the site has computed of it", () => {
    const warm = { file: "warm.json", bytes: 5, sha256: "a".repeat(64) };
    expect(read({ ...model, system: "Be kind.", warm })[0]).toMatchObject({ system: "Be kind.", warm });
    expect(read(model)[0]).toMatchObject({ system: "", warm: null });
    for (const odd of [{ file: "../x" }, { bytes: -1 }, { sha256: "A".repeat(64) }, { sha256: undefined }]) {
      expect(read({ ...model, system: 7, warm: { ...warm, ...odd } })[0]).toMatchObject({ system: "", warm: null });
    }
  });

  it("has the address of a page that shows a model's kernels, within this site", () => {
    expect(read({ ...model, explore: "explore/demo/" })[0]?.explore).toBe("https://a.test/x/explore/demo/");
    for (const odd of ["../up/", "https://evil.test/", 5, undefined])
      expect(read({ ...model, explore: odd })[0]?.explore).toBeNull();
  });

  it.each([
    "//evil.test/",
    "https://evil.test/",
    "/root/",
    "../up/",
    "a/../../b",
    "a\\..\\b",
    "models/a b/",
    "models/%2e%2e/",
    "",
    "javascript:alert(1)",
    "models//x",
  ])("refuses the path %j", (path) => {
    expect(() => read({ ...model, path })).toThrow(/stay within this site/);
  });

  it.each([
    [{ version: 2, models: [] }, "version 1"],
    [null, "version 1"],
    [{ version: 1, models: {} }, "a list"],
    [{ version: 1, models: [null] }, "model 1"],
    [{ version: 1, models: [{ ...model, bytes: -1 }] }, "whole numbers"],
    [{ version: 1, models: [{ ...model, context: 0 }] }, "whole numbers"],
    [{ version: 1, models: [model, model] }, "one name"],
  ])("refuses %j", (value, words) => {
    expect(() => readCatalog(value, "https://a.test/")).toThrow(words);
  });
});

describe("settings", () => {
  it("come back as they were kept, and as defaults where they were not sound", () => {
    const kept = { ...DEFAULT_SETTINGS, temperature: 0, topK: 0, seed: 7, system: "Be brief." };
    expect(readSettings(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
    expect(
      readSettings({
        temperature: "hot",
        topP: 0,
        topK: 1.5,
        minP: -1,
        maxTokens: 1e9,
        repetitionPenalty: NaN,
        seed: -1,
        system: 5,
      }),
    ).toEqual(DEFAULT_SETTINGS);
    for (const odd of [null, [], "x", 5]) expect(readSettings(odd)).toEqual(DEFAULT_SETTINGS);
  });

  it("follow the model where it recommends something, until a person chooses", () => {
    const own = { temperature: 0.2, top_k: 0, top_p: 0.9, min_p: 0, repetition_penalty: 1.1 };
    const followed = inForce(DEFAULT_SETTINGS, own);
    expect([followed.temperature, followed.topK, followed.topP, followed.repetitionPenalty]).toEqual([0.2, 0, 0.9, 1.1]);
    expect(inForce(DEFAULT_SETTINGS, null)).toEqual(DEFAULT_SETTINGS);
    expect(readSettings({ temperature: 0.5 }).recommended).toBe(false); // as an older page kept it
    expect(readSettings({ maxTokens: 24 }).recommended).toBe(true);
    const chosen = { ...DEFAULT_SETTINGS, recommended: false, temperature: 1 };
    expect(inForce(chosen, own)).toEqual(chosen);
  });

  it("have defaults within their bounds", () => {
    for (const { key, min, max } of NUMBER_FIELDS)
      expect(DEFAULT_SETTINGS[key] >= min && DEFAULT_SETTINGS[key] <= max).toBe(true);
  });

  it("last as long as the page where storage is blocked", () => {
    const blocked = storagePreferences(() => {
      throw new DOMException("no", "SecurityError");
    });
    expect(blocked.read("theme")).toBeNull();
    blocked.write("theme", "dark");
    expect(blocked.read("theme")).toBe("dark");
  });
});
