/** Runs once before all browser tests: builds page, library, artifacts and site, and looks for Chromium. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { TestProject } from "vitest/node";

import { OTHER_BROWSERS, type OtherName } from "./other_browsers";

const WEB = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const REPO = dirname(WEB);
const CHROMIUM = ["/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome"];

/** What prepare.py prints: paths. */
export interface Prepared {
  /** By name and quantisation, such as "tiny-f32". */
  artifacts: Record<string, string>;
  /** By name: reference runs (JSON), and the logits of the first of them (raw f32). */
  references: Record<string, [runs: string, logits: string]>;
  /** Published models that were found, by name: a prompt and what a few native steps at temperature 0 add to it. */
  published: Record<string, { prompt_ids: number[]; ids: number[] }>;
  /** Requests to tiny-f32 with the choices of the native answers. */
  answered: { endpoint: "chat" | "text"; request: Record<string, unknown>; choices: unknown[] }[];
  /** Ids with the embeddings that the native runtime makes of them, for tiny-embed. */
  embedded: { ids: number[]; vector: number[] }[];
  site: string;
  /** A site whose model runs on the processor too; "" where there is no compiler for it. */
  computed: string;
  /** A site whose model has a system prompt with its rows. */
  warm: string;
  /** The explorer of a few kernels of the tiny model. */
  explored: string;
  /** That of SmolLM2 with all its kernels. */
  explored_whole: string;
  /** Test data outside the repository that was looked for and is not there. */
  missing: string[];
}

declare module "vitest" {
  export interface ProvidedContext {
    prepared: Prepared;
    /** Chromium's binary, "" where there is none. */
    chromium: string;
    /** The binaries of other browsers, "" where there is none. */
    others: Record<OtherName, string>;
  }
}

export default function setup(project: TestProject): void {
  const chromium = process.env["KERNELC_CHROMIUM"] ?? CHROMIUM.find((path) => existsSync(path)) ?? "";
  if (chromium === "" && process.env["KERNELC_REQUIRED_EXECUTORS"]?.includes("browser")) {
    throw new Error("Chromium is required here, and there is none: apt-get install chromium");
  }
  project.provide("chromium", chromium);
  project.provide("others", { Firefox: found("Firefox"), WebKit: found("WebKit") });
  if (process.env["KERNELC_WEB_BUILT"] !== "1") {
    execFileSync("npm", ["run", "--silent", "build"], { cwd: WEB, stdio: ["ignore", "ignore", "inherit"] });
  }
  const prepared = prepare();
  project.provide("prepared", prepared);
  const [first] = prepared.missing;
  if (first === undefined) return;
  const message = `${first} is missing; $KERNELC_TEST_DATA says where test data is`;
  if (process.env["KERNELC_REQUIRE_TEST_DATA"] === "1") throw new Error(message);
  console.warn(`SKIPPED tests of real models (*.data.spec.ts): ${message}`);
}

/** The binary of a browser; "" where there is none, and it is not wanted. */
function found(name: OtherName): string {
  const { variable, paths, package: brought } = OTHER_BROWSERS[name];
  const binary = process.env[variable] ?? paths.find((path) => existsSync(path)) ?? "";
  if (binary === "" && process.env["KERNELC_REQUIRE_OTHERS"] === "1") {
    throw new Error(`${name} is wanted here, and there is none: apt-get install ${brought}`);
  }
  return binary;
}

function prepare(): Prepared {
  const python = process.env["KERNELC_PYTHON"] ?? join(REPO, ".venv/bin/python");
  const script = join(WEB, "tests/browser/prepare.py");
  const printed = execFileSync(python, [script], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(printed) as Prepared;
}
