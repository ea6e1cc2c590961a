// A forgotten password and a second factor, in one browser: the codes come from the phone page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, inspect, skip } from "./inspect.mjs";
import { LAB, Tenant } from "./lab.mjs";

test("phone: reset a password and register an authenticator, with the codes that the phone shows", { skip }, async (t) => {
  const tenant = await Tenant.of(t);
  const idp = tenant.facts.urls.idp;
  const [desktop, owner] = [tenant.application("Orders Desktop"), tenant.user("owner")];
  const context = await (await browser(t)).newContext({ bypassCSP: true });
  context.setDefaultTimeout(20_000);
  const [page, phone] = [await context.newPage(), await context.newPage()];
  const submit = () => Promise.all([page.waitForNavigation(), page.locator("button[type=submit]").first().click()]);
  const openPhone = () => phone.goto(`${LAB}/phone?tenant=${tenant.id}&user=owner`);

  // The mail has the code; once it is used, the phone says so.
  await openPhone();
  await inspect(phone, "phone-empty");
  await page.goto(`${idp}/${tenant.id}/passwordreset`);
  await page.fill("#username", owner.upn);
  await submit();
  await openPhone();
  const code = (await phone.locator("main").textContent()).match(/\b\d{6,8}\b/)[0];
  await inspect(phone, "phone-mail");
  await page.fill("#code", code);
  await page.fill("#newpasswd", "Correct-Horse-8");
  await page.fill("#confirmpasswd", "Correct-Horse-8");
  await submit();
  assert.doesNotMatch(await page.locator("h1").textContent(), /Choose a new password/);
  await openPhone();
  assert.match(await phone.locator("main").textContent(), /used|no longer|not usable/i);

  // The secret of the sign-in page goes into the authenticator app.
  await tenant.event("require_mfa");
  const redirect_uri = desktop.redirect_uris.find((uri) => uri.includes("127.0.0.1"));
  const asked = { client_id: desktop.client_id, response_type: "code", redirect_uri, scope: "openid", code_challenge: "x".repeat(43), code_challenge_method: "S256" };
  await page.goto(`${idp}/${tenant.id}/oauth2/v2.0/authorize?${new URLSearchParams({ ...asked, prompt: "login" })}`);
  await page.fill("[name=loginfmt]", owner.upn);
  await page.fill("[name=passwd]", "Correct-Horse-8");
  await submit();
  const secret = await page.locator("p.code").first().textContent();
  await phone.fill("[name=secret]", secret);
  await Promise.all([phone.waitForNavigation(), phone.getByRole("button", { name: /^Add/ }).first().click()]);
  await inspect(phone, "phone-authenticator");
  const answer = await fetch(`${LAB}/lab/tenants/${tenant.id}/phone/owner`);
  const { authenticator } = await answer.json();
  assert.match(authenticator.code, /^\d{6}$/);
  assert.ok((await phone.locator("main").textContent()).replace(/\s/g, "").includes(authenticator.code));
  // The application is not there: the browser is sent back to it.
  const back = page.waitForRequest((request) => request.url().startsWith(redirect_uri));
  await page.fill("#otc", authenticator.code);
  await page.locator("button[type=submit]").first().click();
  if (await page.locator("[name=consent]").count()) await page.locator("[name=consent]").first().click();
  assert.match((await back).url(), /[?&]code=/);
});
