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
  const code = await phone.locator(".mail .digits").first().textContent();
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

// Both without script, too: no hardware and no WebAuthn of the browser is involved.
for (const javaScriptEnabled of [true, false]) {
  test(`phone: a passkey is registered and signs in, ${javaScriptEnabled ? "with" : "without"} script`, { skip }, async (t) => {
    const tenant = await Tenant.of(t);
    const idp = tenant.facts.urls.idp;
    const [desktop, owner] = [tenant.application("Orders Desktop"), tenant.user("owner")];
    const context = await (await browser(t)).newContext({ bypassCSP: javaScriptEnabled, javaScriptEnabled });
    context.setDefaultTimeout(20_000);
    const [page, phone] = [await context.newPage(), await context.newPage()];
    const press = (name) => Promise.all([page.waitForNavigation(), page.getByRole("button", { name, exact: true }).first().click()]);
    const respond = async (button, digits) => {
      await phone.goto(`${LAB}/phone?tenant=${tenant.id}&user=owner`);
      if (digits) await phone.fill("[name=number]", digits);
      await Promise.all([phone.waitForNavigation(), phone.getByRole("button", { name: button, exact: true }).first().click()]);
      return phone.locator(".toast").first().textContent();
    };
    const number = async () => (await page.locator("[data-number]").textContent()).trim();
    const another = (digits) => (digits === "10" ? "11" : "10");

    // Security info asks the phone for a new passkey.
    await page.goto(`${idp}/${tenant.id}/security-info`);
    await page.fill("[name=loginfmt]", owner.upn);
    await page.fill("[name=passwd]", owner.password);
    await press("Sign in");
    await press("Add a passkey of a phone");
    await press("Continue");
    assert.match(await page.locator("main").textContent(), /has not responded yet/);
    if (javaScriptEnabled) {
      await inspect(page, "ask-phone");
      await phone.goto(`${LAB}/phone?tenant=${tenant.id}&user=owner`);
      await inspect(phone, "phone-asking");
    }
    assert.match(await respond("Add the passkey", another(await number())), /not the number/);
    assert.match(await respond("Add the passkey", await number()), /The phone responded/);
    if (javaScriptEnabled) await inspect(phone, "phone-passkey");
    await press("Continue");
    assert.match(await page.locator("main").textContent(), /Remove/);

    // The sign-in page of an application does, in a browser without a session.
    await context.clearCookies();
    const redirect_uri = desktop.redirect_uris.find((uri) => uri.includes("127.0.0.1"));
    const verifier = "v".repeat(43);
    const challenge = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(verifier))).toString("base64url");
    const asked = { client_id: desktop.client_id, response_type: "code", redirect_uri, scope: "openid offline_access", code_challenge: challenge, code_challenge_method: "S256", prompt: "login" };
    const authorize = `${idp}/${tenant.id}/oauth2/v2.0/authorize?${new URLSearchParams(asked)}`;
    const begin = async () => {
      await page.goto(authorize);
      await page.fill("[name=loginfmt]", owner.upn);
      await Promise.all([page.waitForNavigation(), page.locator("button[name=passkey]").click()]);
      await press("Use a phone");
    };
    // Declined on the phone, the page says so.
    await begin();
    assert.match(await respond("Not me"), /It was declined/);
    await press("Continue");
    assert.match(await page.locator("main").textContent(), /declined on the phone/);
    await begin();
    assert.match(await respond("Use the passkey", await number()), /The phone responded/);
    const back = page.waitForRequest((request) => request.url().startsWith(redirect_uri));
    await page.getByRole("button", { name: "Continue", exact: true }).click();
    if (await page.locator("[name=consent]").count()) await page.locator("[name=consent]").first().click();
    const code = new URL((await back).url()).searchParams.get("code");
    const answer = await fetch(`${idp}/${tenant.id}/oauth2/v2.0/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "authorization_code", client_id: desktop.client_id, code, redirect_uri, code_verifier: verifier }),
    });
    const tokens = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(tokens));
    const claims = JSON.parse(Buffer.from(tokens.id_token.split(".")[1], "base64url"));
    assert.ok(tokens.refresh_token && claims.sub);
    // The credential is non-password: a password change leaves it alive.
    const why = async () => (await fetch(`${LAB}/lab/tenants/${tenant.id}/why`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ of: tokens.refresh_token }),
    })).json();
    assert.match((await why()).what, /a sign-in without a password/);
    await tenant.event("password_change", { user: "owner" });
    assert.equal((await why()).verdict.outcome, "accepted");
  });
}
