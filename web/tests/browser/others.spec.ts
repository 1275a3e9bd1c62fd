/** Greedy ids and logits of the tiny model in Firefox and WebKit: what numpy says that they should be. */
import { availableParallelism } from "node:os";

import { describe, expect, inject, test } from "vitest";

import type { EngineOptions } from "../../src/index";
import { hasOther, ISOLATING, startServer } from "./harness";
import { OTHER_BROWSERS, type OtherName } from "./other_browsers";
import { expectReference, found, LOGIT_POSITIONS, reference, STOP_IDS, type FoundInPage } from "./reference";
import { ReportingPage } from "./reporting_page";

const computed = "tiny-f32-wasm" in inject("prepared").artifacts;
const PLACES = Object.keys(OTHER_BROWSERS).flatMap((name) =>
  [true, false].map((isolated) => ({ name: name as OtherName, isolated })),
);

/** Compares what a browser finds with the reference; returns the rest. */
async function compared(
  name: OtherName,
  url: string,
  options: EngineOptions,
  { isolated = false, webgpu = false },
): Promise<FoundInPage> {
  const wanted = reference("tiny");
  const scored = wanted.runs[0]?.ids.slice(0, LOGIT_POSITIONS) ?? [];
  const asked = [url, options, wanted.runs, scored, STOP_IDS] as const;
  const report = new ReportingPage(`return (${found.toString()})(${JSON.stringify(asked)});`);
  const server = await startServer({ "/report/": report.handle });
  server.headers = isolated ? ISOLATING : {};
  const got = await report.open(name, server, "/report/", webgpu).finally(() => server.close());
  expect(got).not.toHaveProperty("error");
  expectReference(got as FoundInPage, wanted);
  return got as FoundInPage;
}

describe.skipIf(!computed)("the processor (needs the extra cpu)", () => {
  test.for(PLACES)("in $name, isolated: $isolated, computes the reference's", async ({ name, isolated }, { skip }) => {
    skip(!hasOther(name), `there is no ${name}`);
    const { adapter } = await compared(name, "/models/tiny-f32-wasm/", { device: "wasm" }, { isolated });
    const threads = isolated && OTHER_BROWSERS[name].shares && availableParallelism() > 1;
    expect(adapter).toMatch(threads ? /, \d+ threads\)$/ : /, 1 thread\)$/);
  });
});

test.skipIf(!hasOther("Firefox"))("Firefox's WebGPU (needs firefox-esr) computes the reference's", async () => {
  const { features } = await compared("Firefox", "/models/tiny-f32/", { device: "webgpu" }, { webgpu: true });
  expect(features).not.toContain("subgroups");
});
