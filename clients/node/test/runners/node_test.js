// Run by runners.test.mjs: a test that passes and one that fails.

import assert from "node:assert/strict";
import { test } from "node:test";

import { withTenant } from "outlive-lab/node-test";

test("passes", withTenant({ bare: true }, async (tenant) => {
  await tenant.resetPassword("colleague");
}));

test("fails", withTenant({ bare: true }, async (tenant) => {
  await tenant.changePassword("owner");
  assert.equal(tenant.users.length, 0);
}));
