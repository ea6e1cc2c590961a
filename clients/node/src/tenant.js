// A tenant of its own for a test, and what can happen to it.

import { Explanation } from "./explanation.js";
import { LabError } from "./lab_error.js";
import { inWords } from "./journal_words.js";
import { camelCased, snakeCased } from "./letter_case.js";

const PAGE = 1_000;
// Not shown when an object is printed, spread or serialized.
const SECRETS = ["password", "secret"];
const LISTS = ["users", "applications", "connections", "flows", "connectors"];

export class Tenant {
  #facts;
  #isDeleted = false;

  constructor(lab, facts) {
    this.lab = lab;
    for (const list of LISTS) this[list] = [];
    this.#update(facts);
  }

  get id() {
    return this.#facts.tenant_id;
  }

  get domain() {
    return this.#facts.domain;
  }

  // The tenant as the lab returned it, with everything that has no member of its own.
  get facts() {
    return this.#facts;
  }

  // The authority for MSAL, by https.
  get authority() {
    return `${this.url("idpTls")}/${this.id}`;
  }

  user(name) {
    return find("user", name, this.users, ["role", "upn", "id"]);
  }

  application(name) {
    return find("application", name, this.applications, ["name", "clientId"]);
  }

  connection(name) {
    return find("connection", name, this.connections, ["name"]);
  }

  flow(name) {
    return find("flow", name, this.flows, ["name", "id"]);
  }

  // Returns what the hub has of a connection: id, status, and the reason if it is in error.
  async connectionState(connection) {
    const { name } = this.connection(connection);
    const { connections } = await this.#call("list the connections", "GET", "connections");
    const found = connections.find((one) => one.name === name);
    if (found) return camelCased(found);
    throw LabError.ofName("connection", name, connections.map((one) => one.name));
  }

  url(name) {
    if (Object.hasOwn(this.urls, name)) return this.urls[name];
    throw LabError.ofName("URL", name, Object.keys(this.urls));
  }

