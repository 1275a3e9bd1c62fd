/** The TypeScript in the documents compiles against the library as it is. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const WEB = resolve(import.meta.dirname, "../..");
const DOCS = ["README.md", "../docs/library.md"];
const BLOCK = /^```ts\n(.*?)^```$/gms;

const folder = mkdtempSync(join(WEB, "tests/unit/.docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the documents", () => {
  it("have TypeScript that compiles", () => {
    const blocks = DOCS.flatMap((doc) => {
      const text = readFileSync(join(WEB, doc), "utf8");
      return [...text.matchAll(BLOCK)].map(([, code = ""], at) => ({ doc, at, code }));
    });
    expect(blocks.length).toBeGreaterThan(5);
    for (const { doc, at, code } of blocks) {
      writeFileSync(join(folder, `${doc.replace(/\W/g, "_")}_${at + 1}.ts`), `${code}\nexport {};\n`);
    }
    const paths = {
      kernelc: [join(WEB, "src/index.ts")],
      "kernelc/ai-sdk": [join(WEB, "src/adapters/aiSdk.ts")],
      "kernelc/service-worker": [join(WEB, "src/engine/clients/serve.ts")],
      "kernelc/prompt-api": [join(WEB, "src/adapters/promptApi.ts")],
    };
    const options = { noEmit: true, noUnusedLocals: false, types: ["@webgpu/types", "vite/client"], paths };
    const config = { extends: join(WEB, "tsconfig.base.json"), compilerOptions: options, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    let said = "";
    try {
      execFileSync(join(WEB, "node_modules/.bin/tsc"), ["-p", folder], { cwd: WEB, encoding: "utf8" });
    } catch (error) {
      said = String((error as { stdout?: string }).stdout);
    }
    expect(said).toBe("");
  }, 60_000);
});
