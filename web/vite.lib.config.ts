import { defineConfig } from "vite";
import { licenses } from "./src/service/licenses.js";

/**
 * The library: ES modules that need no other package, the engine and two that join it to other libraries, and
 * beside them the worker that it starts, with its threads. An engine in the page's own thread loads grammars when
 * a request asks for an answer with a shape.
 */
export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [licenses()],
  build: {
    target: "es2022",
    outDir: "dist/lib",
    lib: {
      entry: {
        index: "src/index.ts",
        "ai-sdk": "src/adapters/aiSdk.ts",
        "prompt-api": "src/adapters/promptApi.ts",
        "service-worker": "src/engine/clients/serve.ts",
      },
      formats: ["es"],
      fileName: (_, name) => `${name}.js`,
    },
  },
  // Bundlers copy the worker and the script of threads as they are, without what these would load beside them:
  // so each is one file.
  worker: {
    format: "es",
    rolldownOptions: { output: { codeSplitting: false, entryFileNames: "assets/[name].js" } },
  },
});
