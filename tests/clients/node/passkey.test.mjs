// Passkeys in Chromium: the script of the pages with Chromium's virtual authenticator.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openBrowser } from "./chromium.mjs";
import { IDP, ORDERS, Tenant } from "./lab.mjs";

const skip = process.env.CHROMIUM ? false : "no Chromium";

// A user with a device that stores passkeys.
class Visitor {
  static async of(t) {
    const visitor = new Visitor();
    visitor.tenant = await Tenant.of(t);
    const { context, origin } = await openBrowser(t, IDP);
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const device = await context.newCDPSession(page);
    await device.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true };
    const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", {
      options: { ...options, isUserVerified: true, automaticPresenceSimulation: true },
    });
    return Object.assign(visitor, { context, origin, page, device, authenticatorId });
  }

  async register() {
    const { upn, password } = this.tenant.user("owner");
    await this.page.goto(`${IDP}/${this.tenant.id}/security-info`);
    await this.page.fill("[name=loginfmt]", upn);
    await this.page.fill("[name=passwd]", password);
    await this.page.click("button[type=submit]");
    await this.page.fill("[name=name]", "Virtual key");
    await this.page.click("[data-passkey] button[type=submit]");
    await this.page.waitForSelector("li >> text=Virtual key");
    await this.context.clearCookies();
  }

  // Signs in to an application by passkey, with or without entering the name.
  async ask(upn) {
    const request = { response_type: "code", redirect_uri: this.origin, scope: `${ORDERS}/Orders.Read` };
    const challenge = { code_challenge: "a".repeat(43), code_challenge_method: "plain" };
    const client = { client_id: this.tenant.application("Orders SPA").client_id };
    await this.page.goto(`${this.tenant.authority}/oauth2/v2.0/authorize?${new URLSearchParams({ ...client, ...request, ...challenge })}`);
    await this.page.fill("[name=loginfmt]", upn);
    await this.page.click("button[name=passkey]");
  }

  async arrive() {
    await this.page.waitForFunction((origin) => location.href.startsWith(origin) || document.querySelector("button[value=accept]"), this.origin);
    if (await this.page.$("button[value=accept]")) await this.page.click("button[value=accept]");
    await this.page.waitForURL((url) => url.href.startsWith(this.origin));
    return this.page.url();
  }
}

test("passkey: a browser registers one and signs in with it, whatever name is entered, also after a password change", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  await visitor.register();
  const { credentials } = await visitor.device.send("WebAuthn.getCredentials", { authenticatorId: visitor.authenticatorId });
  assert.deepEqual(credentials.map(({ isResidentCredential, rpId }) => [isResidentCredential, rpId]), [[true, new URL(IDP).hostname]]);
  for (const upn of ["", visitor.tenant.user("owner").upn]) {
    await visitor.ask(upn);
    assert.match(await visitor.arrive(), /[?&#]code=/);
    await visitor.context.clearCookies();
    await visitor.tenant.event("password_change", { user: "owner" });
  }
});

test("passkey: a page whose script arrives late works", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  let delayed = 0;
  await visitor.context.route("**/_pages/passkey.js*", async (route) => {
    delayed += 1;
    await sleep(500);
    await route.continue();
  });
  await visitor.register();
  await visitor.ask("");
  assert.match(await visitor.arrive(), /[?&#]code=/);
  assert.ok(delayed >= 2, `the script of ${delayed} pages was slow`);
});

test("passkey: while the browser asks, another press asks again, and another way ends it", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  await visitor.register();
  const { context, device, authenticatorId, page } = visitor;
  let requests = 0;
  await context.exposeFunction("countRequest", () => { requests += 1; });
  await page.addInitScript(() => {
    const { get } = CredentialsContainer.prototype;
    CredentialsContainer.prototype.get = function (options) {
      window.countRequest();
      return get.call(this, options);
    };
  });
  const requested = async (number) => {
    for (const until = Date.now() + 20_000; requests < number && Date.now() < until; ) await sleep(20);
    assert.equal(requests, number);
    // The authenticator looks for the user once per request.
    await sleep(500);
  };
  const isPresent = (enabled) => device.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
  await isPresent(false);
  await visitor.ask("");
  await requested(1);
  await page.click("button[name=cancel]");
  await page.waitForSelector("[name=passwd]");
  await page.click("button[name=passkey]");
  await requested(2);
  await isPresent(true);
  await page.click("[data-passkey] button.is-primary");
  await requested(3);
  assert.match(await visitor.arrive(), /[?&#]code=/);
});

test("passkey: a user who is not verified stays on the page and can enter the password", { skip }, async (t) => {
  const visitor = await Visitor.of(t);
  await visitor.register();
  const { device, authenticatorId, page } = visitor;
  await device.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await visitor.ask("");
  await page.waitForSelector("[data-says] >> text=No passkey");
  await page.click("button[name=cancel]");
  const { upn, password } = visitor.tenant.user("owner");
  await page.fill("[name=loginfmt]", upn);
  await page.fill("[name=passwd]", password);
  await page.click("button[type=submit]");
  assert.match(await visitor.arrive(), /[?&#]code=/);
});
