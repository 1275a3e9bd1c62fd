/** Models by their names, instead of by their addresses. */

import { KernelcError } from "../../artifact/errors.js";
import { absoluteUrl } from "../addresses.js";
import type { EngineOptions, ListedModel, OptionsOfModels } from "../api.js";

/** The options that belong to one model, and not to whichever is loaded next. */
export const OF_MODELS: readonly OptionsOfModels[] = ["build", "context", "warm"];

/** A model as it is to be opened. */
export interface ChosenModel {
  /** Absolute address. */
  readonly url: string;
  readonly options: EngineOptions;
  /** What the user asked for, and with which options. */
  readonly asked: { readonly model: string; readonly options: EngineOptions };
}

const MOST_MODELS = 1000;
const MOST_NAMED = 12;

/**
 * What is to be opened: with a list, `model` is a name in it; without one, an address.
 *
 * @throws KernelcError "usage" for a name that is not in the list, and for what is no address.
 */
export function chosenModel(model: string, options: EngineOptions): ChosenModel {
  const asked = { model, options };
  if (!options.models) return { url: absoluteUrl(model), options, asked };
  const listed = options.models.find(({ name }) => name === model);
  if (listed) return { url: absoluteUrl(listed.url), options: { ...listed.options, ...options }, asked };
  const names = options.models.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = options.models.length > names.length ? ", ..." : "";
  throw new KernelcError("usage", `there is no model "${model}" in the list`, {
    help: names.length ? `the list has ${names.join(", ")}${more}` : "the list is empty",
  });
}

/**
 * The list of a site, from the address of its models.json, which `kernelc web` writes. Entries have a name
 * and a path, relative to the list, or a `url` of their own.
 *
 * @throws KernelcError "network" where there is none; "bad-artifact" that says what is wrong in it.
 */
export async function fetchModelList(
  url: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly ListedModel[]> {
  const address = absoluteUrl(url, "a list of models");
  let value: unknown;
  try {
    const response = await fetch(address, { cache: "no-cache", ...(signal && { signal }) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    value = await response.json();
  } catch (error) {
    if (signal?.aborted) throw KernelcError.from(error);
    const why = error instanceof Error ? error.message : String(error);
    const help = "is it on the server, and open to this page?";
    throw new KernelcError("network", `${address}: ${why}`, { help, cause: error });
  }
  return readModelList(value, address);
}

/** The models of a models.json at `address`. @throws KernelcError "bad-artifact". */
export function readModelList(value: unknown, address: string): readonly ListedModel[] {
  const { models, version } = asRecord(value);
  if (version !== 1 || !Array.isArray(models) || models.length > MOST_MODELS)
    throw wrong(address, `wanted version 1 and a list of at most ${MOST_MODELS} models`);
  const read = models.map((each: unknown, at) => readListed(asRecord(each), `models[${at}]`, address));
  const twice = read.find(({ name }, at) => read.findIndex((other) => other.name === name) !== at);
  if (twice) throw wrong(address, `two models are called "${twice.name}"`);
  return read;
}

function readListed(entry: Record<string, unknown>, where: string, address: string): ListedModel {
  const { name, path, url = path, title, warm } = entry;
  if (typeof name !== "string" || !name) throw wrong(address, `${where} has no name`);
  if (typeof url !== "string" || !URL.canParse(url, address))
    throw wrong(address, `${where} (${name}) has neither a path nor a url`);
  const list = asRecord(warm);
  const { file, bytes, sha256 } = list;
  const isWarm = typeof file === "string" && typeof bytes === "number" && typeof sha256 === "string";
  return {
    name,
    url: new URL(url, address).href,
    ...(typeof title === "string" && { title }),
    ...(isWarm && { options: { warm: { file, bytes, sha256 } } }),
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function wrong(address: string, what: string): KernelcError {
  return new KernelcError("bad-artifact", `${address}: ${what}`, { help: "write the list again" });
}
