import { defineConfig } from "vitest/config";

/** Tests in a real Chromium, one spec after the other: each loads the machine by itself. */
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.spec.ts"],
    globalSetup: "tests/browser/setup.ts",
    pool: "threads",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
