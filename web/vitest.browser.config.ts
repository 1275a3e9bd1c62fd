import { defineConfig } from "vitest/config";

/** Tests in a real Chromium, a spec for every two cores: the browser and its software GPU keep about two busy. */
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.spec.ts"],
    globalSetup: "tests/browser/setup.ts",
    pool: "threads",
    maxWorkers: "50%",
    testTimeout: 180_000, // only ends what hangs: a busy machine takes many times as long as an idle one
    hookTimeout: 180_000,
  },
});
