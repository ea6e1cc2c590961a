// A tenant for each test, created by the lab API, with its clock stopped at the wall time.

export const ORDERS = "api://contoso-orders";
export const { SUITE_LAB: LAB, SUITE_IDP_TLS: IDP, SUITE_MISBEHAVING_ISSUER: MISBEHAVING_ISSUER } = process.env;

async function call(method, url, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

export class Tenant {
  // `t`: the test's context, which deletes the tenant at the end.
  static async of(t) {
    const tenant = new Tenant();
    // SDKs compare expiry with the wall time, so the tenant's clock is stopped there.
    tenant.facts = await call("POST", `${LAB}/lab/tenants`, { bare: true, clock: { speed: 0 } });
    tenant.id = tenant.facts.tenant_id;
    tenant.authority = `${IDP}/${tenant.id}`;
    tenant.dishonestAuthority = `${MISBEHAVING_ISSUER}/${tenant.id}`;
    t.after(() => call("DELETE", `${LAB}/lab/tenants/${tenant.id}`));
    return tenant;
  }

  user(role) {
    return this.facts.users.find((user) => user.role === role);
  }

  application(name) {
    return this.facts.applications.find((application) => application.name === name);
  }

  // Raises a lab event and stores the new password that it returns.
  async event(type, more = {}) {
    await call("POST", `${LAB}/lab/tenants/${this.id}/events`, { type, ...more });
    this.facts = await call("GET", `${LAB}/lab/tenants/${this.id}`);
  }

  async advance(duration) {
    await call("POST", `${LAB}/lab/tenants/${this.id}/clock`, { advance: duration });
  }

  // Sets the faults of the misbehaving issuer for this tenant: `claims`, `key`, `issuer`.
  async setFaults(faults) {
    await call("PUT", `${MISBEHAVING_ISSUER}/_faults/${this.id}`, faults);
  }
}
