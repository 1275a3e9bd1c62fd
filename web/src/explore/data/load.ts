/** Fetches the page's data: each file when it is first wanted, and once. */

import { KernelcError } from "../../artifact/errors.js";
import { parseJson } from "../../artifact/json.js";
import { Node } from "../../artifact/node.js";
import { readKernel } from "./kernel.js";
import { readGraphs, readOverview } from "./overview.js";
import type { GraphOp, KernelData, Overview } from "./types.js";

const MAX_BYTES = 64 * 2 ** 20;

/** Gives the bytes of a file of the page's folder. */
export type Fetch = (name: string) => Promise<Uint8Array<ArrayBuffer>>;

/** The files of one model. */
export class Files {
  private readonly kernels = new Map<string, Promise<KernelData>>();
  private readonly graphs = new Map<string, Promise<ReadonlyMap<string, readonly GraphOp[]>>>();

  constructor(private readonly fetch: Fetch = fetched) {}

  /** @throws KernelcError for what cannot be had or read; so do the others. */
  async overview(): Promise<Overview> {
    return readOverview(await this.json("explore.json"));
  }

  kernel(name: string): Promise<KernelData> {
    return once(this.kernels, name, async () => readKernel(await this.json(`kernels/${name}.json`)));
  }

  graph(role: string): Promise<ReadonlyMap<string, readonly GraphOp[]>> {
    return once(this.graphs, role, async () => readGraphs(await this.json(`graphs/${role}.json`)));
  }

  /** The numbers of a kernel's golden tile. */
  tile(name: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.fetch(`kernels/${name}.tile`);
  }

  private async json(name: string): Promise<Node> {
    return new Node(parseJson(await this.fetch(name), name, MAX_BYTES), name);
  }
}

/** What was asked for before; what failed is asked for again. */
function once<T>(known: Map<string, Promise<T>>, name: string, ask: () => Promise<T>): Promise<T> {
  let found = known.get(name);
  if (!found) {
    found = ask();
    found.catch(() => known.delete(name));
    known.set(name, found);
  }
  return found;
}

/** From the server that the page is from. */
async function fetched(name: string): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(new URL(name, document.baseURI), { credentials: "same-origin" });
  } catch (error) {
    const help = "look whether the file server still runs, and reload the page";
    throw new KernelcError("network", `${name} cannot be fetched`, { help, cause: error });
  }
  if (!response.ok) {
    const help = "write the page again: a part of its folder is missing";
    throw new KernelcError("network", `${name}: the server answered ${response.status}`, { help });
  }
  return new Uint8Array(await response.arrayBuffer());
}
