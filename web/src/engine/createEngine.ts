/** Opens an artifact as an engine in this thread. */

import { KernelcError } from "../artifact/errors.js";
import type { Engine, EngineOptions } from "./api.js";
import { loadModel } from "./models/loadModel.js";
import { chosenModel } from "./models/modelList.js";
import { ReloadableEngine } from "./models/reloading.js";

/**
 * Open the artifact whose folder is at `url`, or the model of that name in `options.models`: fetch what this
 * browser does not have yet, and load it on the device.
 *
 * @throws KernelcError, whose `code` says what kind of thing went wrong and whose `help` says what to do.
 */
export async function createEngine(url: string, options: EngineOptions = {}): Promise<Engine> {
  try {
    const chosen = chosenModel(url, options);
    return new ReloadableEngine(loadModel, chosen, await loadModel(chosen.url, chosen.options));
  } catch (error) {
    throw KernelcError.from(error);
  }
}
