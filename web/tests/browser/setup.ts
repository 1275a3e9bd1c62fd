/** Runs once before all browser tests: builds page, library, artifacts and site, and looks for Chromium. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { TestProject } from "vitest/node";

const WEB = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const REPO = dirname(WEB);
const CHROMIUM = ["/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome"];

/** What prepare.py prints: paths, of artifacts ("stories260K-f32") and of reference logits ("stories260K") by name. */
export interface Prepared {
  artifacts: Record<string, string>;
  logits: Record<string, string>;
  site: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    prepared: Prepared;
    /** Chromium's binary, "" where there is none. */
    chromium: string;
  }
}

export default function setup(project: TestProject): void {
  const chromium = process.env["KERNELC_CHROMIUM"] ?? CHROMIUM.find((path) => existsSync(path)) ?? "";
  if (chromium === "" && process.env["KERNELC_REQUIRED_EXECUTORS"]?.includes("browser")) {
    throw new Error("Chromium is required here, and there is none: apt-get install chromium");
  }
  project.provide("chromium", chromium);
  if (process.env["KERNELC_WEB_BUILT"] !== "1") {
    execFileSync("npm", ["run", "--silent", "build"], { cwd: WEB, stdio: ["ignore", "ignore", "inherit"] });
  }
  project.provide("prepared", prepare());
}

function prepare(): Prepared {
  const python = process.env["KERNELC_PYTHON"] ?? join(REPO, ".venv/bin/python");
  const script = join(WEB, "tests/browser/prepare.py");
  const printed = execFileSync(python, [script], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(printed) as Prepared;
}
