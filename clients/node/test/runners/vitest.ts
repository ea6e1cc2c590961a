// Run by runners.test.mjs: tests that pass and one that fails.

import { fixtures } from "outlive-lab/vitest";
import { describe, expect, test as base } from "vitest";

const test = base.extend(fixtures).extend({ tenantOptions: { bare: true } });

describe.concurrent("each with a tenant of its own", () => {
  for (const number of [1, 2, 3]) {
    test(`passes ${number}`, async ({ tenant }) => {
      await using fault = await tenant.fault({ service: "idp", endpoint: "keys", do: { status: 503 } });
      expect(await tenant.faults()).toHaveLength(1);
      expect(fault.state).toBe("active");
      expect(tenant.flows).toEqual([]);
      await tenant.resetPassword("colleague");
    });
  }
});

test("fails", async ({ tenant }) => {
  await tenant.changePassword("owner");
  expect(tenant.users).toEqual([]);
});
