import { defineConfig } from "vite";
import { licenses } from "./src/service/licenses.js";

/**
 * The library: one ES module that needs no other package, and beside it the worker that it starts, and the
 * grammars that both load when a request asks for an answer with a shape.
 */
export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [licenses()],
  build: {
    target: "es2022",
    outDir: "dist/lib",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "index.js" },
  },
  worker: { format: "es" },
});
