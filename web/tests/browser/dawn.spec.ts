/** The built library under Dawn for Node, with the software driver that Chromium brings: the same ids and logits. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { distFolder, hasArtifact, LOGIT_POSITIONS, MOST_ERROR, startServer, worstError } from "./harness";
import { referenceLogits, referenceRuns, type TestServer } from "./harness";

const SCRIPT = resolve(distFolder("lib"), "../../tests/node/dawn.mjs");
const DRIVER = process.env["VK_DRIVER_FILES"] ?? join(dirname(inject("chromium")), "vk_swiftshader_icd.json");
const MODEL = "stories260K";
const skipped = !existsSync(DRIVER) || !hasArtifact(`${MODEL}-f32`) || referenceRuns(MODEL).length === 0;

interface Found {
  readonly ids: number[][];
  readonly logits: number[][];
  readonly adapter: string;
}

describe.skipIf(skipped)(`Dawn for Node on ${DRIVER}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server.close();
  });

  test("greedy ids and logits are the reference's", async () => {
    const runs = referenceRuns(MODEL);
    const found = await run({ options: {}, runs, scored: runs[0]?.ids.slice(0, LOGIT_POSITIONS) });
    expect(found.ids).toEqual(runs.map((each) => each.ids));
    expect(found.logits.length).toBe(LOGIT_POSITIONS);
    expect(worstError(found.logits.flat(), referenceLogits(MODEL))).toBeLessThanOrEqual(MOST_ERROR);
  }, 120_000);

  /** What dawn.mjs answers. */
  async function run(request: unknown): Promise<Found> {
    const env = { XDG_RUNTIME_DIR: "/tmp", ...process.env, VK_DRIVER_FILES: DRIVER };
    const url = `${server.origin}/models/${MODEL}-f32/`;
    return await new Promise<Found>((done, fail) => {
      const child = execFile(process.execPath, [SCRIPT, url], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        if (error) fail(new Error(`dawn.mjs: ${error.message}\n${stderr}`));
        else done(JSON.parse(stdout) as Found);
      });
      child.stdin?.end(JSON.stringify(request));
    });
  }
});
