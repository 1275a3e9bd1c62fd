import { defineConfig } from "vitest/config";

/** Unit tests. A test that needs a DOM says so itself: `// @vitest-environment jsdom`. */
export default defineConfig({
  test: {
    include: ["tests/unit/**/*.test.ts"],
    pool: "threads",
    maxWorkers: 2,
    testTimeout: 60_000, // on a busy machine a test of a second takes many
  },
});
