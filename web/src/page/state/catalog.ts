import { isCount, isRecord, isText } from "./check.js";

/** One model of this site, as models.json names it. */
export interface CatalogModel {
  name: string;
  title: string;
  /** The folder of its artifact: an absolute address within this site. */
  url: string;
  quant: string;
  bytes: number;
  context: number;
}

const MAX_MODELS = 1000;

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
  };
}

/** True for a relative path that cannot leave the page's folder, whatever it is resolved against. */
function isInside(path: string): boolean {
  return /^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(path) && !path.split("/").includes("..");
}
