// Programs that are missing or are not Outlive, and addresses that are not a lab. No system is started.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { Lab } from "outlive-lab";
import { globalSetup, globalTeardown } from "outlive-lab/session";

import { call } from "../src/requests.js";

const directory = mkdtempSync(path.join(tmpdir(), "outlive-failures-"));
after(() => rmSync(directory, { recursive: true }));

// Sets variables for the time of a call.
async function withEnvironment(variables, call) {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  try {
    return await call();
  } finally {
    process.env = before;
  }
}

function program(name, script) {
  const file = path.join(directory, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const INSTALL = /Install Outlive .*, or set OUTLIVE_BIN to the program, or OUTLIVE_AGAINST to the address of a running system\.$/;

test("a missing program: the error has the places that were searched, and what to do", async () => {
  const nowhere = { OUTLIVE_BIN: undefined, OUTLIVE_AGAINST: undefined, PATH: directory };
  for (const [variables, options, detail] of [
    [nowhere, {}, "There is no option 'program', OUTLIVE_BIN is not set, and no directory of PATH has 'outlive'."],
    [{ ...nowhere, OUTLIVE_BIN: "/no/outlive" }, {}, "/no/outlive, from OUTLIVE_BIN, is not an executable file."],
    [{ ...nowhere, OUTLIVE_BIN: "outlive-2" }, {}, "No directory of PATH has 'outlive-2', from OUTLIVE_BIN."],
    [nowhere, { program: directory }, `${directory}, from the option 'program', is not an executable file.`],
  ]) {
    await withEnvironment(variables, () =>
      assert.rejects(Lab.start(options), (error) => {
        assert.deepEqual([error.name, error.code, error.detail], ["LabError", "ProgramNotFound", detail]);
        assert.match(error.message, INSTALL);
        return true;
      }),
    );
  }
});

const READY = '{"urls": {"console": "http://127.0.0.1:9"}}';

test("the program is the option, OUTLIVE_BIN, or the first on PATH", async () => {
  for (const name of ["outlive", "of-the-environment", "of-the-option"]) program(name, `echo "${name} $*" >&2; exit 3`);
  const at = (name) => path.join(directory, name);
  const all = { OUTLIVE_AGAINST: undefined, OUTLIVE_BIN: at("of-the-environment"), PATH: `${directory}${path.delimiter}${process.env.PATH}` };
  for (const [variables, options, name] of [
    [all, { program: at("of-the-option") }, "of-the-option"],
    [all, {}, "of-the-environment"],
    [{ ...all, OUTLIVE_BIN: undefined }, {}, "outlive"],
    [{ ...all, OUTLIVE_BIN: "outlive" }, {}, "outlive"],
    [{ ...all, OUTLIVE_AGAINST: "http://127.0.0.1:1" }, { program: "of-the-option" }, "of-the-option"],
  ]) {
    await withEnvironment(variables, () =>
      assert.rejects(Lab.start(options), {
        code: "ProgramFailed",
        message: new RegExp(`${name} did not start: It ended with exit code 3\\. It wrote: ${name} up .*--port-base 0 --format json --stop-at-eof$`),
      }),
    );
  }
});

test("options of a private system cannot be combined with a running one", async () => {
  const address = "http://127.0.0.1:1";
  for (const [variable, options, detail] of [
    [undefined, { against: address, program: "outlive" }, "the option 'against' names a running system, and 'program' would start one."],
    [address, { args: ["--rules", "2021"] }, "OUTLIVE_AGAINST names a running system, and 'args' would start one."],
  ]) {
    await withEnvironment({ OUTLIVE_AGAINST: variable }, () => assert.rejects(Lab.start(options), { code: "ConflictingOptions", detail }));
  }
});

test("a program that is not Outlive is an error with its output, and is ended", async () => {
  for (const [script, message] of [
    ["echo hello; cat", /Its first line is not the JSON of 'up --format json': "hello"\. Is it another program, or an older Outlive\?$/],
    ["echo '[]'; cat", /Its first line is not the JSON/],
    [`echo '{"urls": {}}'; cat`, /Its first line is not the JSON/],
    ["echo \"error: unexpected argument '--stop-at-eof' found\" >&2; exit 2", /It ended with exit code 2\. It wrote: error: unexpected argument '--stop-at-eof' found$/],
    ["kill -9 $$", /It was ended by SIGKILL\.$/],
    ["exit 0", /It ended with exit code 0\.$/],
    ["cat", /It was not up after 0\.3 s\.$/],
  ]) {
    const options = { program: program("wrong", script), timeoutMs: script === "cat" ? 300 : undefined };
    await assert.rejects(Lab.start(options), { name: "LabError", code: "ProgramFailed", message }, script);
  }
  const unusable = program("unusable", "");
  writeFileSync(unusable, "#!/no/interpreter\n");
  await assert.rejects(Lab.start({ program: unusable }), { name: "LabError", code: "ProgramFailed", message: /It could not be started: .*ENOENT/ });
});

test("a program that ends later is reported with what it wrote", async () => {
  const lab = await Lab.start({ program: program("short", `echo '${READY}'; echo 'the disk is full' >&2; exec <&-`), trustCa: false });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await assert.rejects(lab.tenant(), { code: "ProgramFailed", message: "The program outlive has ended: the disk is full" });
  await lab.stop();
});

test("a system that is not a lab is an error with its response", async (t) => {
  let answer;
  const server = createServer((_, response) => response.writeHead(answer[0], { "content-type": "text/html" }).end(answer[1]));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const against = `http://127.0.0.1:${server.address().port}`;
  for (const [status, body] of [[200, "<html>Hello</html>"], [200, ""], [200, "null"], [500, "<html>"], [404, '{"error": "not here"}'], [302, ""]]) {
    answer = [status, body];
    await assert.rejects(Lab.start({ against }), { name: "LabError", code: "InvalidResponse", status, message: /OUTLIVE_AGAINST has to be the address of the console/ }, body);
  }
  answer = [200, "{}"];
  const lab = await Lab.start({ against });
  await assert.rejects(lab.tenant(), { code: "InvalidResponse" });
  answer = [409, '{"error": {"code": "OperationInProgress", "message": "An advance is in progress."}}'];
  await assert.rejects(lab.tenant(), {
    code: "OperationInProgress",
    status: 409,
    message: "The lab cannot create a tenant: An advance is in progress. Await the other call for this tenant first.",
  });
});

test("a tenant is created with a lifetime and a clock that stands still, unless the test has others", async (t) => {
  const bodies = [];
  const server = createServer(async (request, response) => {
    const body = (await request.setEncoding("utf8").toArray()).join("");
    if (body) bodies.push(JSON.parse(body));
    response.end('{"tenant_id": "t"}');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const lab = await Lab.start({ against: `http://127.0.0.1:${server.address().port}/console` });
  await lab.tenant();
  await lab.tenant({ bare: true, lifetime: "P1D", clock: { speed: 1 }, name: undefined });
  assert.deepEqual(bodies, [
    { lifetime: "PT1H", clock: { speed: 0 } },
    { bare: true, lifetime: "P1D", clock: { speed: 1 } },
  ]);
  const ca = path.join(directory, "no-ca.pem");
  await assert.rejects(Lab.start({ against: lab.url, ca }), { code: "UnknownAuthority", message: /no-ca\.pem.* OUTLIVE_CA has to be the file/ });
});

test("a request has a time limit, which is an hour only for what moves time", async (t) => {
  const server = createServer(() => {});
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const base = `http://127.0.0.1:${server.address().port}`;
  const message = /does not respond: It was to wait\. There was no complete response within 0\.1 s\.$/;
  await assert.rejects(call("wait", "GET", base, "/lab/tenants", undefined, 100), { code: "LabUnreachable", message });

  const limits = [];
  t.mock.method(AbortSignal, "timeout", (limit) => void limits.push(limit) ?? AbortSignal.abort());
  for (const [method, path] of [["POST", "/lab/tenants/t/clock"], ["GET", "/lab/tenants/t/clock"], ["POST", "/lab/tenants"]]) {
    await assert.rejects(call("wait", method, base, path));
  }
  assert.deepEqual(limits, [3_600_000, 120_000, 120_000]);
});

test("a journal that lacks a service is an error", async (t) => {
  const server = createServer((request, response) => response.end(request.url.includes("journal") ? '{"lines": [], "missing": ["hub"]}' : '{"tenant_id": "t"}'));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const tenant = await (await Lab.start({ against: `http://127.0.0.1:${server.address().port}` })).tenant();
  await assert.rejects(tenant.journal(), { code: "ServiceFailed", message: /The journal is not complete: hub did not respond\. Try again\.$/ });
});

test("the set-up of a session restores the environment", async () => {
  const file = program("ready", `echo '{"urls": {"console": "http://127.0.0.1:9"}}'; cat`);
  await withEnvironment({ OUTLIVE_AGAINST: "", OUTLIVE_BIN: file }, async () => {
    await globalSetup();
    assert.equal(process.env.OUTLIVE_AGAINST, "http://127.0.0.1:9");
    await globalTeardown();
    assert.equal(process.env.OUTLIVE_AGAINST, "");
  });
});

test("a system that does not respond, and an invalid address", async () => {
  await assert.rejects(Lab.start({ against: "http://127.0.0.1:1" }), {
    code: "LabUnreachable",
    message: /^The lab at http:\/\/127\.0\.0\.1:1 does not respond: It was to list its tenants\. .*ECONNREFUSED/,
  });
  for (const against of ["localhost", "localhost:8700", "ftp://localhost"]) {
    await assert.rejects(Lab.start({ against }), { code: "InvalidAddress", message: /is not an http address\. OUTLIVE_AGAINST is, for example, http:\/\/127\.0\.0\.1:8700\.$/ });
  }
});
