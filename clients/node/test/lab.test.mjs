// Private systems: start, stop, and the end of the process that started one.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { get } from "node:https";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { rootCertificates } from "node:tls";

import { Lab } from "outlive-lab";

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

let lab;
before(async () => (lab = await Lab.start()));
after(() => lab.stop());

async function waitUntil(what, condition) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await condition()) return;
    await pause(100);
  }
  assert.fail(`not within 20 s: ${what}`);
}

// The lab looks for such tenants every ten seconds; the last test is late enough.
const shortLived = [];
test("a tenant is created with a lifetime", async () => shortLived.push(await lab.tenant({ bare: true, lifetime: "PT1S" })));

test("a private system has addresses and an authority, and stops", async () => {
  const lab = await Lab.start();
  assert.match(lab.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.ok(existsSync(lab.ca));
  const tenant = await lab.tenant({ bare: true });
  const discovery = await fetch(`${tenant.authority}/v2.0/.well-known/openid-configuration`);
  assert.equal(discovery.status, 200, "this process trusts the authority");
  const others = get(tenant.authority, { ca: rootCertificates[0] });
  await assert.rejects(once(others, "response"), /certificate/, "a client with authorities of its own does not");
  await lab.stop();
  assert.equal(isRunning(lab.pid), false);
  assert.equal(existsSync(lab.ca), false, "its data is deleted");
  await assert.rejects(lab.tenant(), { name: "LabError", code: "ProgramFailed" });
});

test("another private system has other tenants, and its own options", async () => {
  const other = await Lab.start({ args: ["--rules", "2021"], trustCa: false });
  const { tenants } = await other.call("list its tenants", "GET", "/lab/tenants");
  assert.equal((await other.call("read the tenant", "GET", `/lab/tenants/${tenants[0].tenant_id}`)).rules, "2021");
  await assert.rejects(other.call("read the tenant", "GET", `/lab/tenants/${shortLived[0].id}`), { code: "TenantNotFound" });
  const { authority } = await other.tenant({ bare: true });
  await assert.rejects(fetch(authority), ({ cause }) => /certificate/.test(cause.message));
  await other[Symbol.asyncDispose]();
  assert.equal(isRunning(other.pid), false);
});

// Starts a lab in another process, which prints its process id and authority and then waits.
async function elsewhere(more = "") {
  const source = `
    import { Lab } from "outlive-lab";
    const lab = await Lab.start();
    console.log(JSON.stringify({ pid: lab.pid, ca: lab.ca }));
    ${more}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { cwd: new URL(".", import.meta.url), stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  return { child, ...JSON.parse(line) };
}

test("a private system ends with a process that is killed, and leaves no data", async () => {
  const { child, pid, ca } = await elsewhere("setInterval(() => {}, 1000);");
  assert.equal(isRunning(pid), true);
  child.kill("SIGKILL");
  await waitUntil("the system stops", () => !isRunning(pid));
  await waitUntil("its data is deleted", () => !existsSync(ca));
});

test("a private system does not keep a process running", async () => {
  const { child, pid, ca } = await elsewhere();
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  await waitUntil("the system stops", () => !isRunning(pid));
  await waitUntil("its data is deleted", () => !existsSync(ca));
});

test("a running system is used by OUTLIVE_AGAINST, and not stopped", async () => {
  Object.assign(process.env, lab.environment);
  try {
    const same = await Lab.start();
    assert.deepEqual([same.url, same.ca, same.pid], [lab.url, lab.ca, undefined]);
    await same.stop();
    const tenant = await lab.tenant({ bare: true });
    await tenant.delete();
    delete process.env.OUTLIVE_CA;
    const unknown = await Lab.start();
    assert.throws(() => unknown.ca, { code: "UnknownAuthority", message: /Set OUTLIVE_CA to the file that 'outlive ca --path' prints\.$/ });
  } finally {
    for (const name of Object.keys(lab.environment)) delete process.env[name];
  }
});

test("a tenant that is not deleted ends after its lifetime", async () => {
  await waitUntil("the tenant is deleted", () => shortLived[0].time().then(() => false, ({ code }) => code === "TenantNotFound"));
});
