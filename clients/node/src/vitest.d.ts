import type { Tenant, TenantOptions } from "./index.js";

/**
 * Fixtures for `test.extend(fixtures)`: `tenant` is new for each test and deleted after it. If the test fails, the last journal events
 * are printed. `tenantOptions` are the options of the tenant; replace them with another `test.extend`.
 */
export const fixtures: {
  tenantOptions: TenantOptions;
  tenant: (
    context: { task: { result?: { state?: string } }; tenantOptions: TenantOptions },
    use: (tenant: Tenant) => Promise<void>,
  ) => Promise<void>;
};
