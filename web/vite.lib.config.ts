import { defineConfig } from "vite";
import { licenses } from "./src/service/licenses.js";

/**
 * The library: ES modules that need no other package, the engine and two that join it to other libraries, and
 * beside them the worker that it starts, and the grammars that both load when a request asks for an answer with
 * a shape.
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
      },
      formats: ["es"],
      fileName: (_, name) => `${name}.js`,
    },
  },
  worker: { format: "es" },
});
