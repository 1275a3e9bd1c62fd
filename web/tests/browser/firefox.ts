/** Firefox as Debian has it, driven over WebDriver BiDi, and how its windows are killed. */
import { readdirSync, readFileSync } from "node:fs";

import { type Browser, firefox } from "playwright-core";
import { inject } from "vitest";

import { OTHER_BROWSERS } from "./other_browsers";

/** Preferences with which pages find a graphics adapter, if only one that software imitates. */
export const WITH_GRAPHICS: Readonly<Record<string, boolean>> = Object.fromEntries(
  OTHER_BROWSERS.Firefox.preferences.map((name) => [name, true]),
);

/** What playwright keeps behind a browser that it drives over BiDi. */
interface Behind {
  readonly _browserSession: { send(method: string, params: unknown): Promise<unknown> };
  readonly options: { readonly browserProcess: { readonly process?: { readonly pid?: number } } };
}

function behind(browser: Browser): Behind {
  const { _connection } = browser as unknown as { _connection: { toImpl(browser: Browser): Behind } };
  return _connection.toImpl(browser);
}

/** Start Firefox with a profile of its own; its contexts keep files on the disk, each for itself. */
export async function startFirefox(preferences: Readonly<Record<string, boolean>> = {}): Promise<Browser> {
  const browser = await firefox.launch({
    channel: "moz-firefox", // says: over BiDi, and not by playwright's own build
    executablePath: inject("others").Firefox,
    firefoxUserPrefs: { ...preferences },
  });
  // playwright sends this for every context, and what its answer is does not matter; this Firefox does not know it.
  const session = behind(browser)._browserSession;
  const send = session.send.bind(session);
  session.send = (method, params) =>
    method === "emulation.setMediaFeaturesOverride" ? Promise.resolve({}) : send(method, params);
  return browser;
}

/** End every window's process, as the system does that needs its memory: no handler of a page runs. */
export function killWindows(browser: Browser): void {
  const { pid } = behind(browser).options.browserProcess.process ?? {};
  if (pid === undefined) throw new Error("Firefox does not run");
  for (const each of below(pid)) {
    const words = readProcess(each, "cmdline").split("\0").filter(Boolean);
    if (words.at(-1) === "tab") process.kill(each, "SIGKILL");
  }
}

/** All processes that one started, directly or not. */
function below(root: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(/^PPid:\s*(\d+)/m.exec(readProcess(Number(name), "status"))?.[1])] as const);
  const found = [root];
  for (const each of found) found.push(...parents.flatMap(([pid, parent]) => (parent === each ? [pid] : [])));
  return found.slice(1);
}

/** A file of /proc; "" where the process has ended. */
function readProcess(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
