// Every verb of a tenant, against a real system.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { inspect } from "node:util";

import { Lab, Tenant } from "outlive-lab";
import { tenantFor, withTenant } from "outlive-lab/node-test";

const BARE = { bare: true };
const refreshing = { app: "Orders Desktop", redeem: true };

// Sends a refresh token as Orders Desktop does.
async function refresh(tenant, refreshToken) {
  const body = new URLSearchParams({ grant_type: "refresh_token", client_id: tenant.application("Orders Desktop").clientId, refresh_token: refreshToken });
  const response = await fetch(`${tenant.urls.idp}/${tenant.id}/oauth2/v2.0/token`, { method: "POST", body });
  return { status: response.status, ...(await response.json()) };
}

// Whether the user's password is this one, by the password grant.
async function signsIn(tenant, { upn: username, password }) {
  const body = new URLSearchParams({ grant_type: "password", client_id: tenant.application("Orders Desktop").clientId, username, password, scope: "openid" });
  const response = await fetch(`${tenant.urls.idp}/${tenant.id}/oauth2/v2.0/token`, { method: "POST", body });
  return (await response.json()).error_description?.match(/AADSTS\d+/)?.[0] !== "AADSTS50126";
}

test("a tenant has users, applications, connections, flows and URLs", withTenant(async (tenant) => {
  assert.equal(tenant.user("owner").upn, `owner@${tenant.domain}`);
  assert.equal(tenant.user(tenant.user("owner").id), tenant.user("owner"));
  assert.equal(tenant.application("Orders Desktop").kind, "public");
  assert.deepEqual(tenant.application("Orders SPA").redirectUris, ["http://localhost:5173/"]);
  assert.equal(tenant.connection("orders-of-the-owner").connector, "shared_contoso-orders");
  assert.equal(tenant.flow("Hourly orders").connection, "orders-of-the-owner");
  assert.equal(tenant.url("idpTls"), tenant.urls.idpTls);
  assert.equal(tenant.authority, `${tenant.urls.idpTls}/${tenant.id}`);
  assert.ok(tenant.connectors.length > 0);
  assert.equal(tenant.facts.managed_identities[0].name, "Orders Function");
}));

test("forged tokens are rejected unless they are signed and valid", withTenant(BARE, async (tenant) => {
  const tokens = await tenant.signIn("owner", refreshing);
  const status = async (wanted) => {
    const { token } = await tenant.forge({ like: tokens, ...wanted });
    return (await fetch(`${tenant.urls.resource}/orders`, { headers: { authorization: `Bearer ${token}` } })).status;
  };
  assert.equal(await status({ claims: { name: "Another" } }), 200);
  for (const wanted of [{ claims: { exp: "-PT1H" } }, { key: "unknown" }, { alg: "none" }, { alg: "HS256" }]) assert.equal(await status(wanted), 401);
  const forged = await tenant.forge({ claims: { aud: "api://my-api", ver: "2.0" }, header: { typ: null } });
  assert.ok(forged.keyIsPublished && !("typ" in forged.header));
  assert.equal((await tenant.journal({ kind: "token.forged" })).length, 6);
}));

const overlay = {
  users: { auditor: { displayName: "The Auditor" } },
  applications: {
    "My App": { kind: "public", redirectUris: ["http://localhost:3000"], requires: ["Orders.Read"] },
    "My Job": { kind: "daemon", requires: ["Orders.Read.All"] },
  },
};

test("an overlay adds users and applications", withTenant({ bare: true, overlay }, async (tenant) => {
  const { accessToken } = await tenant.signIn("auditor", { app: "My App", redeem: true, scope: "api://contoso-orders/.default" });
  const { status } = await fetch(`${tenant.urls.resource}/orders`, { headers: { authorization: `Bearer ${accessToken}` } });
  assert.equal(status, 200);
  assert.deepEqual(tenant.application("My App").redirectUris, ["http://localhost:3000"]);
  assert.ok(tenant.application("My Job").secret);
}));

test("passwords and secrets are not printed", withTenant(BARE, async (tenant) => {
  const { secret } = tenant.application("Nightly Job");
  for (const change of [async () => tenant.user("owner").password, () => tenant.changePassword("owner")]) {
    const password = await change();
    assert.equal(tenant.user("owner").password, password);
    for (const text of [inspect(tenant, { depth: 9 }), JSON.stringify([tenant.users, tenant.applications])]) {
      assert.ok(text.includes("Nightly Job") && !text.includes(password) && !text.includes(secret), text);
    }
  }
}));

