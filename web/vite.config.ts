import { defineConfig } from "vite";
import { onlyWoff2 } from "./src/service/fonts.js";
import { licenses } from "./src/service/licenses.js";
import { serviceWorker } from "./src/service/plugin.js";

/** The page: dist/site is what `kernelc web` copies. All addresses are relative, so it works under any path. */
export default defineConfig({
  base: "./",
  plugins: [onlyWoff2(), licenses(), serviceWorker()],
  build: {
    target: "es2022",
    // The oldest browsers with WebGPU: light-dark() is spelt out for those that came before it.
    cssTarget: ["chrome113", "edge113", "firefox141", "safari26"],
    outDir: "dist/site",
    assetsInlineLimit: 0, // the page's policy allows no data: scripts, styles or fonts
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  worker: {
    format: "es",
    // What the worker loads later imports what it needs from a chunk, and not from the worker's own file, which
    // WebKit would run again for that.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "engine", test: /\/worker\/serveEngines\.ts$/ }] } },
    },
  },
});
