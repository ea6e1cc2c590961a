// Integration with node:test.

import { failureReport } from "./failure_report.js";
import { Lab } from "./lab.js";

// Returns a new tenant that is deleted after the test `t`. If the test fails, its diagnostics
// contain the last journal events.
export async function tenantFor(t, options) {
  const lab = await Lab.shared();
  const tenant = await lab.tenant(options);
  t.after(async () => {
    try {
      if (t.error) for (const line of await failureReport(tenant)) t.diagnostic(line);
    } finally {
      await tenant.delete();
    }
  });
  return tenant;
}

// Returns the function of a test that gets a tenant of its own: `test(name, withTenant(fn))`, where `fn`
// is called with the tenant and the context of the test.
export function withTenant(...given) {
  const fn = given.pop();
  const [options] = given;
  return async (t) => fn(await tenantFor(t, options), t);
}
