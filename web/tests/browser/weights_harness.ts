/** What the specs of weights/ share: a page that loads shards and nothing else, and artifacts of random shards. */
import { createHash, randomFillSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { inject } from "vitest";

import type { ShardSpec } from "../../src/weights/load";
import type { TestServer } from "./harness";
import type { Calls } from "./weights/calls";

const HERE = dirname(fileURLToPath(import.meta.url));

export type Realm = "page" | "worker";

/** Folders made for a spec; `remove` them at its end. */
export class Folders {
  private readonly made: string[] = [];

  make(): string {
    const folder = mkdtempSync(join(tmpdir(), "kernelc-weights-"));
    this.made.push(folder);
    return folder;
  }

  remove(): void {
    for (const folder of this.made) rmSync(folder, { recursive: true });
  }
}

/** Builds the page of weights/ into a folder, to be mounted as "/weights/". */
export async function buildPage(folder: string): Promise<void> {
  await build({
    root: resolve(HERE, "weights"),
    configFile: false,
    base: "./",
    logLevel: "warn",
    worker: { format: "es" },
    build: { outDir: folder, emptyOutDir: true, target: "es2022", minify: false },
  });
}

/** Chromium with a profile on the disk, as people have it; contexts of a browser keep all files in memory. */
export function startProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, {
    executablePath: inject("chromium"),
    args: ["--no-sandbox", "--disable-gpu-sandbox", "--disable-background-networking", "--no-first-run"],
  });
}

let origins = 0;

/** An origin that nobody used before: the server by another name. */
export function freshOrigin(server: TestServer): string {
  return `http://test${++origins}.localhost:${new URL(server.origin).port}`;
}

export interface Artifact {
  readonly id: string;
  readonly shards: ShardSpec[];
}

/** Writes shards of random bytes, of these sizes, and a manifest that names them. */
export function writeArtifact(folder: string, sizes: readonly number[]): Artifact {
  mkdirSync(join(folder, "weights"), { recursive: true });
  const shards = sizes.map((bytes, index) => {
    const data = randomFillSync(Buffer.alloc(bytes));
    const file = `weights/${String(index).padStart(4, "0")}.bin`;
    writeFileSync(join(folder, file), data);
    return { file, bytes, sha256: sha256(data) };
  });
  const manifest = JSON.stringify({ format: "kernelc-artifact", name: "random", weights: { shards } });
  writeFileSync(join(folder, "manifest.json"), manifest);
  return { id: sha256(manifest), shards };
}

function sha256(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A tab on the page of weights/. `prepare` runs in it before anything else does. */
export class Tab {
  readonly page: Page;
  private readonly realm: Realm;

  private constructor(page: Page, realm: Realm) {
    this.page = page;
    this.realm = realm;
  }

  static async open(context: BrowserContext, origin: string, realm: Realm, prepare?: () => void): Promise<Tab> {
    const page = await context.newPage();
    page.on("pageerror", (error) => console.error(`page error: ${error.stack ?? error.message}`));
    if (prepare) await page.addInitScript(prepare);
    await page.goto(`${origin}/weights/`);
    await page.waitForFunction(() => "weights" in globalThis);
    return new Tab(page, realm);
  }

  /** Runs one of the calls of weights/calls.ts. */
  async call<N extends keyof Calls>(name: N, ...args: Parameters<Calls[N]>): Promise<Awaited<ReturnType<Calls[N]>>> {
    const run = ([realm, which, all]: [Realm, N, unknown[]]): Promise<unknown> => weights(realm, which, all);
    const value = await this.page.evaluate(run, [this.realm, name, args] as never);
    return value as Awaited<ReturnType<Calls[N]>>;
  }

  async load(artifact: Artifact, folder = "/random/"): ReturnType<Calls["load"]> {
    return this.call("load", folder, artifact.id, artifact.shards);
  }
}
