// One system for all processes of a test session: the global set-up of Vitest, Playwright and, from
// Node.js 24 on, `node --test --test-global-setup`.

import { Lab } from "./lab.js";

let lab;

export async function globalSetup() {
  lab = await Lab.start();
  Object.assign(process.env, lab.environment);
  return globalTeardown;
}

export async function globalTeardown() {
  await lab?.stop();
  lab = undefined;
}

export default globalSetup;
