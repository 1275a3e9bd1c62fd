import { defineConfig } from "vite";

/** The library: one ES module that needs no other package, and beside it the worker that it starts. */
export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist/lib",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "index.js" },
  },
  worker: { format: "es" },
});
