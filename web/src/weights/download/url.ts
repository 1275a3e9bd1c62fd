import { KernelcError } from "../../artifact/errors.js";

/** The absolute address of an artifact's folder, ending in a slash. `url` may also name its manifest.json. */
export function folderUrl(url: string, base: string | undefined = globalThis.location?.href): string {
  let folder: URL;
  try {
    folder = new URL(url, base);
  } catch {
    throw new KernelcError("usage", `"${url}" is not the address of a model's folder.`);
  }
  if (folder.protocol !== "https:" && folder.protocol !== "http:") {
    throw new KernelcError("usage", `${folder.href}: models are loaded over http or https`, {
      help: "Serve the folder with any file server, for example `python3 -m http.server`.",
    });
  }
  const path = folder.pathname.replace(/\/manifest\.json$/, "/");
  return `${folder.origin}${path.endsWith("/") ? path : `${path}/`}`;
}

/**
 * The address of a file of an artifact. A manifest is untrusted: it may name only what is in its own folder.
 */
export function fileUrl(folder: string, file: string): string {
  const parts = file.split("/");
  const wrong = (part: string): boolean =>
    part === "" || part === "." || part === ".." || /[\\:\0]/.test(part);
  if (parts.some(wrong)) {
    throw new KernelcError(
      "bad-artifact",
      `The manifest names "${file}", which is not a file in its own folder.`,
    );
  }
  return folder + parts.map(encodeURIComponent).join("/");
}
