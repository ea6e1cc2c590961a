// The console in Chromium, as a new user meets it: the walk from a password change to repaired flows, and every page in both
// themes, at three widths, with and without script, checked by axe-core.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { browser, inspect, shots, skip } from "./inspect.mjs";
import { LAB } from "./lab.mjs";

const TENANT = "c0470500-0000-4000-8000-000000000001";

async function lab(path, body) {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${LAB}/lab/tenants/${TENANT}${path}`, init);
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
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
  // Started elsewhere, shown here. A longer advance shows more.
  const moving = lab("/clock", { advance: "P30D" });
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

// The addresses of the steps of a lesson that is taken to its end, from the list of lessons on.
async function takeLesson(page, title) {
  await page.goto(`${LAB}/lessons`);
  await page.getByRole("link", { name: title, exact: true }).click();
  const addresses = [page.url()];
  await page.getByRole("button", { name: "Create my tenant and begin" }).click();
  while (!(await page.getByRole("button", { name: "End, and delete the tenant" }).count())) {
    addresses.push(page.url());
    const question = page.locator("form.predict");
    if (await question.count()) {
      assert.equal(await page.locator("[data-fact]").count(), 0, "no answer before the prediction");
      for (const fieldset of await question.locator("fieldset").all()) await fieldset.locator("input").first().check();
      await question.locator("button").click();
      await page.locator("[data-fact]").first().waitFor();
    } else {
      await page.locator(".buttons a.is-primary").click();
      await page.waitForURL((url) => url.href !== addresses.at(-1));
    }
  }
  return [...addresses, page.url()].map((address) => address.slice(LAB.length));
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";
  test(`console: a lesson is taken from its list to its end, ${how}`, { skip }, async (t) => {
    const page = await open(t, await browser(t), { viewport: { width: 1280, height: 800 }, javaScriptEnabled });
    const steps = await takeLesson(page, "Public and confidential");
    assert.equal(steps.length, 9);
    assert.match(steps[3], /step=4&until=.*&p=alive,alive,alive$/);
    await page.getByRole("button", { name: "End, and delete the tenant" }).click();
    await page.getByText("its tenant is deleted").waitFor();
  });
}

test("console: on the projector nothing is smaller than 24 px, ideas fit, and arrow keys lead on", { skip }, async (t) => {
  await lab("/reset", {});
  await lab("/events", { type: "password_change", user: "owner@contoso.example" });
  await lab("/clock", { advance: "PT3H" });
  const opened = await browser(t);
  const student = await open(t, opened, { viewport: { width: 1280, height: 800 } });
  const paths = ["/?present"];
  for (const [number, title] of [[3, "Password and passkey"], [8, "Continuous access evaluation"]]) {
    const steps = await takeLesson(student, title);
    paths.push(`/lessons/${number}?present`, ...steps.slice(1).map((step) => `${step}&present`));
  }
  for (const [width, height] of [[1280, 720], [1920, 1080]]) {
    const page = await open(t, opened, { viewport: { width, height }, reducedMotion: "reduce" });
    for (const path of paths) {
      await page.goto(LAB + path);
      const found = await page.evaluate(() => {
        const isShown = (node) => node.checkVisibility() && !node.closest(".unseen, .skip, title, desc");
        const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
        const small = [];
        while (walker.nextNode()) {
          const node = walker.currentNode;
          const parent = node.parentElement;
          if (!node.textContent.trim() || !isShown(parent)) continue;
          const svg = parent.ownerSVGElement;
          const scale = svg ? svg.getScreenCTM().a : 1;
          const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
          if (size < 24) small.push(`${node.textContent.trim()}: ${size}`);
        }
        const high = [...document.querySelectorAll(".idea")].filter((idea) => idea.getBoundingClientRect().height > innerHeight + 1);
        return { small, high: high.map((idea) => `${idea.id}: ${idea.getBoundingClientRect().height}`) };
      });
      assert.deepEqual(found, { small: [], high: [] }, `${path} at ${width}`);
    }
    await page.goto(`${LAB}/?present`);
    await page.screenshot({ path: join(shots, `5-present-${width}.png`) });
    for (const [key, idea] of [["ArrowRight", "#idea-2"], ["ArrowRight", "#idea-3"], ["ArrowLeft", "#idea-2"]]) {
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.hash === idea);
      await page.screenshot({ path: join(shots, `5-present-${width}-${key}-${idea.slice(1)}.png`) });
    }
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(`${LAB}/lessons/1?present`);
  }
});

test("console: a worksheet is exactly one page of paper", { skip }, async (t) => {
  const opened = await browser(t);
  // A page without script is printed before it was ever drawn, which lays it out anew.
  for (const javaScriptEnabled of [true, false]) {
    const page = await open(t, opened, { javaScriptEnabled });
    for (const edition of ["2025-11", "2025-05", "2021", "2018"]) {
      for (const path of ["/matrix/worksheet", "/matrix/worksheet/answers"]) {
        await page.goto(`${LAB}${path}?edition=${edition}`);
        const pdf = (await page.pdf({ preferCSSPageSize: true, path: join(shots, `6${path.replaceAll("/", "-")}-${edition}.pdf`) })).toString("latin1");
        assert.equal(pdf.match(/\/Type \/Page\b/g).length, 1, `${path} of ${edition}`);
        assert.match(pdf, /\/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]/, "A4 upright");
      }
    }
  }
});

test("console: a pair is run from its page, and a run again with its client changed", { skip }, async (t) => {
  await lab("/reset", {});
  await lab("/clock", { advance: "PT2H" });
  await lab("/events", { type: "password_change", user: "owner@contoso.example" });
  await lab("/clock", { advance: "PT3H" });
  const { flows } = await lab("/story");
  const page = await open(t, await browser(t), { viewport: { width: 1280, height: 800 }, bypassCSP: true });
  const run = async () => {
    await page.getByRole("button", { name: "Run both" }).click();
    await page.getByRole("heading", { name: "Here they part" }).waitFor({ timeout: 60_000 });
    assert.deepEqual(await page.locator(".twin-fork .badge").allTextContents(), ["Rejected", "New tokens"]);
    await inspect(page, page.url());
  };
  await page.goto(`${LAB}/twins`);
  await run();
  await page.goto(`${LAB}/runs/${flows.find((flow) => flow.display_name === "Hourly, public").runs[0].name}`);
  await page.getByRole("link", { name: "Replay with one fact changed" }).click();
  await page.getByLabel("Change", { exact: true }).selectOption("client");
  await run();
});

test("console: exports are saved as PNG by a script, whose links are hidden without it", { skip }, async (t) => {
  const { flows: [{ runs: [{ name: run }] }] } = await lab("/story");
  const opened = await browser(t);
  const page = await open(t, opened, { viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  const plain = await open(t, opened, { viewport: { width: 1280, height: 800 }, javaScriptEnabled: false });
  for (const [path, name] of [["/", "story.png"], ["/timeline", "timeline.png"], [`/runs/${run}`, "run.png"], ["/matrix/credentials", "matrix.png"]]) {
    await plain.goto(LAB + path);
    assert.equal(await plain.getByRole("link", { name: "PNG" }).isVisible(), false, path);
    await page.goto(LAB + path);
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "PNG" }).click()]);
    assert.equal(saved.suggestedFilename(), name);
    const bytes = await readFile(await saved.path());
    assert.equal(bytes.subarray(1, 4).toString("latin1"), "PNG", path);
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    assert.ok(width >= 1_200 && height >= 300, `${path}: ${width} x ${height}`);
    // A blank image of this size is far smaller.
    assert.ok(bytes.length > 20_000, `${path}: ${bytes.length} bytes`);
    await saved.saveAs(join(shots, `9-${name}`));
  }
});

test("console: axe-core finds nothing on any page, and no page is wider than the window", { skip }, async (t) => {
  await lab("/reset", {});
  await lab("/events", { type: "password_change", user: "owner@contoso.example" });
  await lab("/clock", { advance: "PT3H" });
  const story = await lab("/story");
  const token = story.credentials.find((one) => one.state === "revoked").name;
  const { id: flow, runs: [{ name: run }] } = story.flows[1];
  const opening = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ seats: 2, lesson: 2 }) };
  const { code } = await (await fetch(`${LAB}/lab/classes`, opening)).json();
  t.after(() => fetch(`${LAB}/lab/classes/${code}`, { method: "DELETE" }));
  const { users, applications } = await lab("");
  const paths = ["/", "/timeline", "/timeline?range=year", "/tokens", `/tokens?of=${token}`, `/runs/${run}`, "/twins", `/twins?run=${run}`, "/matrix/credentials", "/matrix/connections", "/matrix/editions", "/connections", "/connections?share=orders-of-the-owner", "/directory/users", `/directory/users/${users[0].id}`, "/directory/users?of=deleted", "/directory/groups", "/directory/app-registrations", "/directory/enterprise-applications", ...applications.filter((one) => ["confidential", "resource"].includes(one.kind)).slice(0, 2).map((one) => `/directory/applications/${one.client_id}`), "/directory/consents", "/directory/policies", "/directory/keys", "/directory/tenant", "/directory/users/nothing", "/flows", `/flows/${flow}?run=${run}`, "/journal", "/journal?show=all", "/phone", "/faults", "/diagnose", "/docs", "/docs/glossary", "/class", `/class/${code}`, `/class/${code}?slips=1`, "/join", "/console/tenants", "/nothing", "/?present", "/lessons", "/lessons/2/teacher", "/matrix/worksheet", "/matrix/worksheet/answers"];
  const opened = await browser(t);
  const student = await open(t, opened, { viewport: { width: 1280, height: 800 } });
  const steps = await takeLesson(student, "Public and confidential");
  paths.push(...steps.slice(0, 4), steps.at(-1), `${steps[2]}&present`, `${steps[3]}&present`);
  // Two at a time, each in a context of its own: axe-core uses one core.
  const look = async () => {
    const page = await open(t, opened, { viewport: { width: 1280, height: 800 }, bypassCSP: true });
    while (paths.length > 0) {
      const path = paths.shift();
      await page.goto(LAB + path);
      await inspect(page, path);
    }
  };
  await Promise.all([look(), look()]);
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";
  test(`console: a chosen theme wins over that of the system, except on paper, ${how}`, { skip }, async (t) => {
    await lab("/reset", {});
    const page = await open(t, await browser(t), { viewport: { width: 1280, height: 800 }, javaScriptEnabled, bypassCSP: true });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const isDark = async () => Math.max(...(await ground()).match(/\d+/g).slice(0, 3).map(Number)) < 80;
    for (const [theme, expected] of [["Dark", [true, true]], ["Light", [false, false]], ["As the system", [false, true]]]) {
      await page.goto(`${LAB}/directory/users?tenant=${TENANT}`);
      await page.getByRole("button", { name: theme, exact: true }).click();
      await page.waitForLoadState();
      assert.equal(new URL(page.url()).pathname, "/directory/users");
      for (const path of ["/directory/users", "/", "/?present", "/nothing"]) {
        await page.goto(LAB + path);
        const seen = [];
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          seen.push(await isDark());
        }
        assert.deepEqual(seen, expected, `${theme} ${path}`);
        await page.emulateMedia({ colorScheme: "dark", media: "print" });
        assert.equal(await isDark(), false, `${theme} ${path} on paper`);
        await page.emulateMedia({ colorScheme: "light", media: "screen" });
        if (javaScriptEnabled && path !== "/nothing") await inspect(page, `${theme} ${path}`);
      }
    }
  });
}
