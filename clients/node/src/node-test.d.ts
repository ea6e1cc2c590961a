import type { TestContext } from "node:test";
import type { Tenant, TenantOptions } from "./index.js";

/**
 * Returns a new tenant that is deleted after the test `t`. If the test fails, its diagnostics contain the last journal events.
 */
export function tenantFor(t: TestContext, options?: TenantOptions): Promise<Tenant>;

/** The function of a test with a tenant of its own. */
export type TestWithTenant = (tenant: Tenant, t: TestContext) => void | Promise<void>;

/** Returns the function of a test that gets a tenant of its own: `test(name, withTenant(async (tenant) => { … }))`. */
export function withTenant(fn: TestWithTenant): (t: TestContext) => Promise<void>;
export function withTenant(options: TenantOptions, fn: TestWithTenant): (t: TestContext) => Promise<void>;
