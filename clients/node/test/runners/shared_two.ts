// Run by runners.test.mjs: prints which system this process uses.

import { fixtures } from "outlive-lab/vitest";
import { test as base } from "vitest";

base.extend(fixtures)("shared", ({ tenant: { lab } }) => {
  if (lab.pid === undefined) console.log(`lab ${lab.url} not started by process ${process.pid}`);
});
