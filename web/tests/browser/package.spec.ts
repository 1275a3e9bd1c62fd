/** What `npm pack` puts into the package: with the terms of all of it, and every file that its exports name. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const WEB = join(import.meta.dirname, "../..");
const FACTS = JSON.parse(readFileSync(join(WEB, "package.json"), "utf8")) as {
  readonly license: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

describe("the package", () => {
  it("has the licence of the repository", () => {
    const text = readFileSync(join(WEB, "LICENSE"), "utf8");
    expect(text).toBe(readFileSync(join(WEB, "../LICENSE"), "utf8"));
    expect([FACTS.license, text.includes("Apache License")]).toEqual(["Apache-2.0", true]);
  });

  it("holds what it names, and nothing of the page", () => {
    const options = { cwd: WEB, encoding: "utf8", shell: process.platform === "win32" } as const;
    const printed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], options);
    const [packed] = JSON.parse(printed) as [{ readonly files: readonly { readonly path: string }[] }];
    const paths = packed.files.map(({ path }) => path);
    const named = Object.values(FACTS.exports).flatMap((each) => Object.values(each));
    for (const path of [...named, "LICENSE", "README.md", "dist/lib/licenses.txt", "dist/lib/assets/worker.js"]) {
      expect(paths).toContain(path.replace(/^\.\//, ""));
    }
    expect(paths.filter((path) => !/^(?:dist\/lib\/|LICENSE$|README\.md$|package\.json$)/.test(path))).toEqual([]);
  });
});
