/** How much memory a page may take on this device. */

const GIB = 2 ** 30;

/**
 * What a tab on an iPhone or iPad gets: WebKit ends one that takes more, without a word, from 1 to 1.5 GB on
 * with most models of these devices. It tells pages nothing of the memory that there is.
 */
const APPLE_TAB_BYTES = 1.25 * GIB;
/** The share of a device's memory that one page may take; on phones the system needs more of it itself. */
const PHONE_SHARE = 0.35;
const COMPUTER_SHARE = 0.5;
/** The largest `deviceMemory` that browsers tell: it stands for this and for anything above. */
const MOST_TOLD = 8;

/** What a browser tells of the device. */
export interface DeviceFacts {
  readonly userAgent?: string | undefined;
  /** GiB, rounded (https://www.w3.org/TR/device-memory/); only Chromium tells. */
  readonly deviceMemory?: number | undefined;
  readonly maxTouchPoints?: number | undefined;
}

/**
 * The bytes that a page may take on this device, as far as one can know: Infinity where nothing speaks for a
 * bound. It is a guess, since no browser says when it ends a tab.
 */
export function memoryBudget(facts: DeviceFacts = factsHere()): number {
  const { userAgent = "", deviceMemory, maxTouchPoints = 0 } = facts;
  // An iPad calls itself a Macintosh; no Macintosh has a touch screen.
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) {
    return APPLE_TAB_BYTES;
  }
  if (deviceMemory === undefined || !(deviceMemory > 0)) return Infinity;
  const phone = /Android|Mobile/.test(userAgent);
  if (deviceMemory >= MOST_TOLD && !phone) return Infinity;
  return Math.floor(deviceMemory * GIB * (phone ? PHONE_SHARE : COMPUTER_SHARE));
}

/** What is told here; nothing in a Node without `navigator`. */
function factsHere(): DeviceFacts {
  return (globalThis as { navigator?: DeviceFacts }).navigator ?? {};
}
