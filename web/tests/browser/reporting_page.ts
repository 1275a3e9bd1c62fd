/**
 * Firefox and WebKit as Debian has them: playwright drives only builds of its own, so a page runs by itself and
 * reports.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inject } from "vitest";
import type { TestServer } from "./harness";
import { OTHER_BROWSERS, type OtherName } from "./other_browsers";

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

  /**
   * Open the page, which is mounted on `path`, in a browser with a profile of its own; returns what it reports.
   * `webgpu` turns WebGPU on.
   */
  async open(name: OtherName, server: TestServer, path: string, webgpu = false): Promise<unknown> {
    this.headers = server.headers;
    const profile = mkdtempSync(join(tmpdir(), "kernelc-profile-"));
    const lines = OTHER_BROWSERS[name].preferences.map((each) => `user_pref("${each}", true);\n`);
    if (webgpu) writeFileSync(join(profile, "user.js"), lines.join(""));
    const url = server.origin + path;
    const [command, ...options] = OTHER_BROWSERS[name].command(inject("others")[name], profile, url);
    // Root, as in containers, has no sandbox there.
    const env = { ...process.env, HOME: profile, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" };
    const browser = spawn(command, options, { stdio: "ignore", env, detached: true });
    const ended = new Promise<string>((resolve) => {
      browser.once("error", (error) => resolve(String(error)));
      browser.once("exit", (code, signal) => resolve(`it ended with ${code ?? signal}`));
    });
    try {
      return JSON.parse(await this.report(name, ended)) as unknown;
    } finally {
      endGroup(browser.pid);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** What the page posts; `ended` says how the browser ended. */
  private report(name: OtherName, ended: Promise<string>): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        reject(new Error(`${name} reported nothing: ${why}`));
      };
      const timer = setTimeout(fail, PATIENCE_MS, "it took too long");
      void ended.then(fail);
      this.told = (text): void => {
        clearTimeout(timer);
        resolve(text);
      };
    });
  }
}

/** End a process with all that it started, if any of it is still there. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
