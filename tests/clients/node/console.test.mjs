// The console in Chromium, as a new user meets it: the walk from a password change to repaired flows, and every page in both
// themes, at three widths, with and without script, checked by axe-core.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { chromium } from "playwright-core";

import { LAB } from "./lab.mjs";

const TENANT = "c0470500-0000-4000-8000-000000000001";
const skip = process.env.CHROMIUM ? false : "no Chromium";
const shots = new URL("screenshots/", import.meta.url).pathname;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function lab(path, body) {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${LAB}/lab/tenants/${TENANT}${path}`, init);
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

async function browser(t) {
  await mkdir(shots, { recursive: true });
  const chosen = { executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid?.() !== 0 };
  const opened = await chromium.launch(chosen);
  t.after(() => opened.close());
  return opened;
}

// A page of the seed tenant. Errors of scripts, and of the content security policy, fail the test.
async function open(t, opened, options) {
  const context = await opened.newContext(options);
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (line) => line.type() === "error" && /policy|Uncaught/i.test(line.text()) && errors.push(line.text()));
  t.after(() => assert.deepEqual(errors, []));
  return page;
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";
  test(`console: change the password, advance, see what still works and why, fix it, ${how}`, { skip }, async (t) => {
    await lab("/reset", {});
    await lab("/clock", { run: 0 });
    const page = await open(t, await browser(t), { viewport: { width: 1280, height: 720 }, javaScriptEnabled });
    const title = () => page.locator("h1").first().textContent();
    const shot = (name) => page.screenshot({ path: join(shots, `${name}-${how.replace(" ", "-")}.png`) });
    const press = async (name, exact = false) => {
      await page.getByRole("button", { name, exact }).click();
      await page.waitForLoadState();
    };
    const started = Date.now();
    await page.goto(`${LAB}/?tenant=${TENANT}`);
    assert.equal(await title(), "You change your password. What still works?");
    await shot("1-before");
    const password = await page.inputValue("#newpasswd");
    await press("Change", true);
    await press("3 hours");
    assert.equal(await title(), "One of three flows still runs: its token belongs to a confidential client.");
    const first = page.locator(".creds li").first();
    assert.match(await first.textContent(), /Survived: here the hub is a confidential client.*Password changed by user/);
    assert.match(await page.locator("#notices").textContent(), /Time moved 3 hours\. 9 runs: 4 succeeded, 5 failed\./);
    await shot("2-after");
    // From red to green: Fix, sign in, run.
    await press("Fix public");
    await page.waitForURL((url) => url.origin !== new URL(LAB).origin);
    await page.fill("[name=loginfmt]", "owner@contoso.example");
    await page.fill("[name=passwd]", password);
    await page.locator("button[type=submit]").first().click();
    await page.waitForURL((url) => url.origin === new URL(LAB).origin && url.pathname === "/");
    await press("Fix basic");
    await page.fill("#value", password);
    await press("Fix connection");
    await press("1 hour");
    assert.equal(await title(), "All three flows run again: the broken connections were fixed.");
    await shot("3-repaired");
    await press("Revoke, as admin");
    await press("3 hours");
    assert.equal(await title(), "One of three flows still runs: it sends the password itself, not a token.");
    await press("Start over");
    assert.equal(await title(), "You change your password. What still works?");
    assert.ok(Date.now() - started < 120_000, "under two minutes");
  });
}

test("console: Orders Desktop shows what it holds after a sign-in, and the story follows an advance live", { skip }, async (t) => {
  await lab("/reset", {});
  const { users } = await lab("");
  const owner = users.find((user) => user.role === "owner");
  const page = await open(t, await browser(t), { viewport: { width: 1280, height: 900 } });
  await page.goto(`${LAB}/?tenant=${TENANT}`);
  await page.getByRole("link", { name: "Sign in to Orders Desktop" }).click();
  await page.fill("[name=loginfmt]", owner.upn);
  await page.fill("[name=passwd]", owner.password);
  await page.locator("button[type=submit]").first().click();
  await page.waitForURL(/orders-desktop/);
  assert.equal(await page.locator("h1").textContent(), "Orders Desktop is signed in, and keeps a refresh token.");
  assert.match(await page.locator(".claims").first().textContent(), /The client did not authenticate: a public client\./);
  await page.screenshot({ path: join(shots, "4-orders-desktop.png") });
  await page.getByRole("link", { name: "Back to the story" }).click();
  // Started elsewhere, shown here.
  const moving = lab("/clock", { advance: "P89D" });
  const seen = new Set();
  const progress = page.locator("#progress");
  await progress.getByText("Moving the clock").waitFor();
  while (await progress.locator("progress").count()) {
    seen.add(await progress.textContent({ timeout: 1_000 }).catch(() => ""));
    await page.waitForTimeout(50);
  }
  await moving;
  assert.ok(seen.size >= 10, `${seen.size} updates`);
});

test("console: axe-core finds nothing on any page, and no page is wider than the window", { skip }, async (t) => {
  await lab("/reset", {});
  await lab("/events", { type: "password_change", user: "owner@contoso.example" });
  await lab("/clock", { advance: "PT3H" });
  const story = await lab("/story");
  const token = story.credentials.find((one) => one.state === "revoked").name;
  const [{ name: run }] = story.flows[1].runs;
  const opening = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ seats: 2, lesson: 2 }) };
  const { code } = await (await fetch(`${LAB}/lab/classes`, opening)).json();
  t.after(() => fetch(`${LAB}/lab/classes/${code}`, { method: "DELETE" }));
  const paths = ["/", "/tokens", `/tokens?of=${token}`, `/runs/${run}`, "/matrix/credentials", "/matrix/connections", "/connections", "/flows", "/journal", "/diagnose", "/class", `/class/${code}`, `/class/${code}?slips=1`, "/join", "/console/tenants", "/nothing"];
  const opened = await browser(t);
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280, 1920]) {
      const page = await open(t, opened, { viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
      for (const path of paths) {
        await page.goto(LAB + path);
        await page.addScriptTag({ content: axe });
        const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly }), RULES);
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
        assert.deepEqual(found, [], `${path} at ${width}, ${colorScheme}`);
        const isWider = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
        assert.ok(!isWider, `${path} at ${width} is wider than the window`);
      }
    }
  }
});
