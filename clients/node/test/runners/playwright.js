// Run by runners.test.mjs: tests that pass and one that fails.

import { expect, test as base } from "@playwright/test";
import { fixtures } from "outlive-lab/playwright";

const test = base.extend(fixtures);
test.use({ tenantOptions: { bare: true } });

test("passes", async ({ tenant }) => {
  expect(tenant.flows).toEqual([]);
  await tenant.resetPassword("colleague");
});

test("fails", async ({ tenant }) => {
  await tenant.changePassword("owner");
  expect(tenant.users).toEqual([]);
});

const inBrowser = process.env.CHROMIUM ? test : test.skip;

inBrowser("in a browser: a user signs in", async ({ page, tenant }) => {
  const { clientId } = tenant.application("Orders Desktop");
  const query = { client_id: clientId, response_type: "code", redirect_uri: "http://localhost", scope: "openid", state: "s1" };
  await page.route("http://localhost/**", (route) => route.fulfill({ body: "signed in" }));
  await page.goto(`${tenant.authority}/oauth2/v2.0/authorize?${new URLSearchParams(query)}`);
  await page.locator("[name=loginfmt]").fill(tenant.user("owner").upn);
  if (!(await page.locator("[name=passwd]").isVisible())) await page.locator("button[type=submit], input[type=submit]").first().click();
  await page.locator("[name=passwd]").fill(tenant.user("owner").password);
  await page.locator("button[type=submit], input[type=submit]").first().click();
  await expect(page).toHaveURL(/^http:\/\/localhost\/\?.*code=.*state=s1/);
});