test("a wrong name is an error that lists the existing names", withTenant(BARE, async (tenant) => {
  const expectations = [
    [() => tenant.user("boss"), 'There is no user "boss": There are: "owner", "colleague", "admin".'],
    [() => tenant.application("Order Desktop"), /^There is no application "Order Desktop": There are: .*"Orders Desktop"/],
    [() => tenant.url("graphql"), /^There is no URL "graphql": There are: .*"idp", .*"graph"/],
    [() => tenant.connection("orders"), 'There is no connection "orders": The tenant has no connections.'],
    [() => tenant.flow("Hourly"), 'There is no flow "Hourly": The tenant has no flows.'],
  ];
  for (const [lookUp, message] of expectations) assert.throws(lookUp, { name: "LabError", code: "NameNotFound", message });
  await assert.rejects(tenant.changePassword("boss"), { code: "NameNotFound", message: /"owner", "colleague", "admin"/ });
  await assert.rejects(tenant.signIn("owner", { app: "Desktop" }), { code: "NameNotFound", message: /"Orders Desktop"/ });
}));

test("sign in: tokens, a code, or the response to an authorization request", withTenant(BARE, async (tenant) => {
  const tokens = await tenant.signIn("owner", refreshing);
  assert.equal((await refresh(tenant, tokens.refreshToken)).status, 200);
  assert.ok(tokens.expiresIn >= 3_600);
  const asked = await tenant.signIn(tenant.user("owner"), { app: tenant.application("Orders Desktop"), state: "s1", codeChallenge: "a".repeat(43) });
  assert.equal(asked.state, "s1");
  assert.equal(new URL(asked.redirectUrl).searchParams.get("code"), asked.code);
  const again = await tenant.signIn("owner", { ...refreshing, with: "session", session: asked.session });
  assert.ok(again.accessToken);
  const { clientId } = tenant.application("Orders Desktop");
  const query = { client_id: clientId, response_type: "code", redirect_uri: "http://localhost:9", scope: "openid", state: "s2" };
  const authorizeUrl = `${tenant.urls.idp}/${tenant.id}/oauth2/v2.0/authorize?${new URLSearchParams(query)}`;
  const { parameters } = await tenant.signIn("owner", { authorizeUrl });
  assert.deepEqual([parameters.state, typeof parameters.code], ["s2", "string"]);
}));

test("change password: revokes tokens of a public client, and the new password is known", withTenant(BARE, async (tenant) => {
  const owner = tenant.user("owner");
  const before = owner.password;
  const { refreshToken } = await tenant.signIn("owner", refreshing);
  assert.equal(await tenant.changePassword("owner"), owner.password);
  assert.notEqual(owner.password, before);
  assert.match((await refresh(tenant, refreshToken)).error_description, /AADSTS50173/);
  assert.equal(await tenant.changePassword(owner, "a longer one 2"), "a longer one 2");
  assert.equal(await signsIn(tenant, owner), true);
  assert.equal(await signsIn(tenant, { ...owner, password: before }), false);
}));

test("reset password: the journal has the administrator and the portal", withTenant(BARE, async (tenant) => {
  const password = await tenant.resetPassword("colleague", { channel: "entra_admin_center" });
  assert.equal(password, tenant.user("colleague").password);
  const [event] = await tenant.journal({ kind: "password.reset" });
  assert.match(JSON.stringify(event.data), /entra_admin_center/);
}));

test("revoke sessions: by an administrator or the user", withTenant(BARE, async (tenant) => {
  for (const by of ["admin", "user"]) {
    const { refreshToken } = await tenant.signIn("owner", refreshing);
    await tenant.revokeSessions("owner", { by });
    assert.match((await refresh(tenant, refreshToken)).error_description, /AADSTS50173/);
  }
  const events = await tenant.journal({ kind: "sessions.revoked" });
  assert.deepEqual(events.map(({ data }) => data.by), ["admin", "user"]);
}));

test("event: any other, with its answer and its effect on the credentials", withTenant(BARE, async (tenant) => {
  const job = tenant.application("Nightly Job");
  const { secret } = job;
  const answer = await tenant.event("rotate_secret", { app: "Nightly Job", overlap: "P1D" });
  assert.equal(job.secret, answer.newSecret);
  assert.notEqual(job.secret, secret);
  await tenant.event("disable_user", { user: "owner" });
  await assert.rejects(tenant.signIn("owner", refreshing), { name: "LabError", message: /AADSTS50057/ });
}));

