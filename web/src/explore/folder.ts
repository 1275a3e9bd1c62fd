/** For a page that was opened from a file: its reader chooses the page's folder, from which it then reads. */

import { KernelcError } from "../artifact/errors.js";
import { h } from "../page/dom.js";
import type { Fetch } from "./data/load.js";

/** Ask, and hand on how to read the folder's files. */
export function askForFolder(body: HTMLElement, found: (fetch: Fetch) => void): void {
  const input = h("input", {
    type: "file",
    id: "folder",
    webkitdirectory: true,
    multiple: true,
    on: { change: () => input.files?.length && found(reader([...input.files])) },
  });
  body.replaceChildren(
    h(
      "main",
      { class: "asking" },
      h("h1", {}, "kernelc explorer"),
      h(
        "p",
        {},
        "This page was opened from a file, and browsers let such a page load nothing by itself. Put its " +
          "folder on any file server (",
        h("code", {}, "python3 -m http.server"),
        " in it will do), or choose the folder here; nothing is sent anywhere.",
      ),
      h("p", {}, h("label", { class: "button primary", for: "folder" }, "Choose the page’s folder"), input),
    ),
  );
}

/** Reads files by their path within the chosen folder. */
function reader(files: readonly File[]): Fetch {
  const named = new Map(files.map((file) => [file.webkitRelativePath.replace(/^[^/]*\//, ""), file]));
  return async (name) => {
    const file = named.get(name);
    if (!file) {
      const help = "choose the folder that `kernelc explore` wrote, with explore.json in it";
      throw new KernelcError("network", `${name} is not in the chosen folder`, { help });
    }
    return new Uint8Array(await file.arrayBuffer());
  };
}
