/** Firefox as it is installed: playwright drives only builds of its own, so a page runs by itself and reports. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inject } from "vitest";
import type { TestServer } from "./harness";

const PATIENCE_MS = 120_000;

/** A page with the library as `kernelc`, which posts what `body` (the body of an async function) returns. */
export class ReportingPage {
  private headers: Readonly<Record<string, string>> = {};
  private told: (text: string) => void = () => undefined;

  /** @param body - JavaScript. */
  constructor(private readonly body: string) {}

  /** To be mounted on a server, under any path. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === "POST") {
      let text = "";
      request.on("data", (part: Buffer) => (text += part.toString()));
      request.on("end", () => {
        response.end();
        this.told(text);
      });
      return;
    }
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value);
    response.end(this.html());
  };

  private html(): string {
    return `<!doctype html><title>report</title><script type="module">
      const run = async () => { const kernelc = await import("/lib/index.js"); ${this.body} };
      const found = await run().catch((error) => ({ error: String(error) }));
      await fetch(location.href, { method: "POST", body: JSON.stringify(found) });
    </script>`;
  }

  /** Open the page, which is mounted on `path`, in a Firefox with a profile of its own; returns what it reports. */
  async open(server: TestServer, path: string): Promise<unknown> {
    this.headers = server.headers;
    const profile = mkdtempSync(join(tmpdir(), "kernelc-firefox-"));
    const options = ["--headless", "--no-remote", "--profile", profile, server.origin + path];
    const browser = spawn(inject("firefox"), options, { stdio: "ignore", env: { ...process.env, HOME: profile } });
    const ended = new Promise<void>((resolve) => browser.once("exit", () => resolve()));
    try {
      return JSON.parse(await this.report()) as unknown;
    } finally {
      browser.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  private report(): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("Firefox reported nothing")), PATIENCE_MS);
      this.told = (text): void => {
        clearTimeout(timer);
        resolve(text);
      };
    });
  }
}