test("advance: executes due work, and tells how much", withTenant(async (tenant) => {
  const { now } = await tenant.time();
  const moved = await tenant.advance("P1D");
  assert.equal(Date.parse(moved.now) - Date.parse(now), 86_400_000);
  assert.deepEqual([moved.from, moved.failed], [now, 0]);
  assert.ok(moved.done >= 24, `${moved.done} runs of the hourly flow`);
}));

test("starts: a tenant begins in the past and is advanced to the present", withTenant({ bare: true, starts: "-P90D" }, async (tenant) => {
  const { refreshToken } = await tenant.signIn("owner", refreshing);
  const { now } = await tenant.advance("P91D");
  assert.ok(Math.abs(Date.parse(now) - Date.now() - 86_400_000) < 60_000, now);
  assert.match((await refresh(tenant, refreshToken)).error_description, /AADSTS700082/);
}));

test("fault: requests meet it until it is removed", withTenant(BARE, async (tenant) => {
  const { refreshToken } = await tenant.signIn("owner", refreshing);
  const fault = await tenant.fault({ service: "idp", endpoint: "token", client: "Orders Desktop", do: { status: 429, retryAfter: 30, body: { error: "slow down" } } });
  const refused = await refresh(tenant, refreshToken);
  assert.deepEqual([refused.status, refused.error], [429, "slow down"]);
  const [{ id, hits, state }] = await tenant.faults();
  assert.deepEqual([id, hits, state], [fault.id, 1, "active"]);
  await fault.remove();
  assert.equal((await refresh(tenant, refreshToken)).status, 200);
  assert.deepEqual(await tenant.faults(), []);
  await assert.rejects(tenant.fault({ service: "idp", do: { status: 9 } }), { name: "LabError", code: "BadRequest", message: /^The lab cannot add the fault: .*status/ });
}));

test("snapshot: time, tokens and passwords come back, as often as needed", withTenant(BARE, async (tenant) => {
  const { refreshToken } = await tenant.signIn("owner", refreshing);
  const { now } = await tenant.time();
  const { password } = tenant.user("owner");
  const snapshot = await tenant.snapshot("ä/b");
  assert.deepEqual([snapshot.name, snapshot.now], ["ä/b", now]);
  for (const again of [() => snapshot.restore(), () => tenant.restore("ä/b"), () => tenant.restore(snapshot)]) {
    await tenant.changePassword("owner");
    await tenant.advance("P1D");
    assert.equal((await refresh(tenant, refreshToken)).status, 400);
    await again();
    assert.equal((await tenant.time()).now, now);
    assert.equal(tenant.user("owner").password, password);
    assert.equal((await refresh(tenant, refreshToken)).status, 200);
  }
  assert.deepEqual((await tenant.snapshots()).map(({ id }) => id), [snapshot.id]);
  await snapshot.delete();
  await assert.rejects(tenant.restore(snapshot), { code: "SnapshotNotFound", status: 404 });
}));

test("export: the tenant comes back after it was deleted", withTenant(BARE, async (tenant) => {
  const { refreshToken } = await tenant.signIn("owner", refreshing);
  const { now } = await tenant.time();
  // A number that JavaScript would round.
  await tenant.fault({ service: "resource", do: { status: 503 }, probability: 0.5, from: "2099-01-01T00:00:00Z" });
  const exported = await tenant.export();
  await assert.rejects(tenant.lab.importTenant(exported), { code: "TenantExists", status: 409 });
  await tenant.delete();
  const same = await tenant.lab.importTenant(exported, { lifetime: "PT10M" });
  try {
    assert.deepEqual([same.id, (await same.time()).now], [tenant.id, now]);
    assert.equal((await refresh(same, refreshToken)).status, 200);
  } finally {
    await same.delete();
  }
  await assert.rejects(tenant.lab.importTenant(exported.replace(tenant.domain, "other.example")), { code: "ExportChanged", status: 400 });
}));

test("why: explains a token before and after it is revoked", withTenant(BARE, async (tenant) => {
  const tokens = await tenant.signIn("owner", refreshing);
  assert.equal((await tenant.why(tokens)).verdict.outcome, "accepted");
  await tenant.changePassword("owner");
  const why = await tenant.why(tokens.refreshToken, { after: "account_disabled" });
  assert.deepEqual([why.kind, why.verdict.outcome, why.verdict.code], ["refresh_token", "refused", "AADSTS50173"]);
  assert.match(String(why), /^Now, on .*\n {2}.*Password changed by user/m);
  await assert.rejects(tenant.why("no such token"), { name: "LabError", code: "NothingOfThatName", status: 404 });
}));