  async signIn(user, options = {}) {
    const { app, ...more } = options;
    const body = snakeCased({ user: this.#userOf(user), app: this.#appOf(app), ...more });
    return camelCased(await this.#call(`sign ${nameOf(user)} in`, "POST", "sign_in", body));
  }

  async changePassword(user, newPassword) {
    const answer = await this.event("password_change", { user, newPassword });
    return newPassword ?? answer.newPassword;
  }

  async resetPassword(user, { newPassword, channel = "azure_portal" } = {}) {
    const answer = await this.event("admin_reset", { user, newPassword, channel });
    return newPassword ?? answer.newPassword;
  }

  async revokeSessions(user, { by = "admin" } = {}) {
    await this.event("revoke_sessions", { user, by });
  }

  // Raises any other event of the lab.
  async event(type, fields = {}) {
    const { user, app, ...more } = fields;
    const body = snakeCased({ type, user: this.#userOf(user), app: this.#appOf(app), ...more });
    const answer = await this.#call(`raise the event ${type}`, "POST", "events", body);
    // The lab generates passwords and secrets.
    await this.refresh();
    return camelCased(answer);
  }

  async advance(duration) {
    return camelCased(await this.#call(`advance by ${duration}`, "POST", "clock", { advance: duration }));
  }

  async time() {
    return camelCased(await this.#call("read the time", "GET", "clock"));
  }

  async fault({ do: effect, ...spec }) {
    const body = { ...snakeCased({ ...spec, client: this.#appOf(spec.client) }), do: effect && snakeCased(effect) };
    const fault = camelCased(await this.#call("add the fault", "POST", "faults", body));
    const remove = async () => void (await this.#call("remove the fault", "DELETE", `faults/${fault.id}`));
    return { ...fault, remove, [Symbol.asyncDispose]: remove };
  }

  async faults() {
    const { faults } = await this.#call("list the faults", "GET", "faults");
    return faults.map(camelCased);
  }

  // Puts the state of the tenant aside: data, time, tokens and journal in all services.
  async snapshot(name) {
    return this.#snapshotOf(await this.#call("take the snapshot", "POST", "snapshots", { name }));
  }

  async snapshots() {
    const { snapshots } = await this.#call("list the snapshots", "GET", "snapshots");
    return snapshots.map((snapshot) => this.#snapshotOf(snapshot));
  }

  // Brings the tenant back to a snapshot, given itself or by name or id.
  async restore(snapshot) {
    const named = encodeURIComponent(snapshot?.id ?? snapshot);
    this.#update(await this.#call("restore the snapshot", "POST", `snapshots/${named}/restore`, {}));
  }

  // The whole tenant, for `Lab.importTenant`: a text, because its numbers are larger than those of JavaScript.
  async export() {
    return this.lab.callForText("export the tenant", "GET", `/lab/tenants/${this.id}/export`);
  }

  #snapshotOf(facts) {
    const remove = async () => void (await this.#call("delete the snapshot", "DELETE", `snapshots/${facts.id}`));
    return { ...camelCased(facts), restore: () => this.restore(facts.id), delete: remove };
  }

  // Claims and members of the header keep their names.
  async forge({ like, ...wanted } = {}) {
    const token = typeof like === "string" ? like : like?.accessToken;
    const { key_is_published: keyIsPublished, ...forged } = await this.#call("forge the token", "POST", "forge", { like: token, ...wanted });
    return { ...forged, keyIsPublished };
  }

  async why(credential, { after } = {}) {
    const given = typeof credential === "string" ? credential : (credential.refreshToken ?? credential.accessToken);
    const of = given ?? `connection:${(await this.connectionState(credential)).id}`;
    return new Explanation(camelCased(await this.#call("explain the credential", "POST", "why", snakeCased({ of, after }))));
  }

  // Returns journal events in order; with `newest`, the newest first.
  async journal({ limit = Infinity, ...selection } = {}) {
    const lines = [];
    let { after } = selection;
    for (;;) {
      const wanted = Math.min(PAGE, limit - lines.length);
      const given = Object.entries({ ...selection, after, limit: wanted }).filter(([, value]) => value !== undefined);
      const answer = await this.#call("read the journal", "GET", `journal?${new URLSearchParams(given)}`);
      if (answer.missing?.length) throw incomplete(answer.missing);
      lines.push(...answer.lines);
      if (selection.newest || answer.lines.length < wanted || lines.length >= limit) return lines;
      after = answer.next;
    }
  }

  // Returns the last journal events as sentences, in order, without the creation of the tenant.
  async story({ limit = 15 } = {}) {
    const newest = await this.journal({ newest: true, limit });
    const created = newest.findIndex(({ kind }) => kind === "tenant.created");
    return newest.slice(0, created < 0 ? limit : created).reverse().map(inWords);
  }

  // Reads users, applications and passwords again.
  async refresh() {
    this.#update(await this.#call("read the tenant", "GET", ""));
  }

  async delete() {
    if (this.#isDeleted) return;
    this.#isDeleted = true;
    try {
      await this.#call("delete the tenant", "DELETE", "");
    } catch (error) {
      // The lab deleted it after its lifetime.
      if (error.code !== "TenantNotFound") throw error;
    }
  }

  async [Symbol.asyncDispose]() {
    await this.delete();
  }

  #call(action, method, path, body) {
    return this.lab.call(action, method, `/lab/tenants/${this.id}${path && `/${path}`}`, body);
  }

  // Objects that a test has read stay the same, with new values.
  #update(facts) {
    this.#facts = facts;
    this.urls = camelCased(facts.urls ?? {});
    for (const list of LISTS) {
      const before = this[list];
      const known = new Map(before.map((one) => [keyOf(one), one]));
      const now = (facts[list] ?? []).map(camelCased);
      before.splice(0, before.length, ...now.map((one) => Object.assign(known.get(keyOf(one)) ?? concealing(), one)));
    }
  }

  // Users and applications that a test created through Graph are not in the lists.
  #userOf(user) {
    if (typeof user !== "string") return user?.id;
    return /@|^[0-9a-f-]{36}$/i.test(user) ? user : this.user(user).id;
  }

  #appOf(app) {
    if (typeof app !== "string") return app?.clientId;
    return /^[0-9a-f-]{36}$/i.test(app) ? app : this.application(app).clientId;
  }
}

function incomplete(services) {
  const detail = `The journal is not complete: ${services.join(", ")} did not respond.`;
  return new LabError("The lab cannot read the journal", { code: "ServiceFailed", detail, hint: "Try again." });
}

// An object whose secrets can be read by their names only.
function concealing() {
  const secrets = SECRETS.map((name) => [name, { writable: true, configurable: true, enumerable: false }]);
  return Object.defineProperties({}, Object.fromEntries(secrets));
}

const keyOf = ({ id, clientId, name }) => id ?? clientId ?? name;
const nameOf = (user) => user?.role ?? user;

function find(kind, name, list, members) {
  const wanted = typeof name === "string" ? name : name?.[members.at(-1)];
  const found = list.find((one) => members.some((member) => one[member] === wanted));
  if (found) return found;
  throw LabError.ofName(kind, name, list.map((one) => one[members[0]]));
}
