/** Browsers besides Chromium, as Debian has them. */

/** A browser besides Chromium: how it is found, started and what it lacks. */
interface OtherBrowser {
  /** What brings it in Debian. */
  readonly package: string;
  /** Where its binary is: the first that exists. */
  readonly paths: readonly string[];
  /** The variable that names another binary. */
  readonly variable: string;
  /** Whether pages that are isolated have SharedArrayBuffer. */
  readonly shares: boolean;
  /** Preferences that turn WebGPU on, on a software driver too; none where there is no WebGPU. */
  readonly preferences: readonly string[];
  command(binary: string, profile: string, url: string): readonly [string, ...string[]];
}

export const OTHER_BROWSERS = {
  Firefox: {
    package: "firefox-esr",
    paths: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
    variable: "KERNELC_FIREFOX",
    shares: true,
    preferences: ["dom.webgpu.enabled", "gfx.webgpu.ignore-blocklist", "gfx.webgpu.force-enabled"],
    command: (binary, profile, url) => [binary, "--headless", "--no-remote", "--profile", profile, url],
  },
  // WebKitGTK's own small browser. It has neither WebGPU nor, though pages are isolated, memory that threads share.
  WebKit: {
    package: "libwebkit2gtk-4.1-0 xvfb",
    paths: ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-4.1/MiniBrowser`),
    variable: "KERNELC_WEBKIT",
    shares: false,
    preferences: [],
    command: (binary, _, url) => ["xvfb-run", "--auto-servernum", binary, url],
  },
} as const satisfies Record<string, OtherBrowser>;

export type OtherName = keyof typeof OTHER_BROWSERS;
