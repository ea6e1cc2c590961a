import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import { withTenant } from "outlive-lab/node-test";

import { Session } from "./session.js";

// Which of the two variants is tested.
const { readOrders } = await import(process.env.ORDERS ?? "./orders.js");

// Returns a session of the owner, with its tokens in a temporary file.
async function signedIn(tenant, t) {
  const directory = mkdtempSync(path.join(tmpdir(), "orders-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const { clientId } = tenant.application("Orders Desktop");
  const session = new Session({ clientId, authority: tenant.authority, cacheFile: path.join(directory, "tokens.json") });
  const { parameters } = await tenant.signIn("owner", { authorizeUrl: await session.signInUrl() });
  await session.completeSignIn(parameters);
  return session;
}

test("a signed-in user sees the orders", withTenant({ bare: true }, async (tenant, t) => {
  const session = await signedIn(tenant, t);
  assert.equal((await readOrders(session, `${tenant.urls.resource}/orders`)).length, 3);
}));

test("after a password change, the user is asked to sign in", withTenant({ bare: true }, async (tenant, t) => {
  const session = await signedIn(tenant, t);
  await tenant.changePassword("owner");
  await tenant.advance("PT2H"); // The access token expires.
  const { signInUrl } = await readOrders(session, `${tenant.urls.resource}/orders`);
  const { parameters } = await tenant.signIn("owner", { authorizeUrl: signInUrl });
  await session.completeSignIn(parameters);
  assert.equal((await readOrders(session, `${tenant.urls.resource}/orders`)).length, 3);
}));
