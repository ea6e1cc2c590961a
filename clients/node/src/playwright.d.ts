import type { Tenant, TenantOptions } from "./index.js";

/** What a test gets. */
export interface TenantFixtures {
  tenant: Tenant;
  tenantOptions: TenantOptions;
}

/**
 * Fixtures for `test.extend<TenantFixtures>(fixtures)`: `tenant` is new for each test and deleted after it. If the test fails, the last
 * journal events are printed and attached. `tenantOptions` are the options of the tenant, for `test.use` or the configuration.
 */
export const fixtures: {
  tenantOptions: [TenantOptions, { option: true }];
  tenant: (
    fixtures: { tenantOptions: TenantOptions },
    use: (tenant: Tenant) => Promise<void>,
    testInfo: {
      status?: string;
      expectedStatus: string;
      attach(name: string, options: { body: string; contentType: string }): Promise<void>;
    },
  ) => Promise<void>;
};
