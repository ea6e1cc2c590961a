// One system for all processes of a test session: the global set-up of Vitest, Playwright and, from
// Node.js 24 on, `node --test --test-global-setup`.

import { Lab } from "./lab.js";

let lab;
let before;

export async function globalSetup() {
  lab = await Lab.start();
  before = Object.fromEntries(Object.keys(lab.environment).map((name) => [name, process.env[name]]));
  Object.assign(process.env, lab.environment);
  return globalTeardown;
}

export async function globalTeardown() {
  for (const [name, value] of Object.entries(before ?? {})) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  before = undefined;
  await lab?.stop();
  lab = undefined;
}

export default globalSetup;
