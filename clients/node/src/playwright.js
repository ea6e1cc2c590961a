// Integration with Playwright Test: fixtures for `test.extend`.

import { failureReport } from "./failure_report.js";
import { Lab } from "./lab.js";

export const fixtures = {
  tenantOptions: [{}, { option: true }],
  tenant: async ({ tenantOptions }, use, testInfo) => {
    const lab = await Lab.shared();
    const tenant = await lab.tenant(tenantOptions);
    try {
      await use(tenant);
      if (testInfo.status !== testInfo.expectedStatus) {
        // Reporters print attachments that are texts.
        const body = (await failureReport(tenant)).join("\n");
        await testInfo.attach("journal", { body, contentType: "text/plain" });
      }
    } finally {
      await tenant.delete();
    }
  },
};
