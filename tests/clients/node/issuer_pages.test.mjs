// Every page of the issuer that a person meets, reached as a person reaches it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browser, inspect, skip } from "./inspect.mjs";
import { LAB, Tenant } from "./lab.mjs";

async function json(url, body) {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(url, init);
  assert.ok(answer.ok, `${url}: ${answer.status}`);
  return answer.json();
}

test("issuer: axe-core finds nothing on any page, and no page is wider than the window", { skip }, async (t) => {
  const tenant = await Tenant.of(t);
  const idp = tenant.facts.urls.idp;
  const context = await (await browser(t)).newContext({ bypassCSP: true });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const [desktop, owner, colleague] = [tenant.application("Orders Desktop"), tenant.user("owner"), tenant.user("colleague")];
  const submit = async () => {
    await page.locator("button[type=submit]").first().click();
    await page.waitForLoadState();
  };
  const heading = () => page.locator("h1").first().textContent();
  const seen = new Set();
  const look = async (name, title) => {
    assert.match(await heading(), title, name);
    await inspect(page, name, `issuer-${name}`);
    seen.add(name);
  };
  const authorize = (more) => {
    const redirect_uri = desktop.redirect_uris.find((uri) => uri.includes("127.0.0.1"));
    const asked = { client_id: desktop.client_id, response_type: "code", redirect_uri, scope: "openid api://contoso-orders/Orders.Read", ...more };
    return `${idp}/${tenant.id}/oauth2/v2.0/authorize?${new URLSearchParams({ ...asked, code_challenge: "x".repeat(43), code_challenge_method: "S256" })}`;
  };
  const signIn = async (user, password = user.password) => {
    await page.fill("[name=loginfmt]", user.upn);
    await page.fill("[name=passwd]", password);
    await submit();
  };

  await page.goto(authorize({ redirect_uri: "https://elsewhere.example" }));
  await look("refusal", /\S/);
  await page.goto(authorize());
  await look("sign-in", /Sign in/);
  await signIn(owner, "not the password");
  await look("sign-in-wrong", /Sign in/);
  await page.goto(authorize({ prompt: "consent" }));
  await signIn(owner);
  await look("consent", /Permissions requested/);
  await page.goto(authorize({ prompt: "select_account" }));
  await look("pick-account", /\S/);
  await page.goto(`${idp}/${tenant.id}/security-info`);
  await look("security-info", /Security info/);
  await page.goto(`${idp}/${tenant.id}/changepassword`);
  await look("change-password", /Change your password/);
  await page.fill("#oldpasswd", "wrong");
  await page.fill("#newpasswd", "Correct-Horse-7");
  await page.fill("#confirmpasswd", "Correct-Horse-7");
  await submit();
  await look("change-password-wrong", /Change your password/);

  // On another device.
  const asked = new URLSearchParams({ client_id: desktop.client_id, scope: "openid api://contoso-orders/Orders.Read" });
  const device = await (await fetch(`${idp}/${tenant.id}/oauth2/v2.0/devicecode`, { method: "POST", body: asked })).json();
  await page.goto(device.verification_uri);
  await look("user-code", /Enter code/);
  await page.fill("#otc", device.user_code);
  await submit();
  if (await page.locator("[name=account]").count()) await submit();
  await look("approve-device", /Are you trying to sign in/);
  await submit();
  await look("approved", /\S/);

  // A forgotten password.
  await page.goto(`${idp}/${tenant.id}/passwordreset`);
  await look("reset-password", /Reset your password/);
  await page.fill("#username", colleague.upn);
  await submit();
  await look("reset-code", /Choose a new password/);
  const { messages } = await json(`${LAB}/lab/tenants/${tenant.id}/outbox`);
  await page.fill("#code", messages[0].code);
  await page.fill("#newpasswd", "Correct-Horse-8");
  await page.fill("#confirmpasswd", "Correct-Horse-8");
  await submit();
  await look("reset-done", /\S/);

  // MFA, with a new authenticator.
  await tenant.event("require_mfa");
  await page.goto(authorize({ prompt: "login" }));
  if (await page.locator("[name=loginfmt]").count()) await signIn(owner);
  await look("second-factor-new", /Enter the code/);
  await page.fill("#otc", "000000");
  await submit();
  await look("second-factor-wrong", /Enter the code/);

  await page.goto(`${idp}/${tenant.id}/oauth2/v2.0/logout`);
  await look("signed-out", /You are signed out/);
  await page.goto(`${idp}/error?code=50173`);
  await look("known-error", /50173/);
  await page.goto(`${idp}/nothing/here`);
  await look("unknown-path", /\S/);
  assert.equal(seen.size, 19);
});
