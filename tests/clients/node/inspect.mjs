// Looks at pages in Chromium: axe-core (WCAG 2.2 AA, best practice) at three widths, light and dark, and nothing wider than the
// window.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export const skip = process.env.CHROMIUM ? false : "no Chromium";
export const shots = new URL("screenshots/", import.meta.url).pathname;

// A browser that is closed at the end of the test.
export async function browser(t) {
  await mkdir(shots, { recursive: true });
  const opened = await chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid?.() !== 0 });
  t.after(() => opened.close());
  return opened;
}

// Checks the page that is open, and takes pictures of it if a prefix of their names is given. The context has to have `bypassCSP`,
// for axe-core.
export async function inspect(page, name, pictures) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [390, 1280, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      if (!(await page.evaluate(() => "axe" in globalThis))) await page.addScriptTag({ content: axe });
      const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly }), RULES);
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
      assert.deepEqual(found, [], `${name} at ${width}, ${colorScheme}`);
      const isWider = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
      assert.ok(!isWider, `${name} at ${width} is wider than the window`);
      if (pictures && width < 1920) await page.screenshot({ path: `${shots}${pictures}-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}
