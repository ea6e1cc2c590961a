// MSAL for Node.js as a desktop application, a server and a daemon.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ConfidentialClientApplication, CryptoProvider, InteractionRequiredAuthError, PublicClientApplication } from "@azure/msal-node";

import { Browser } from "./forms.mjs";
import { IDP, MISBEHAVING_ISSUER, ORDERS, Tenant } from "./lab.mjs";

const READ = [`${ORDERS}/Orders.Read`];
const LOOPBACK = "http://localhost:51235";
const provider = new CryptoProvider();

function auth(tenant, name, authority = tenant.authority, secret = tenant.application(name).secret) {
  const clientId = tenant.application(name).client_id;
  return { auth: { clientId, authority, knownAuthorities: [new URL(IDP).host, new URL(MISBEHAVING_ISSUER).host], clientSecret: secret } };
}

const desktop = (tenant, authority) => new PublicClientApplication(auth(tenant, "Orders Desktop", authority));
const server = (tenant, authority) => new ConfidentialClientApplication(auth(tenant, "Contoso Orders Connector", authority));
const daemon = (tenant, authority, secret) => new ConfidentialClientApplication(auth(tenant, "Nightly Job", authority, secret));

// Signs in with code and PKCE, and reads the redirect to the loopback address.
async function signedIn(app, browser, redirectUri = LOOPBACK, scopes = READ) {
  const { verifier, challenge } = await provider.generatePkceCodes();
  const [state, nonce] = [provider.createNewGuid(), provider.createNewGuid()];
  const asked = { scopes, redirectUri, state, nonce };
  const url = await app.getAuthCodeUrl({ ...asked, codeChallenge: challenge, codeChallengeMethod: "S256" });
  const answer = Object.fromEntries(await browser.signIn(url, redirectUri));
  return app.acquireTokenByCode({ scopes, redirectUri, state, nonce, codeVerifier: verifier, code: answer.code }, answer);
}

const refreshed = (app, account) => app.acquireTokenSilent({ account, scopes: READ, forceRefresh: true });

test("msal-node, public: code and PKCE, silent from the cache and by refresh", async (t) => {
  const tenant = await Tenant.of(t);
  const browser = new Browser(tenant.user("owner"));
  const app = desktop(tenant);
  const result = await signedIn(app, browser);
  assert.deepEqual(new Set(browser.typed), new Set(["loginfmt", "passwd", "consent=accept"]));
  assert.equal(result.account.username, tenant.user("owner").upn);
  assert.equal(result.account.homeAccountId, `${tenant.user("owner").id}.${tenant.id}`);
  assert.equal(result.tenantId, tenant.id);
  assert.deepEqual(result.scopes.filter((scope) => scope.startsWith(ORDERS)), READ);
  const kept = await app.acquireTokenSilent({ account: result.account, scopes: READ });
  assert.equal(kept.fromCache, true);
  const renewed = await refreshed(app, result.account);
  assert.equal(renewed.fromCache, false);
  assert.notEqual(renewed.accessToken, result.accessToken);
});

test("msal-node, public: a password change ends in interaction required", async (t) => {
  const tenant = await Tenant.of(t);
  const app = desktop(tenant);
  const { account } = await signedIn(app, new Browser(tenant.user("owner")));
  await tenant.event("password_change", { user: "owner" });
  await assert.rejects(refreshed(app, account), (error) => {
    // MSAL for Node.js throws InteractionRequiredAuthError only for suberrors that it knows; `bad_token` is one of them.
    assert.ok(error instanceof InteractionRequiredAuthError, `${error.name}: ${error.message}`);
    assert.equal(error.errorCode, "invalid_grant");
    assert.equal(error.subError, "bad_token");
    assert.match(error.message, /AADSTS50173/);
    assert.ok(error.correlationId);
    return true;
  });
  await signedIn(app, new Browser(tenant.user("owner")));
});

// MSAL finds a cached token by the words of `scope`. Until the token expires, a password change has no effect.
for (const scopes of [["User.Read"], [`${ORDERS}/.default`], ["https://graph.microsoft.com/.default"]]) {
  test(`msal-node, public: silent calls for ${scopes} come from the cache until the token expires`, async (t) => {
    const tenant = await Tenant.of(t);
    const app = desktop(tenant);
    const { account, accessToken } = await signedIn(app, new Browser(tenant.user("owner")), LOOPBACK, scopes);
    const silent = () => app.acquireTokenSilent({ account, scopes });
    for (let call = 0; call < 2; call += 1) {
      const kept = await silent();
      assert.deepEqual([kept.fromCache, kept.accessToken], [true, accessToken]);
    }
    await tenant.advance("PT10M");
    await tenant.event("password_change", { user: "owner" });
    const kept = await silent();
    assert.deepEqual([kept.fromCache, kept.accessToken], [true, accessToken]);
    // Two hours later, by the clocks of both the client and the tenant.
    await tenant.advance("PT2H");
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 2 * 3_600_000 });
    await assert.rejects(silent(), (error) => error instanceof InteractionRequiredAuthError && /AADSTS50173/.test(error.message));
    t.mock.timers.reset();
  });
}

