// MSAL Browser in Chromium: a single-page application that redirects to the issuer's pages and renews tokens silently.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openBrowser } from "./chromium.mjs";
import { IDP, MISBEHAVING_ISSUER, ORDERS, Tenant } from "./lab.mjs";

const SCOPES = [`${ORDERS}/Orders.Read`];
const skip = process.env.CHROMIUM ? false : "no Chromium";

// A user with the application open in a browser.
class Visitor {
  constructor(tenant, context, origin, authority) {
    Object.assign(this, { tenant, context, origin });
    this.configuration = { authority, clientId: tenant.application("Orders SPA").client_id, scopes: SCOPES };
  }

  static async of(t, authorityOf = (tenant) => tenant.authority) {
    const tenant = await Tenant.of(t);
    const { context, origin } = await openBrowser(t, IDP, MISBEHAVING_ISSUER);
    context.setDefaultTimeout(20_000);
    return new Visitor(tenant, context, origin, authorityOf(tenant));
  }

  async open() {
    this.page = await this.context.newPage();
    const configuration = JSON.stringify(this.configuration);
    await this.page.addInitScript((text) => location.hostname === "localhost" && sessionStorage.setItem("configuration", text), configuration);
    await this.page.goto(this.origin);
    await this.started();
  }

  async started() {
    await this.page.waitForFunction(() => window.app);
    return this.page.evaluate(() => window.arrived);
  }

  async signIn(user = this.tenant.user("owner")) {
    // The page is left, so that no response can be read.
    await this.page.evaluate((scopes) => void window.app.loginRedirect({ scopes }), SCOPES);
    await this.page.fill("[name=loginfmt]", user.upn);
    await this.page.fill("[name=passwd]", user.password);
    await this.page.click("button[type=submit]");
    await this.page.waitForFunction(() => window.app || document.querySelector("button[value=accept]"));
    if (await this.page.$("button[value=accept]")) await this.page.click("button[value=accept]");
    await this.page.waitForURL((url) => url.href.startsWith(this.origin));
    return this.started();
  }

  silently(policy) {
    return this.page.evaluate((name) => window.silently(name), policy);
  }
}

test("msal-browser: sign-in by redirect, then silently from the cache, by refresh token and by hidden frame", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  await visitor.open();
  const arrived = await visitor.signIn();
  assert.equal(arrived.username, visitor.tenant.user("owner").upn, JSON.stringify(arrived));
  const cached = await visitor.silently("AccessToken");
  assert.deepEqual([cached.fromCache, cached.accessToken], [true, arrived.accessToken]);
  const refreshed = await visitor.silently("RefreshToken");
  assert.equal(refreshed.fromCache, false, JSON.stringify(refreshed));
  assert.notEqual(refreshed.accessToken, arrived.accessToken);
  const framed = await visitor.silently("Skip");
  assert.equal(framed.fromCache, false, JSON.stringify(framed));
  assert.notEqual(framed.accessToken, refreshed.accessToken);
});

test("msal-browser: refresh tokens end after 24 hours, and so does a session that was not used for as long", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  await visitor.open();
  await visitor.signIn();
  await visitor.tenant.advance("PT23H");
  assert.equal((await visitor.silently("RefreshToken")).fromCache, false, "renewed within the day");
  await visitor.tenant.advance("PT1H1M");
  const ended = await visitor.silently("RefreshToken");
  assert.equal(ended.name, "InteractionRequiredAuthError", JSON.stringify(ended));
  assert.match(ended.message, /AADSTS700084/);
  assert.equal((await visitor.silently("Skip")).name, "InteractionRequiredAuthError");
  assert.ok((await visitor.signIn()).accessToken, "the person signs in again");
});

test("msal-browser: a password change ends refresh token and session", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  await visitor.open();
  await visitor.signIn();
  await visitor.tenant.event("password_change", { user: "owner" });
  const refused = await visitor.silently("RefreshToken");
  assert.equal(refused.name, "InteractionRequiredAuthError", JSON.stringify(refused));
  assert.match(refused.message, /AADSTS50173/);
  const framed = await visitor.silently("Skip");
  assert.equal(framed.name, "InteractionRequiredAuthError", JSON.stringify(framed));
  const again = await visitor.signIn();
  assert.equal(again.username, visitor.tenant.user("owner").upn, JSON.stringify(again));
});

test("msal-browser: logout ends the session, so that the hidden frame finds none", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  await visitor.open();
  await visitor.signIn();
  const logout = visitor.page.waitForRequest((request) => request.url().startsWith(`${visitor.tenant.authority}/oauth2/v2.0/logout`));
  await visitor.page.evaluate((uri) => {
    window.signedIn = true;
    void window.app.logoutRedirect({ postLogoutRedirectUri: uri });
  }, visitor.origin);
  await logout;
  // The application is loaded again.
  await visitor.page.waitForFunction((origin) => location.href.startsWith(origin) && !window.signedIn && window.app, visitor.origin);
  const silent = await visitor.page.evaluate(
    (scopes) => window.app.ssoSilent({ scopes, redirectUri: `${location.origin}/` }).catch(({ name, message }) => ({ name, message })),
    SCOPES,
  );
  assert.equal(silent.name, "InteractionRequiredAuthError", JSON.stringify(silent));
  assert.match(silent.message, /AADSTS50058|login_required/);
});

// It checks the nonce. For ID tokens that come directly from the issuer it relies on TLS, not on signature and audience.
test("msal-browser: a response with another nonce is rejected", { skip }, async (t) => {
  const visitor = await Visitor.of(t, (tenant) => tenant.dishonestAuthority);
  await visitor.open();
  const honest = await visitor.signIn();
  assert.ok(honest.accessToken, JSON.stringify(honest));
  await visitor.tenant.setFaults({ claims: { nonce: "another" } });
  const lied = await visitor.silently("Skip");
  assert.equal(lied.error, "nonce_mismatch", JSON.stringify(lied));
});
