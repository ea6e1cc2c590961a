// A tenant of one's own for every test: made through the lab's API, its time standing still at the wall's.

export const ORDERS = "api://contoso-orders";
export const { WITNESS_LAB: LAB, WITNESS_IDP_TLS: IDP, WITNESS_LIAR: LIAR } = process.env;

async function call(method, url, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

export class Tenant {
  // `t`: the test's context, which takes the tenant away again.
  static async of(t) {
    const tenant = new Tenant();
    // SDKs compare expiry with the wall's time, so the tenant's starts there, and stands.
    tenant.facts = await call("POST", `${LAB}/lab/tenants`, { bare: true, clock: { speed: 0 } });
    tenant.id = tenant.facts.tenant_id;
    tenant.authority = `${IDP}/${tenant.id}`;
    tenant.dishonestAuthority = `${LIAR}/${tenant.id}`;
    t.after(() => call("DELETE", `${LAB}/lab/tenants/${tenant.id}`));
    return tenant;
  }

  user(role) {
    return this.facts.users.find((user) => user.role === role);
  }

  application(name) {
    return this.facts.applications.find((application) => application.name === name);
  }

  // Lets something happen, and keeps what it tells (a new password).
  async event(type, more = {}) {
    await call("POST", `${LAB}/lab/tenants/${this.id}/events`, { type, ...more });
    this.facts = await call("GET", `${LAB}/lab/tenants/${this.id}`);
  }

  async advance(duration) {
    await call("POST", `${LAB}/lab/tenants/${this.id}/clock`, { advance: duration });
  }

  // What the issuer that misbehaves does with this tenant's tokens from now on: `claims`, `key`, `issuer`.
  async lies(how) {
    await call("PUT", `${LIAR}/_lies/${this.id}`, how);
  }
}
