// The HTML report of `outlive run`: a paired scenario beside its variant, and a scenario that fails.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { browser, inspect, skip } from "./inspect.mjs";

const SCENARIOS = `
scenarios:
  - name: Only a confidential client keeps its tokens after a password change
    about: The revocation table has a column for confidential clients. They keep their tokens when a user changes the password.
    twins: {fact: client, values: [Contoso Orders Connector, Orders Desktop]}
    chapters:
      - title: Before the change
        steps:
          - sign_in: {user: owner, app: "\${twin.client}", scope: openid offline_access, keep: tokens}
          - advance: {by: PT1H}
      - title: After the change
        steps:
          - change_password: {user: owner}
          - refresh: {tokens: tokens}
          - advance: {by: P1D}
  - name: An expectation that is not met
    chapters:
      - title: One
        steps:
          - advance: {by: PT1H}
          - say: No run takes place in this hour, but one is expected
            advance: {by: PT1H, runs: 1}
          - advance: {by: PT1H}
`;

test("report: a paired scenario is beside its variant, at three widths, light and dark", { skip }, async (t) => {
  const home = await mkdtemp(join(tmpdir(), "outlive-report-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const [file, report] = [join(home, "pairs.yaml"), join(home, "report.html")];
  await writeFile(file, SCENARIOS);
  const code = await new Promise((ended) => {
    execFile(process.env.OUTLIVE_BIN, ["run", file, "--html", report], (error) => ended(error?.code ?? 0));
  });
  assert.equal(code, 1, "one of both scenarios fails");

  const context = await (await browser(t)).newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(pathToFileURL(report).href);
  assert.match(await page.locator("h1").textContent(), /^2 scenarios in 1 file: 1 passed, 1 failed; 9 steps, 1 day \d+ hours of virtual time/);
  await page.locator("summary").first().click();
  const step = page.locator("li.differs");
  assert.equal(await step.count(), 1);
  assert.match(await step.textContent(), /outcomes differ/);
  const sides = step.locator(".side");
  assert.match(await sides.nth(0).textContent(), /^Contoso Orders Connector passed[^]*Why: Accepted/);
  assert.match(await sides.nth(1).textContent(), /^Orders Desktop failed[^]*Why: Refused[^]*50173/);
  // Side by side where there is room, one below the other where there is none.
  const place = async (number) => sides.nth(number).boundingBox();
  for (const [width, isBeside] of [[1000, true], [420, false]]) {
    await page.setViewportSize({ width, height: 800 });
    const [left, right] = [await place(0), await place(1)];
    assert.equal(left.y === right.y && left.x < right.x, isBeside, `at ${width}`);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      if (process.env.REPORT_SHOTS) await page.screenshot({ path: `${process.env.REPORT_SHOTS}-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await inspect(page, "report", "report");
});
