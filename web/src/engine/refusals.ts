/** What is thrown where an engine has nothing to answer with. */

import { KernelcError } from "../artifact/errors.js";

export function disposed(): KernelcError {
  return new KernelcError("usage", "the engine was disposed", { help: "create another" });
}

export function noModel(): KernelcError {
  const help = "wait until reload is done, or reload it again";
  return new KernelcError("usage", "the engine has no model at the moment", { help });
}
