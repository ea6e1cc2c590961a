// Integration with Vitest: fixtures for `test.extend`.

import { failureReport } from "./failure_report.js";
import { Lab } from "./lab.js";

export const fixtures = {
  tenantOptions: {},
  tenant: async ({ task, tenantOptions }, use) => {
    const lab = await Lab.shared();
    const tenant = await lab.tenant(tenantOptions);
    try {
      await use(tenant);
      if (task.result?.state === "fail") console.error((await failureReport(tenant)).join("\n"));
    } finally {
      await tenant.delete();
    }
  },
};
