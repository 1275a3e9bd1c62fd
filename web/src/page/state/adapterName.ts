/** What people call a graphics device, of which browsers tell as little as "intel, gen-12lp". */

import type { AdapterCard } from "../../engine/api.js";

const VENDORS: Readonly<Record<string, string>> = {
  amd: "AMD graphics",
  apple: "Apple graphics",
  arm: "Arm Mali graphics",
  "img-tec": "PowerVR graphics",
  intel: "Intel graphics",
  nvidia: "NVIDIA graphics",
  qualcomm: "Qualcomm Adreno graphics",
  samsung: "Samsung graphics",
};
/** Drivers that compute on the processor, by what is in their names. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|\bwarp\b|microsoft basic render/i;
/** Capitals that people write: the rest is written as a word. */
const SHORT = /^(?:rdna|gcn|cdna|xe|hpg|lp|lpg|gen)/;

export type NamedAdapter = Pick<AdapterCard, "name" | "vendor" | "architecture">;

/**
 * "Intel graphics (Gen 12LP)", "NVIDIA GeForce RTX 4070", "a software driver on the processor (SwiftShader)".
 */
export function adapterName({ name, vendor, architecture }: NamedAdapter): string {
  const software = SOFTWARE.exec(`${name} ${architecture}`)?.[0];
  if (software) return `a software driver on the processor (${software})`;
  const maker = VENDORS[vendor.toLowerCase()];
  const own = name.split(", ")[0] ?? name;
  if (own && own !== vendor && own !== architecture) return own; // the browser tells the product
  if (!maker) return name;
  return architecture ? `${maker} (${architectureName(architecture)})` : maker;
}

/** Whether software imitates the device. */
export function isSoftware({ name, architecture }: NamedAdapter): boolean {
  return SOFTWARE.test(`${name} ${architecture}`);
}

/** "gen-12lp" as "Gen 12LP", "rdna-3" as "RDNA 3", "ampere" as "Ampere". */
function architectureName(architecture: string): string {
  return architecture
    .split("-")
    .map((part) => (SHORT.test(part) || /^\d/.test(part) ? shortName(part) : capital(part)))
    .join(" ");
}

function shortName(part: string): string {
  return part === "gen" ? "Gen" : part.toUpperCase();
}

function capital(part: string): string {
  return part.charAt(0).toUpperCase() + part.slice(1);
}
