import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, it } from "vitest";
import config from "../../vite.config.js";

it("spells out what the first browsers with WebGPU do not know", async () => {
  const out = await mkdtemp(join(tmpdir(), "kernelc-styles-"));
  try {
    await build({
      configFile: false,
      logLevel: "silent",
      build: {
        ...(config.build?.cssTarget === undefined ? {} : { cssTarget: config.build.cssTarget }),
        outDir: out,
        emptyOutDir: true,
        rollupOptions: { input: fileURLToPath(new URL("../../src/page/styles/main.css", import.meta.url)) },
      },
    });
    const sheets = (await readdir(join(out, "assets"))).filter((name) => name.endsWith(".css"));
    const css = await readFile(join(out, "assets", sheets[0] ?? ""), "utf8");
    expect(css).toContain("#15171e"); // the dark paper
    expect(css).toContain("prefers-color-scheme");
    expect(css).not.toContain("light-dark(");
  } finally {
    await rm(out, { recursive: true });
  }
});
