import { isRecord } from "./check.js";

/** What went wrong, for a person: a headline, what happened, and what to do. */
export interface Failure {
  code: string;
  title: string;
  detail: string;
  advice: string;
}

/** The facts about the browser that the advice depends on. */
export interface Surroundings {
  userAgent: string;
  secureContext: boolean;
}

type Words = { title: string; advice: string };

const WORDS: Readonly<Record<string, Words>> = {
  "no-adapter": {
    title: "No graphics device was found",
    advice:
      "WebGPU is there, but gives no device. Turn on hardware acceleration in the browser's settings, " +
      "update the graphics driver, and start the browser again.",
  },
  limits: {
    title: "This device is too small for the model",
    advice: "Choose a shorter context or a smaller model, if this site has one.",
  },
  "device-lost": {
    title: "The graphics device was lost",
    advice:
      "The browser took the device away, and it did not come back. Load the model again; what it " +
      "downloaded is kept.",
  },
  "out-of-memory": {
    title: "Not enough graphics memory",
    advice:
      "Close other tabs and programs that use the graphics card, choose a shorter context, or take a " +
      "smaller model.",
  },
  "bad-artifact": {
    title: "The model's files are not sound",
    advice:
      "The site may be incomplete, or made for another version of this page. Its owner should build it " +
      "again.",
  },
  "corrupt-shard": {
    title: "A part of the model arrived damaged",
    advice:
      "It was fetched twice and was wrong both times, so nothing of it is used. Try again later; if that " +
      "does not help, the owner of this site should upload the file again.",
  },
  network: {
    title: "The model could not be downloaded",
    advice:
      "Check the connection and try again: what has arrived is kept, and the download continues from there.",
  },
  storage: {
    title: "The browser's storage refused",
    advice: "Leave private browsing, allow this site to store data, or free some space. Then try again.",
  },
  "self-check": {
    title: "This device computes wrongly",
    advice:
      "The first test of the model's kernels gave wrong numbers here, so the model is not started: it " +
      "would answer nonsense. A newer graphics driver or another browser may help.",
  },
  context: {
    title: "The conversation has filled the context",
    advice: "Start a new chat, or load the model again with a longer context.",
  },
  template: {
    title: "The model's chat template refused the conversation",
    advice:
      "Some models take no system prompt, or want questions and answers to alternate. Clear the system " +
      "prompt in the settings, or start a new chat.",
  },
  usage: { title: "The request was not understood", advice: "Reset the settings and try again." },
  internal: {
    title: "Something went wrong",
    advice: "Load the page again. Conversations and downloaded models are kept.",
  },
};

/** Describes any thrown value for a person. */
export function describeFailure(error: unknown, surroundings: Surroundings): Failure {
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  if (code === "no-webgpu")
    return { code, title: "This browser has no WebGPU", detail, advice: adviseBrowser(surroundings) };
  const words = WORDS[code] ?? WORDS.internal;
  const help = isRecord(error) && typeof error.help === "string" ? error.help : null;
  return { code, title: words?.title ?? "Something went wrong", detail, advice: help ?? words?.advice ?? "" };
}

/** An error's code, "internal" for errors that have none. */
export function codeOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "AbortError") return "aborted";
  const code = isRecord(error) ? error.code : null;
  return typeof code === "string" &&
    (Object.hasOwn(WORDS, code) || code === "no-webgpu" || code === "aborted")
    ? code
    : "internal";
}

/**
 * Says which browser has WebGPU here, or how to turn it on. Source: the browsers' release notes, November
 * 2026.
 */
export function adviseBrowser({ userAgent, secureContext }: Surroundings): string {
  if (!secureContext)
    return "WebGPU needs a secure page: open this site by https, or on this computer by http://localhost.";
  if (/Firefox\//.test(userAgent)) {
    return (
      "Use the newest Firefox (141 or later on Windows, 145 or later on macOS). Elsewhere, set " +
      "dom.webgpu.enabled to true in about:config, or open this page in Chrome or Edge."
    );
  }
  if (/(?:Chrome|Chromium|Edg)\//.test(userAgent)) {
    const linux = /Linux/.test(userAgent) && !/Android/.test(userAgent);
    const flag = linux
      ? " On Linux, turn on chrome://flags/#enable-unsafe-webgpu and chrome://flags/#enable-vulkan."
      : "";
    return `Use the newest Chrome or Edge (113 or later, on Android 121 or later).${flag}`;
  }
  if (/Safari\//.test(userAgent))
    return "Safari has WebGPU from version 26 (macOS, iOS and iPadOS 26). Or open this page in Chrome.";
  return "Open this page in a recent Chrome, Edge, Safari 26 or Firefox.";
}