test("msal-node, confidential: code, and renewal through a password change until sessions are revoked", async (t) => {
  const tenant = await Tenant.of(t);
  const app = server(tenant);
  const [redirect] = tenant.application("Contoso Orders Connector").redirect_uris;
  const { account, accessToken } = await signedIn(app, new Browser(tenant.user("owner")), redirect);
  await tenant.event("password_change", { user: "owner" });
  assert.notEqual((await refreshed(app, account)).accessToken, accessToken);
  await tenant.event("revoke_sessions", { user: "owner", by: "user" });
  await assert.rejects(refreshed(app, account), /AADSTS50173/);
});

test("msal-node, confidential: client credentials by secret, right and wrong", async (t) => {
  const tenant = await Tenant.of(t);
  const app = daemon(tenant);
  const scopes = [`${ORDERS}/.default`];
  const result = await app.acquireTokenByClientCredential({ scopes });
  assert.equal(result.fromCache, false);
  assert.equal((await app.acquireTokenByClientCredential({ scopes })).accessToken, result.accessToken);
  const wrong = daemon(tenant, undefined, "not the secret");
  await assert.rejects(wrong.acquireTokenByClientCredential({ scopes }), (error) => {
    assert.equal(error.errorCode, "invalid_client");
    assert.equal(String(error.errorNo), "7000215");
    return true;
  });
});

// It checks the nonce. For ID tokens that come directly from the issuer it relies on TLS, not on signature and audience.
for (const [kind, app, name] of [["public", desktop], ["confidential", server, "Contoso Orders Connector"]]) {
  test(`msal-node, ${kind}: a response with another nonce is rejected`, async (t) => {
    const tenant = await Tenant.of(t);
    const redirect = name && tenant.application(name).redirect_uris[0];
    const honest = await signedIn(app(tenant, tenant.dishonestAuthority), new Browser(tenant.user("owner")), redirect);
    assert.ok(honest.accessToken);
    await tenant.setFaults({ claims: { nonce: "another" } });
    const lied = signedIn(app(tenant, tenant.dishonestAuthority), new Browser(tenant.user("owner")), redirect);
    await assert.rejects(lied, /nonce_mismatch/);
  });
}

// A daemon and an API that authenticate by certificate: SHA-256 thumbprint, PS256.
function certified(tenant, name) {
  const [privateKey, pem] = [process.env.SUITE_KEY, process.env.SUITE_CERTIFICATE].map((path) => readFileSync(path, "utf8"));
  const thumbprintSha256 = new X509Certificate(pem).fingerprint256.replaceAll(":", "");
  const { clientSecret: _, ...known } = auth(tenant, name).auth;
  return new ConfidentialClientApplication({ auth: { ...known, clientCertificate: { privateKey, thumbprintSha256, x5c: pem } } });
}

const shop = (tenant) => new PublicClientApplication(auth(tenant, "Shop Desktop"));

test("msal-node: client credentials by certificate", async (t) => {
  const tenant = await Tenant.of(t);
  const result = await certified(tenant, "Certified Job").acquireTokenByClientCredential({ scopes: [`${ORDERS}/.default`] });
  assert.ok(result.accessToken);
});

test("msal-node: on behalf of a user, through that user's password change", async (t) => {
  const tenant = await Tenant.of(t);
  const { accessToken } = await signedIn(shop(tenant), new Browser(tenant.user("owner")), LOOPBACK, ["api://shop/Shop"]);
  const api = certified(tenant, "Shop API");
  const result = await api.acquireTokenOnBehalfOf({ oboAssertion: accessToken, scopes: READ });
  assert.equal(result.account.username, tenant.user("owner").upn);
  await tenant.event("password_change", { user: "owner" });
  assert.equal((await refreshed(api, result.account)).fromCache, false);
  await tenant.event("revoke_sessions", { user: "owner", by: "admin" });
  await assert.rejects(refreshed(api, result.account), /AADSTS50173/);
});

test("msal-node: device code", async (t) => {
  const tenant = await Tenant.of(t);
  const browser = new Browser(tenant.user("owner"));
  const app = shop(tenant);
  let asked;
  const waiting = app.acquireTokenByDeviceCode({ scopes: READ, timeout: 30, deviceCodeCallback: (answer) => (asked = letIn(answer)) });
  // The device polls by the wall time; the tenant's clock is stopped.
  async function letIn({ userCode, verificationUri }) {
    await browser.enterCode(verificationUri, userCode);
    await tenant.advance("PT1M");
  }
  const result = await waiting;
  await asked;
  assert.equal(result.account.username, tenant.user("owner").upn);
  await tenant.event("password_change", { user: "owner" });
  await assert.rejects(refreshed(app, result.account), InteractionRequiredAuthError);
});

test("msal-node: name and password", async (t) => {
  const tenant = await Tenant.of(t);
  const { upn: username, password } = tenant.user("owner");
  const result = await shop(tenant).acquireTokenByUsernamePassword({ scopes: READ, username, password });
  assert.equal(result.account.username, username);
  const wrong = shop(tenant).acquireTokenByUsernamePassword({ scopes: READ, username, password: "not the password" });
  await assert.rejects(wrong, /AADSTS50126/);
});
