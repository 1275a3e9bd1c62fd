import type { Plugin } from "vite";

/**
 * A Vite plugin that leaves out the older forms of KaTeX's fonts: every browser with WebGPU reads woff2, and
 * the service worker would keep all of them.
 */
export function onlyWoff2(): Plugin {
  return {
    name: "kernelc-only-woff2",
    enforce: "pre",
    transform(css, id) {
      if (!/katex[^/]*\.css(?:\?|$)/.test(id)) return null;
      return css.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\([^)]*\)/g, "");
    },
  };
}
