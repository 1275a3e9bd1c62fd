/** Draws public/icon-*.png from public/icon.svg: `CHROMIUM=/usr/lib/chromium/chromium node tools/icons.mjs`. */
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const FOLDER = new URL("../public/", import.meta.url);
const SIZES = [180, 192, 512]; // Apple's home screen; what browsers want of a page that installs

const svg = await readFile(new URL("icon.svg", FOLDER), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/lib/chromium/chromium",
  args: ["--no-sandbox"],
});
for (const size of SIZES) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${svg}`);
  await page.screenshot({ path: new URL(`icon-${size}.png`, FOLDER).pathname });
  await page.close();
}
await browser.close();