test("connection: its state and explanation before and after its sessions are revoked", withTenant(async (tenant) => {
  const connection = tenant.connection("orders-of-the-owner");
  assert.equal((await tenant.connectionState(connection)).status, "Connected");
  await tenant.revokeSessions("owner");
  assert.equal((await tenant.advance("PT3H")).failed > 0, true);
  const { status, message } = await tenant.connectionState("orders-of-the-owner");
  assert.deepEqual([status, /AADSTS50173/.test(message)], ["Error", true]);
  const why = await tenant.why(connection);
  assert.deepEqual([why.kind, why.verdict.code], ["connection", "AADSTS50173"]);
  await assert.rejects(tenant.connectionState("orders"), { code: "NameNotFound", message: /"orders-of-the-owner"/ });
}));

test("journal: selected, in pages, the newest first, and as sentences", withTenant(async (tenant) => {
  await tenant.advance("P11D");
  const all = await tenant.journal();
  assert.ok(all.length > 1_000, `${all.length} events`);
  assert.equal(new Set(all.map(({ service, seq }) => `${service}-${seq}`)).size, all.length);
  assert.equal((await tenant.journal({ limit: 1_001 })).length, 1_001);
  const kinds = (await tenant.journal({ kind: "run." })).map(({ kind }) => kind);
  assert.ok(kinds.length > 0 && kinds.every((kind) => kind.startsWith("run.")));
  await tenant.changePassword("owner");
  const newest = await tenant.journal({ newest: true, notable: true, limit: 5 });
  assert.ok(newest.some(({ kind }) => kind === "password.changed"));
  assert.ok(newest[0].at > newest[4].at);
  const story = await tenant.story({ limit: 4 });
  assert.equal(story.length, 4);
  assert.match(story.join("\n"), /^\d{4}-.*Z idp +owner@\S+ changed the password\.$/m);
}));

test("story: begins after the creation of the tenant", withTenant(BARE, async (tenant) => {
  assert.deepEqual(await tenant.story(), []);
  const { refreshToken } = await tenant.signIn("owner", refreshing);
  await tenant.revokeSessions("owner");
  await refresh(tenant, refreshToken);
  const story = (await tenant.story()).join("\n");
  assert.match(story, /^\d{4}-\d\d-\d\dT[\d:]{8}Z idp +owner@\S+ signed in .*\.\n/);
  assert.match(story, /Z idp +.*Orders Desktop.*\.\n/);
  assert.match(story, /Z idp +.*refused.*AADSTS50173.*$/);
}));

test("tenants in parallel do not notice each other", async (t) => {
  const tenants = await Promise.all(Array.from({ length: 8 }, () => tenantFor(t, { bare: true })));
  assert.equal(new Set(tenants.map(({ id }) => id)).size, tenants.length);
  const outcomes = await Promise.all(
    tenants.map(async (tenant, place) => {
      const { refreshToken } = await tenant.signIn("owner", refreshing);
      if (place % 2) await tenant.changePassword("owner");
      await tenant.advance(`PT${place}H`);
      return (await refresh(tenant, refreshToken)).status;
    }),
  );
  assert.deepEqual(outcomes, [200, 400, 200, 400, 200, 400, 200, 400]);
});

test("delete: the tenant is gone, and a second call has no effect", async () => {
  const lab = await Lab.shared();
  const tenant = await lab.tenant({ bare: true });
  assert.ok(tenant instanceof Tenant);
  await tenant.delete();
  await tenant.delete();
  await assert.rejects(tenant.time(), { name: "LabError", code: "TenantNotFound", status: 404, message: /longer 'lifetime'\.$/ });
});

test("a tenant that the lab has deleted can be deleted", async () => {
  const lab = await Lab.shared();
  const tenant = await lab.tenant({ bare: true });
  await lab.call("delete a tenant", "DELETE", `/lab/tenants/${tenant.id}`);
  await tenant[Symbol.asyncDispose]();
});

test("errors of the lab have title, detail, code and status", withTenant(BARE, async (tenant) => {
  await assert.rejects(tenant.event("password_chnage", { user: "owner" }), (error) => {
    assert.deepEqual([error.name, error.status, error.title], ["LabError", 400, "The lab cannot raise the event password_chnage"]);
    assert.equal(error.message, [`${error.title}:`, error.detail, error.hint].filter(Boolean).join(" "));
    return true;
  });
  await assert.rejects(tenant.advance("tomorrow"), { message: /^The lab cannot advance by tomorrow: .*tomorrow/ });
  const lab = await Lab.shared();
  await assert.rejects(lab.tenant({ rules: "1999" }), { message: /^The lab cannot create a tenant: .*1999/ });
}));

before(() => Lab.shared());
