import { defineConfig } from "vite";
import { classicScript, fromPublic } from "./src/service/explorer.js";
import { licenses } from "./src/service/licenses.js";

/**
 * The explorer: dist/explore is what `kernelc explore` copies. One classic script, since browsers load no modules
 * into a page that was opened from a file.
 */
export default defineConfig({
  root: "explore",
  base: "./",
  publicDir: false,
  plugins: [classicScript(), fromPublic(["icon.svg", "theme.js"]), licenses()],
  build: {
    target: "es2022",
    cssTarget: ["chrome113", "edge113", "firefox141", "safari26"],
    outDir: "../dist/explore",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's policy allows no data: scripts, styles or fonts
    modulePreload: false,
    cssCodeSplit: false, // else the script would add the styles, which the policy forbids
    rolldownOptions: { output: { format: "iife", codeSplitting: false } },
  },
});
