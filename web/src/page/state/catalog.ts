import type { WarmList } from "./ports.js";
import { isCount, isRecord, isText } from "./check.js";
import { MAX_SYSTEM_LENGTH } from "./conversations.js";

/** One model of this site, as models.json names it. */
export interface CatalogModel {
  name: string;
  title: string;
  /** The folder of its artifact: an absolute address within this site. */
  url: string;
  quant: string;
  bytes: number;
  context: number;
  /** What follows is what the model's authors say of it; null, [] and false where they say nothing. */
  about: string | null;
  license: string | null;
  /** Codes of ISO 639. */
  languages: readonly string[];
  parameters: number | null;
  /** Whether it is there to try the page with, and for nothing else. */
  toy: boolean;
  /** The system prompt of chats that have none of their own; "" for none. */
  system: string;
  /** The list of what the site has computed of it; null for nothing. */
  warm: WarmList | null;
  /** The page that shows its kernels, an absolute address within this site; null where there is none. */
  explore: string | null;
}

const MAX_MODELS = 1000;
const MAX_LANGUAGES = 40;

/**
 * Reads the models of a models.json in the folder `base`.
 *
 * @throws Error that says which entry is wrong and why.
 */
export function readCatalog(value: unknown, base: string): CatalogModel[] {
  if (!isRecord(value) || value.version !== 1) throw new Error("models.json: version 1 is wanted");
  const { models } = value;
  if (!Array.isArray(models) || models.length > MAX_MODELS)
    throw new Error("models.json: a list of models is wanted");
  const read = models.map((model, index) => readModel(model, index, base));
  const names = new Set(read.map((model) => model.name));
  if (names.size !== read.length) throw new Error("models.json: two models have one name");
  return read;
}

function readModel(value: unknown, index: number, base: string): CatalogModel {
  const where = `models.json: model ${index + 1}`;
  if (!isRecord(value)) throw new Error(`${where}: an object is wanted`);
  const { name, title, path, quant, bytes, context } = value;
  if (!isText(name, 200)) throw new Error(`${where}: it has no name`);
  if (!isText(path, 1000) || !isInside(path))
    throw new Error(`${where} (${name}): path must stay within this site`);
  if (!isCount(bytes) || !isCount(context) || context < 1)
    throw new Error(`${where} (${name}): bytes and context must be whole numbers`);
  const { href: url } = new URL(path.endsWith("/") ? path : `${path}/`, base);
  return {
    name,
    url,
    bytes,
    context,
    title: isText(title, 200) ? title : name,
    quant: isText(quant, 40) ? quant : "?",
    ...readCard(value),
    system: isText(value.system, MAX_SYSTEM_LENGTH) ? value.system : "",
    warm: readWarm(value.warm),
    explore: addressOf(value.explore, base),
  };
}

/** The address of a part of this site; null for what is none. */
function addressOf(path: unknown, base: string): string | null {
  return isText(path, 1000) && isInside(path) ? new URL(path, base).href : null;
}

/** A file within the model's folder, and how it is checked. */
function readWarm(value: unknown): WarmList | null {
  if (!isRecord(value)) return null;
  const { file, bytes, sha256 } = value;
  if (!isText(file, 200) || !isInside(file) || !isCount(bytes)) return null;
  return typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256) ? { file, bytes, sha256 } : null;
}

/** What the authors say of a model. Nothing of it is needed, so what is not sound is left out. */
function readCard({ about, license, languages, parameters, toy }: Record<string, unknown>): ModelCard {
  const codes = Array.isArray(languages) ? languages.slice(0, MAX_LANGUAGES) : [];
  return {
    about: isText(about, 400) ? about : null,
    license: isText(license, 100) ? license : null,
    languages: codes.filter((code) => isText(code, 3) && /^[a-z]+$/.test(code)) as string[],
    parameters: isCount(parameters) && parameters > 0 ? parameters : null,
    toy: toy === true,
  };
}

type ModelCard = Pick<CatalogModel, "about" | "license" | "languages" | "parameters" | "toy">;

/** True for a relative path that cannot leave the page's folder, whatever it is resolved against. */
function isInside(path: string): boolean {
  return /^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(path) && !path.split("/").includes("..");
}
