// The integrations, each run by its test runner, and the example.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Lab } from "outlive-lab";

const RUNNERS = fileURLToPath(new URL("runners", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../example", import.meta.url));
// Starts one system for all workers of Vitest and Playwright.
const SESSION = "outlive-lab/session";
const JOURNAL = /The last journal events of tenant .*:\n.*Z \w+ [^]*owner@\S+ changed the password\./;
const directory = mkdtempSync(path.join(tmpdir(), "outlive-runners-"));
const find = createRequire(import.meta.url).resolve;
const VITEST = path.join(path.dirname(find("vitest/package.json")), "vitest.mjs");

let lab;
before(async () => (lab = await Lab.start()));
after(async () => {
  await lab.stop();
  rmSync(directory, { recursive: true });
});

// Runs Node.js and returns its exit code and output.
async function run(args, variables = {}, cwd = RUNNERS) {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, CI: "1", TMPDIR: directory, ...lab.environment, ...variables };
  // The tests below are not part of this run of node:test.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (output += part));
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, output };
}

// Only the tenant of the seed remains.
async function assertTenantsAreDeleted() {
  const { tenants } = await lab.call("list its tenants", "GET", "/lab/tenants");
  assert.deepEqual(tenants.map(({ domain }) => domain), ["contoso.example"]);
}

// The failed test has the journal of its tenant, the others have none.
function assertJournalOfTheFailure({ code, output }) {
  assert.equal(code, 1, output);
  assert.match(output, JOURNAL);
  assert.equal(output.match(/The last journal events/g).length, 1, output);
  assert.doesNotMatch(output, /An administrator reset/);
}

test("node:test: a failed test prints the last journal events of its tenant", async () => {
  const ran = await run(["--test", "--test-reporter=tap", "node_test.js"]);
  assertJournalOfTheFailure(ran);
  assert.match(ran.output, /# pass 1\n# fail 1\n/);
  await assertTenantsAreDeleted();
});

test("Vitest: parallel tests, and a failed one that prints the journal", async () => {
  const ran = await run([VITEST, "run", "--root", RUNNERS, "--config", path.join(RUNNERS, "vitest.config.js")]);
  assertJournalOfTheFailure(ran);
  assert.match(ran.output, /Tests +1 failed \| 3 passed/);
  await assertTenantsAreDeleted();
});

test("Playwright: a failed test prints the journal, and a user signs in in a browser", async () => {
  const playwright = find("@playwright/test/cli");
  const ran = await run([playwright, "test", "--reporter=list", "--config", path.join(RUNNERS, "playwright.config.js")], { RESULTS: directory });
  assertJournalOfTheFailure(ran);
  assert.match(ran.output, process.env.CHROMIUM ? /2 passed/ : /1 skipped\n +1 passed/);
  assert.match(ran.output, /attachment #\d+: journal/);
  await assertTenantsAreDeleted();
});

test("session: one system for all processes of a run, which stops with it", async () => {
  const variables = { OUTLIVE_AGAINST: "", OUTLIVE_CA: "", SESSION };
  const { code, output } = await run([VITEST, "run", "--root", RUNNERS, "--config", path.join(RUNNERS, "vitest.config.js")], variables);
  assert.equal(code, 0, output);
  const urls = [...output.matchAll(/lab (http:\S+) not started by process (\d+)/g)];
  assert.equal(urls.length, 2, output);
  assert.equal(urls[0][1], urls[1][1], "one system");
  assert.notEqual(urls[0][2], urls[1][2], "two processes");
  assert.notEqual(urls[0][1], lab.url);
  await assert.rejects(Lab.start({ against: urls[0][1] }), { code: "LabUnreachable" });
});

test("example: red because the refresh token is revoked, then green", async () => {
  const red = await run(["--test", "--test-reporter=tap", "orders.test.js"], { ORDERS: "./orders_before.js" }, EXAMPLE);
  assert.equal(red.code, 1, red.output);
  assert.match(red.output, /^ok 1 - a signed-in user sees the orders$/m);
  assert.match(red.output, /^not ok 2 - after a password change, the user is asked to sign in$/m);
  assert.match(red.output, /error: .*AADSTS50173/);
  assert.match(red.output, /InteractionRequiredAuthError/);
  assert.match(red.output, JOURNAL);
  const green = await run(["--test", "--test-reporter=tap", "orders.test.js"], {}, EXAMPLE);
  assert.equal(green.code, 0, green.output);
  assert.match(green.output, /# pass 2\n# fail 0\n/);
  await assertTenantsAreDeleted();
});
