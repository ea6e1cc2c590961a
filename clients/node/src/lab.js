// A running Outlive: a private one, or that of OUTLIVE_AGAINST.

import { findProgram } from "./find_program.js";
import { LabError } from "./lab_error.js";
import { snakeCased } from "./letter_case.js";
import { overlayOf } from "./overlay.js";
import { Program } from "./program.js";
import { call, callForText } from "./requests.js";
import { Tenant } from "./tenant.js";
import { trust } from "./trust.js";

// A tenant is deleted after this time (wall time) even if the test process was killed.
const LIFETIME = "PT1H";

let shared;

export class Lab {
  #program;
  #ca;

  static async start({ against, program, args, ca, trustCa = true, timeoutMs } = {}) {
    const lab = new Lab();
    const running = against ?? (program ? undefined : process.env.OUTLIVE_AGAINST);
    if (running) {
      rejectSystemOptions(against ? "the option 'against'" : "OUTLIVE_AGAINST", { program, args });
      lab.url = originOf(running);
      lab.#ca = (ca ?? process.env.OUTLIVE_CA) || undefined;
      await call("list its tenants", "GET", lab.url, "/lab/tenants");
    } else {
      lab.#program = await Program.start(findProgram(program), { args, timeoutMs });
      lab.url = lab.#program.ready.urls.console;
      lab.#ca = lab.#program.ready.ca;
    }
    if (trustCa && lab.#ca) trust(lab.#ca);
    return lab;
  }

  // Returns the lab of this process. The first call starts it.
  static shared() {
    shared ??= Lab.start().catch((error) => {
      shared = undefined;
      throw error;
    });
    return shared;
  }

  get ca() {
    if (this.#ca) return this.#ca;
    throw new LabError("The certificate of the authority is not known", {
      code: "UnknownAuthority",
      detail: `The lab at ${this.url} was not started by this process.`,
      hint: "Set OUTLIVE_CA to the file that 'outlive ca --path' prints.",
    });
  }

  // The process id of a private system.
  get pid() {
    return this.#program?.pid;
  }

  // The variables for a child process that uses this lab.
  get environment() {
    const authority = this.#ca ? { OUTLIVE_CA: this.#ca, NODE_EXTRA_CA_CERTS: this.#ca } : {};
    return { OUTLIVE_AGAINST: this.url, ...authority };
  }

  async tenant({ lifetime = LIFETIME, clock = { speed: 0 }, overlay, ...options } = {}) {
    const request = snakeCased({ lifetime, clock, overlay: overlay && overlayOf(overlay), ...options });
    return this.#tenantOf(await this.call("create a tenant", "POST", "/lab/tenants", request));
  }

  // Creates the tenant that `Tenant.export` returned, once in a lab.
  async importTenant(exported, { lifetime = LIFETIME } = {}) {
    const path = `/lab/tenants?import&lifetime=${encodeURIComponent(lifetime)}`;
    return this.#tenantOf(await this.call("import the tenant", "POST", path, exported));
  }

  #tenantOf(facts) {
    if (typeof facts.tenant_id === "string") return new Tenant(this, facts);
    const detail = `${this.url} returned ${JSON.stringify(facts).slice(0, 200)}, which is not a tenant.`;
    throw new LabError("The lab cannot create a tenant", { code: "InvalidResponse", detail });
  }

  // Sends a request to the lab API. `action`, such as "list the users", describes it in errors.
  async call(action, method, path, body) {
    return this.#sent(call, action, method, path, body);
  }

  // The text of a response, to be sent again as it is.
  async callForText(action, method, path) {
    return this.#sent(callForText, action, method, path);
  }

  async #sent(send, action, method, path, body) {
    try {
      return await send(action, method, this.url, path, body);
    } catch (error) {
      if (error.code !== "LabUnreachable" || !this.#program?.hasEnded) throw error;
      throw new LabError("The program outlive has ended", { code: "ProgramFailed", detail: this.#program.log, cause: error });
    }
  }

  // Stops a private system.
  async stop() {
    await this.#program?.stop();
  }

  async [Symbol.asyncDispose]() {
    await this.stop();
  }
}

// A running system was started with options of its own.
function rejectSystemOptions(origin, options) {
  const given = Object.keys(options).filter((name) => options[name] !== undefined);
  if (!given.length) return;
  throw new LabError("These options cannot be used together", {
    code: "ConflictingOptions",
    detail: `${origin} names a running system, and ${given.map((name) => `'${name}'`).join(", ")} would start one.`,
    hint: "Leave one of them out.",
  });
}

function originOf(address) {
  if (/^https?:/.test(address) && URL.canParse(address)) return new URL(address).origin;
  throw new LabError("The address of the lab is not valid", {
    code: "InvalidAddress",
    detail: `${JSON.stringify(address)} is not an http address.`,
    hint: "OUTLIVE_AGAINST is, for example, http://127.0.0.1:8700.",
  });
}
