// openid-client: a relying party for OpenID Connect without knowledge of Microsoft.

import assert from "node:assert/strict";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as openid from "openid-client";

import { Browser } from "./forms.mjs";
import { ORDERS, Tenant } from "./lab.mjs";

const READ = `openid profile offline_access ${ORDERS}/Orders.Read`;

async function relyingParty(tenant, authority = tenant.authority, clientAuthentication) {
  const { client_id: id, secret } = tenant.application("Contoso Orders Connector");
  const config = await openid.discovery(new URL(`${authority}/v2.0`), id, secret, clientAuthentication);
  // Signatures of ID tokens are verified with the published keys although they came from the issuer over TLS.
  openid.enableNonRepudiationChecks(config);
  return config;
}

async function signedIn(config, tenant, browser = new Browser(tenant.user("owner")), scope = READ) {
  const [redirect] = tenant.application("Contoso Orders Connector").redirect_uris;
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()];
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const answer = await browser.signIn(url.href, redirect);
  const current = new URL(`${redirect}?${answer}`);
  return openid.authorizationCodeGrant(config, current, { pkceCodeVerifier, expectedState, expectedNonce });
}

test("openid-client: discovery, code and PKCE, refresh through a password change", async (t) => {
  const tenant = await Tenant.of(t);
  const config = await relyingParty(tenant);
  assert.equal(config.serverMetadata().issuer, `${tenant.authority}/v2.0`);
  const tokens = await signedIn(config, tenant);
  const claims = tokens.claims();
  assert.equal(claims.preferred_username, tenant.user("owner").upn);
  assert.equal(claims.aud, tenant.application("Contoso Orders Connector").client_id);
  await tenant.event("password_change", { user: "owner" });
  // A refresh returns an ID token only if its own scope contains `openid` (MicrosoftDocs/azure-docs#32233).
  const without = await openid.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(without.access_token, tokens.access_token);
  assert.equal(without.id_token, undefined);
  const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token, { scope: `openid ${ORDERS}/Orders.Read` });
  assert.equal(renewed.claims().sub, claims.sub);
  await tenant.event("revoke_sessions", { user: "owner", by: "admin" });
  await assert.rejects(openid.refreshTokenGrant(config, renewed.refresh_token), (error) => {
    assert.equal(error.error, "invalid_grant");
    assert.match(error.error_description, /^AADSTS50173: /);
    return true;
  });
});

test("openid-client: the secret in the Authorization header, and client credentials", async (t) => {
  const tenant = await Tenant.of(t);
  const { secret } = tenant.application("Contoso Orders Connector");
  assert.ok((await signedIn(await relyingParty(tenant, undefined, openid.ClientSecretBasic(secret)), tenant)).id_token);
  const job = tenant.application("Nightly Job");
  const config = await openid.discovery(new URL(`${tenant.authority}/v2.0`), job.client_id, job.secret);
  const tokens = await openid.clientCredentialsGrant(config, { scope: `${ORDERS}/.default` });
  assert.equal(tokens.token_type, "bearer");
  assert.ok(tokens.expiresIn() > 3_500);
});

test("openid-client: userinfo", async (t) => {
  const tenant = await Tenant.of(t);
  const config = await relyingParty(tenant);
  const tokens = await signedIn(config, tenant, undefined, "openid profile email");
  const { sub } = tokens.claims();
  const info = await openid.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(info.name, "Flow Owner");
  await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, "another user"), /unexpected JSON attribute value/);
});

test("openid-client: private_key_jwt", async (t) => {
  const tenant = await Tenant.of(t);
  const [pem, certificate] = [process.env.SUITE_KEY, process.env.SUITE_CERTIFICATE].map((path) => readFileSync(path, "utf8"));
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  const key = await crypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
  // The assertion identifies its key only by `kid`, the certificate's thumbprint.
  const kid = createHash("sha1").update(new X509Certificate(certificate).raw).digest("base64url");
  const { client_id: id } = tenant.application("Certified Job");
  const discover = (kid) =>
    openid.discovery(new URL(`${tenant.authority}/v2.0`), id, undefined, openid.PrivateKeyJwt({ key, kid }));
  const config = await discover(kid);
  assert.ok(config.serverMetadata().token_endpoint_auth_methods_supported.includes("private_key_jwt"));
  assert.ok((await openid.clientCredentialsGrant(config, { scope: `${ORDERS}/.default` })).access_token);
  const other = openid.clientCredentialsGrant(await discover("another"), { scope: `${ORDERS}/.default` });
  await assert.rejects(other, (error) => error.error === "invalid_client" && /AADSTS700027/.test(error.error_description));
});

test("openid-client: end session ends single sign-on", async (t) => {
  const tenant = await Tenant.of(t);
  const config = await relyingParty(tenant);
  const browser = new Browser(tenant.user("owner"));
  await signedIn(config, tenant, browser);
  browser.typed = [];
  await signedIn(config, tenant, browser);
  assert.deepEqual(browser.typed, [], "signed in once, signed in everywhere");
  const [redirect] = tenant.application("Contoso Orders Connector").redirect_uris;
  const url = openid.buildEndSessionUrl(config, { post_logout_redirect_uri: redirect, state: "signed-out" });
  const answer = await browser.signIn(url.href, redirect);
  assert.equal(answer.get("state"), "signed-out");
  await signedIn(config, tenant, browser);
  assert.ok(browser.typed.includes("passwd"), "the person has to sign in again");
});

for (const [what, faults, refusal] of [
  ["for another audience", { claims: { aud: "00000000-0000-0000-0000-000000000001" } }, /"aud"/],
  ["with another nonce", { claims: { nonce: "another" } }, /"nonce"/],
  ["of another issuer", { claims: { iss: "https://elsewhere.example" } }, /"iss"/],
  ["signed by a dead key", { key: "unpublished" }, /kid|key/i],
  ["with a forged signature", { key: "forged" }, /signature/i],
]) {
  test(`openid-client: an ID token ${what} is rejected`, async (t) => {
    const tenant = await Tenant.of(t);
    assert.ok((await signedIn(await relyingParty(tenant, tenant.dishonestAuthority), tenant)).id_token);
    await tenant.setFaults(faults);
    await assert.rejects(signedIn(await relyingParty(tenant, tenant.dishonestAuthority), tenant), (error) => {
      assert.match(`${error.message} ${error.cause?.message}`, refusal);
      return true;
    });
  });
}

test("openid-client: a discovery document of another issuer is rejected", async (t) => {
  const tenant = await Tenant.of(t);
  await relyingParty(tenant, tenant.dishonestAuthority);
  await tenant.setFaults({ issuer: "https://elsewhere.example/v2.0" });
  await assert.rejects(relyingParty(tenant, tenant.dishonestAuthority), /issuer/);
});
