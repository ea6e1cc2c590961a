// An identity provider that answers to the host names of the public cloud. Name resolution and the trusted certificate authority
// are changed in this process only, as the hosts file would change them for the machine.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import tls from "node:tls";

export const [LOGIN, GRAPH] = ["login.microsoftonline.com", "graph.microsoft.com"];
export const SECRET = "the secret of a server";
const GRAPH_ID = "00000003-0000-0000-c000-000000000000";

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await new Promise((ready) => probe.once("listening", ready));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

export class Cloud {
  static async start() {
    const cloud = new Cloud();
    cloud.directory = mkdtempSync(join(tmpdir(), "outlive-cloud-"));
    [cloud.plain, cloud.tls] = [await freePort(), await freePort()];
    const data = join(cloud.directory, "data");
    const own = `http://127.0.0.1:${cloud.plain}`;
    const names = `https://${LOGIN},https://${GRAPH}`;
    const command = ["idp", "--data", data, "--listen", `127.0.0.1:${cloud.plain}`, "--tls-listen", `127.0.0.1:${cloud.tls}`];
    command.push("--hosts", `${LOGIN},${GRAPH}`, "--idp-url", own, "--origins", names, "--issuer-origins", `${names},${own}`);
    cloud.process = spawn(process.env.OUTLIVE_BIN, command, { stdio: "ignore" });
    // The child process ends with this one.
    process.once("exit", () => cloud.process.kill("SIGTERM"));
    await cloud.#answers();
    cloud.#lead(readFileSync(join(data, "ca.pem")));
    return cloud;
  }

  async #answers() {
    for (let left = 600; left > 0; left -= 1) {
      if (this.process.exitCode !== null) break;
      if (await fetch(`http://127.0.0.1:${this.plain}/healthz`).catch(() => undefined)) return;
      await pause(100);
    }
    throw new Error("the identity provider does not answer");
  }

  #lead(ca) {
    this.connect = tls.connect;
    tls.connect = (options, ...more) => {
      if (![LOGIN, GRAPH].includes(options.host)) return this.connect(options, ...more);
      assert.equal(Number(options.port), 443, "at the port of https");
      return this.connect({ ...options, host: "127.0.0.1", port: this.tls, servername: options.host, ca }, ...more);
    };
  }

  // A tenant with its owner, a desktop application that can use device codes, a server with a secret, and a daemon.
  async tenant() {
    const tenant = { id: randomUUID(), domain: `contoso-${randomUUID().slice(0, 8)}.example` };
    tenant.owner = { id: randomUUID(), upn: `owner@${tenant.domain}`, password: "Correct-Horse-7-Battery" };
    const application = (name, kind, more) => ({
      client_id: randomUUID(), object_id: randomUUID(), service_principal_id: randomUUID(), name, kind, admin_consented: true, ...more,
    });
    const asks = { required: [{ resource: GRAPH_ID, scopes: ["User.Read"] }] };
    tenant.desktop = application("Desktop", "public", {
      ...asks, redirect_uris: [{ uri: "http://localhost", type: "publicClient" }], allow_public_client: true,
    });
    tenant.server = application("Server", "confidential", {
      ...asks, redirect_uris: [{ uri: "https://server.example/back", type: "web" }], secrets: [SECRET],
    });
    tenant.daemon = application("Daemon", "daemon", { secrets: [SECRET] });
    const { id, upn, password } = tenant.owner;
    await this.#lab("PUT", tenant, "", {
      clock: { now: new Date().toISOString(), speed: 0 }, domain: tenant.domain, display_name: "Contoso", edition: "2025-11",
      users: [{ id, upn, password, display_name: "Owner", role: "owner" }],
      applications: [tenant.desktop, tenant.server, tenant.daemon],
    });
    return tenant;
  }

  async happens(tenant, type, more) {
    // A second passes first, because cut-offs have a resolution of one second.
    await this.advance(tenant, 1);
    await this.#lab("POST", tenant, "/events", { type, user: tenant.owner.upn, ...more });
  }

  async advance(tenant, seconds) {
    const { now } = await this.#lab("GET", tenant, "/clock");
    await this.#lab("PUT", tenant, "/clock", { now: new Date(Date.parse(now) + 1_000 * seconds).toISOString() });
  }

  async #lab(method, tenant, path, body) {
    const url = `http://127.0.0.1:${this.plain}/_lab/tenants/${tenant.id}${path}`;
    const authorization = `Lab ${readFileSync(join(this.directory, "data", "lab-key"), "utf8")}`;
    const headers = { authorization, "content-type": "application/json" };
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    const text = await answer.text();
    return text && JSON.parse(text);
  }

  async stop() {
    tls.connect = this.connect;
    const ended = new Promise((ended) => this.process.once("exit", ended));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
