// The walk of a new user with the keyboard alone: the focus is always visible, and everything that it needs can be reached.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, skip } from "./inspect.mjs";
import { LAB } from "./lab.mjs";

// The largest number of stops between two controls that are used.
const STOPS_MAX = 80;

// A tenant like that of the seed, of this test alone.
async function newTenant(t) {
  const body = JSON.stringify({ complete: true, clock: { speed: 0 } });
  const answer = await fetch(`${LAB}/lab/tenants`, { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal(answer.status, 201);
  const tenant = await answer.json();
  t.after(() => fetch(`${LAB}/lab/tenants/${tenant.tenant_id}`, { method: "DELETE" }));
  return tenant;
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with script" : "without script";
  test(`console: change the password, advance and fix a connection with the keyboard alone, ${how}`, { skip }, async (t) => {
    const { tenant_id, users } = await newTenant(t);
    const owner = users.find((user) => user.role === "owner");
    const context = await (await browser(t)).newContext({ viewport: { width: 1280, height: 720 }, javaScriptEnabled });
    const page = await context.newPage();
    const title = () => page.locator("h1").first().textContent();
    // Presses Tab until a control of this name has the focus.
    const reach = async (name) => {
      for (let stop = 0; stop < STOPS_MAX; stop += 1) {
        await page.keyboard.press("Tab");
        const focused = page.locator("*:focus");
        if ((await focused.count()) === 0) continue;
        const found = await focused.evaluate((element) => {
          const label = element.labels?.[0]?.textContent ?? element.textContent ?? "";
          const { outlineStyle, boxShadow } = getComputedStyle(element);
          const isVisible = outlineStyle !== "none" || boxShadow !== "none";
          const box = element.getBoundingClientRect();
          return { label: (label || element.getAttribute("aria-label") || "").trim(), isVisible, isSeen: box.width > 0 && box.height > 0 };
        });
        assert.ok(found.isVisible && found.isSeen, `the focus on '${found.label.slice(0, 60)}' is not visible`);
        if (found.label.replace(/\s+/g, " ").startsWith(name)) return;
      }
      assert.fail(`'${name}' is not reached within ${STOPS_MAX} stops`);
    };
    const press = async (name) => {
      await reach(name);
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    };

    await page.goto(`${LAB}/?tenant=${tenant_id}`);
    const password = await page.inputValue("#newpasswd");
    await page.keyboard.press("Tab");
    assert.equal(await page.locator("*:focus").textContent(), "Skip to the content");
    await page.keyboard.press("Enter");
    await press("Change");
    await press("3 hours");
    assert.equal(await title(), "One of three flows still runs: its token belongs to a confidential client.");
    await reach("Fix public");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.origin !== new URL(LAB).origin);
    // The first field has the focus.
    await page.locator("[name=loginfmt]:focus").waitFor();
    await page.keyboard.type(owner.upn);
    await reach("Password");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.origin === new URL(LAB).origin && url.pathname === "/");
    await press("Fix basic");
    await page.locator("#value:focus").waitFor();
    await page.keyboard.type(password);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    await press("1 hour");
    assert.equal(await title(), "All three flows run again: the broken connections were fixed.");
  });
}
