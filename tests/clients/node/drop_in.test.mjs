// Drop-in mode: MSAL for Node.js, configured only with client and tenant, with instance discovery.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ConfidentialClientApplication, CryptoProvider, InteractionRequiredAuthError, PublicClientApplication } from "@azure/msal-node";

import { Cloud, GRAPH, LOGIN, SECRET } from "./cloud.mjs";
import { Browser } from "./forms.mjs";

const READ = ["User.Read"];
const LOOPBACK = "http://localhost:51237";
const provider = new CryptoProvider();
let cloud;
before(async () => (cloud = await Cloud.start()));
after(() => cloud?.stop());

const config = (tenant, application, host = LOGIN, secret = application.secrets?.[0]) => ({
  auth: { clientId: application.client_id, authority: `https://${host}/${tenant.id}`, clientSecret: secret },
});
const desktop = (tenant, host) => new PublicClientApplication(config(tenant, tenant.desktop, host));

async function signedIn(app, tenant, redirectUri) {
  const { verifier, challenge } = await provider.generatePkceCodes();
  const [state, nonce] = [provider.createNewGuid(), provider.createNewGuid()];
  const url = await app.getAuthCodeUrl({ scopes: READ, redirectUri, state, nonce, codeChallenge: challenge, codeChallengeMethod: "S256" });
  assert.ok(url.startsWith(`https://${LOGIN}/${tenant.id}/oauth2/v2.0/authorize?`), url);
  const answer = Object.fromEntries(await new Browser(tenant.owner).signIn(url, redirectUri));
  return app.acquireTokenByCode({ scopes: READ, redirectUri, state, nonce, codeVerifier: verifier, code: answer.code }, answer);
}

const refreshed = (app, account) => app.acquireTokenSilent({ account, scopes: READ, forceRefresh: true });

// Returns the requests made during `act` with the status of each response, and the outcome of `act`.
async function asked(act) {
  const [plain, requests] = [globalThis.fetch, []];
  globalThis.fetch = async (url, how) => {
    const request = { url: String(url) };
    requests.push(request);
    const answer = await plain(url, how);
    request.status = answer.status;
    return answer;
  };
  try {
    return { ended: await act().catch((error) => error), requests };
  } finally {
    globalThis.fetch = plain;
  }
}

test("msal-node, drop-in: code and PKCE under the name of the original, and interaction required after a password change", async () => {
  const tenant = await cloud.tenant();
  const app = desktop(tenant);
  const result = await signedIn(app, tenant, LOOPBACK);
  assert.equal(result.idTokenClaims.iss, `https://${LOGIN}/${tenant.id}/v2.0`);
  assert.equal(result.account.username, tenant.owner.upn);
  const renewed = await refreshed(app, result.account);
  assert.equal(renewed.fromCache, false);
  const me = await fetch(`https://${GRAPH}/v1.0/me`, { headers: { authorization: `Bearer ${renewed.accessToken}` } });
  assert.equal((await me.json()).id, tenant.owner.id);
  await cloud.happens(tenant, "password_change", { new_password: "Another-Staple-8-Horse" });
  await assert.rejects(refreshed(app, result.account), InteractionRequiredAuthError);
});

test("msal-node, drop-in: a confidential client renews through a password change, a daemon acts for itself", async () => {
  const tenant = await cloud.tenant();
  const server = new ConfidentialClientApplication(config(tenant, tenant.server));
  const { account } = await signedIn(server, tenant, "https://server.example/back");
  await cloud.happens(tenant, "password_change", { new_password: "Another-Staple-8-Horse" });
  assert.equal((await refreshed(server, account)).fromCache, false);
  const scopes = [`https://${GRAPH}/.default`];
  const daemon = new ConfidentialClientApplication(config(tenant, tenant.daemon));
  assert.ok((await daemon.acquireTokenByClientCredential({ scopes })).accessToken);
  const wrong = new ConfidentialClientApplication(config(tenant, tenant.daemon, LOGIN, `not ${SECRET}`));
  await assert.rejects(wrong.acquireTokenByClientCredential({ scopes }), /7000215/);
});

test("msal-node, drop-in: device code, and name and password", async () => {
  const tenant = await cloud.tenant();
  const app = desktop(tenant);
  let answered;
  const letIn = async ({ userCode, verificationUri }) => {
    assert.ok(verificationUri.startsWith(`https://${LOGIN}/`), verificationUri);
    await new Browser(tenant.owner).enterCode(verificationUri, userCode);
  };
  const result = await app.acquireTokenByDeviceCode({ scopes: READ, timeout: 30, deviceCodeCallback: (code) => (answered = letIn(code)) });
  await answered;
  assert.equal(result.account.username, tenant.owner.upn);
  const { upn: username, password } = tenant.owner;
  const typed = await desktop(tenant).acquireTokenByUsernamePassword({ scopes: READ, username, password });
  assert.equal(typed.account.homeAccountId, result.account.homeAccountId);
});

test("msal-node, drop-in: the cloud is asked about an unknown host, and does not know it either", async () => {
  const tenant = await cloud.tenant();
  const { ended, requests } = await asked(() => signedIn(desktop(tenant, "elsewhere.example"), tenant, LOOPBACK));
  const discovery = requests.find(({ url }) => url.includes("/discovery/instance"));
  assert.ok(discovery?.url.startsWith(`https://${LOGIN}/common/discovery/instance?`), JSON.stringify(requests));
  const endpoint = new URL(discovery.url).searchParams.get("authorization_endpoint");
  assert.ok(endpoint.startsWith(`https://elsewhere.example/${tenant.id}/`), endpoint);
  assert.equal(discovery.status, 400);
  // It then uses the host's own discovery document, which does not exist.
  assert.equal(ended.errorCode, "endpoints_resolution_error", String(ended));
});
