// Checked by types.test.mjs, never run: the declarations accept what works and reject what does not.

import { test } from "node:test";

import { test as playwright } from "@playwright/test";
import { Lab, LabError, type Explanation, type Fault, type JournalEvent, type SignedIn, type Tenant, type TenantOptions } from "outlive-lab";
import { tenantFor, withTenant } from "outlive-lab/node-test";
import { fixtures as playwrightFixtures, type TenantFixtures } from "outlive-lab/playwright";
import globalSetup, { globalTeardown } from "outlive-lab/session";
import { fixtures as vitestFixtures } from "outlive-lab/vitest";
import { test as vitest } from "vitest";

export async function verbs(): Promise<void> {
  await using lab: Lab = await Lab.start({ program: "outlive", args: ["--rules", "2021"], timeoutMs: 1_000 });
  const options: TenantOptions = { starts: "-P90D", bare: true, lifetime: "PT10M", clock: { speed: 0 }, overlay: { users: { auditor: { guest: true } } } };
  await using tenant: Tenant = await lab.tenant(options);
  const tokens: SignedIn = await tenant.signIn("owner", { app: "Orders Desktop", redeem: true });
  const { code, parameters } = await tenant.signIn(tenant.user("owner"), { app: tenant.application("Orders SPA") });
  const response = await tenant.signIn("owner", { authorizeUrl: "https://localhost" });
  const texts: string[] = [code, parameters["code"] ?? "", response.redirectUrl, tokens.accessToken, tenant.authority, lab.url, lab.ca];
  const password: string = await tenant.changePassword("owner");
  await tenant.resetPassword("owner", { newPassword: password, channel: "m365_admin_center" });
  await tenant.revokeSessions("owner", { by: "user" });
  await tenant.event("rotate_secret", { app: "Nightly Job", overlap: "P1D" });
  const { now, failed = 0 } = await tenant.advance("PT1H");
  await using fault: Fault = await tenant.fault({ service: "idp", endpoint: "token", do: { status: 429, retryAfter: 30 }, for: "PT1H" });
  await fault.remove();
  const forged: string = (await tenant.forge({ like: tokens, claims: { exp: "-PT1H" }, alg: "none" })).token;
  // @ts-expect-error: there is no such key.
  await tenant.forge({ like: forged, key: "another" });
  const why: Explanation = await tenant.why(tokens);
  const { status } = await tenant.connectionState(tenant.connection("a"));
  const ofConnection: string = (await tenant.why(tenant.connection("a"))).what;
  const events: JournalEvent[] = await tenant.journal({ kind: "token.", newest: true });
  const story: string[] = await tenant.story({ limit: 5 });
  void [texts, now, failed, status, ofConnection, why.verdict?.code, `${why}`, events[0]?.data["upn"], story, tenant.connection("a").owner, tenant.flow("b").id];
  await tenant.delete();

  // @ts-expect-error: without an application there is no sign-in.
  await tenant.signIn("owner", {});
  // @ts-expect-error: the lab redeems codes only of its own requests.
  await tenant.signIn("owner", { authorizeUrl: "https://localhost", redeem: true });
  // @ts-expect-error: a code is not a token.
  const token: string = (await tenant.signIn("owner", { app: "Orders Desktop" })).accessToken;
  // @ts-expect-error: an application has a kind.
  await lab.tenant({ overlay: { applications: { "My App": {} } } });
  // @ts-expect-error: there is no such portal.
  await tenant.resetPassword("owner", { channel: "portal" });
  // @ts-expect-error: a fault needs an effect.
  await tenant.fault({ service: "idp" });
  // @ts-expect-error: there is no such service.
  await tenant.fault({ service: "mail", do: { status: 500 } });
  // @ts-expect-error: a duration is a text.
  await tenant.advance(3_600);
  // @ts-expect-error: tenants are created by a lab.
  void [token, new (tenant.constructor as typeof Tenant)()];
}

export function errors(error: unknown): string {
  if (!(error instanceof LabError)) return "";
  const status: number | undefined = error.status;
  return [error.code, error.title, error.detail, error.hint, status].join(" ");
}

test("a test", withTenant(async (tenant, t) => {
  t.diagnostic(tenant.domain);
  const other: Tenant = await tenantFor(t, { rules: "2021" });
  await other.delete();
}));
test("a test with options", { timeout: 1_000 }, withTenant({ bare: true }, (tenant) => void tenant.id));

const inVitest = vitest.extend(vitestFixtures);
inVitest("a test", async ({ tenant }) => void (await tenant.changePassword("owner")).length);

const inPlaywright = playwright.extend<TenantFixtures>(playwrightFixtures);
inPlaywright.use({ tenantOptions: { bare: true } });
inPlaywright("a test", async ({ tenant, page }) => void (await page.goto(tenant.authority)));

export const session: () => Promise<() => Promise<void>> = globalSetup;
export const stop: () => Promise<void> = globalTeardown;
