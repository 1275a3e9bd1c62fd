/** Something that a person should know although loading continues. */
export interface Notice {
  readonly code:
    | "storage-blocked"
    | "storage-full"
    | "not-persistent"
    | "refetched"
    | "f16-missing"
    | "variant-dropped"
    | "immediates-dropped"
    | "device-restored"
    | "on-processor"
    | "one-thread";
  readonly message: string;
}

/** Bytes as people read them: "640 MB", "1.2 GB". */
export function megabytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.ceil(bytes / 1e3))} kB`;
  return bytes < 1e9
    ? `${(bytes / 1e6).toPrecision(3).replace(/\.0+$/, "")} MB`
    : `${(bytes / 1e9).toFixed(1)} GB`;
}

export function storageBlocked(): Notice {
  return {
    code: "storage-blocked",
    message:
      "This browser lets the page store nothing (a private window, or storage is blocked for this site). " +
      "The model works, but will be downloaded again the next time.",
  };
}

/** @param roomBytes - how much the browser would still store, where it tells. */
export function storageFull(neededBytes: number, roomBytes?: number): Notice {
  const room = roomBytes === undefined ? "has no room left" : `has room for only ${megabytes(roomBytes)}`;
  return {
    code: "storage-full",
    message:
      `The model needs ${megabytes(neededBytes)} more on disk, and this browser ${room} for this site. ` +
      "The model " +
      "works, but will be downloaded again the next time. Delete another stored model, or free space on " +
      "the disk.",
  };
}

export function notPersistent(): Notice {
  return {
    code: "not-persistent",
    message:
      "The model is stored, but the browser may delete it when the disk fills up. Installing this page, or " +
      "bookmarking it, usually makes the browser keep it.",
  };
}

export function refetched(file: string): Notice {
  return { code: "refetched", message: `${file} was damaged and is being downloaded again.` };
}
