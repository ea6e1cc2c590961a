// The declarations: valid TypeScript, with the names that exist at run time.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { LabError, Lab, Tenant } from "outlive-lab";
import ts from "typescript";

import { Explanation } from "../src/explanation.js";

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const { exports: entries } = createRequire(import.meta.url)("../package.json");
const MODULES = Object.values(entries).filter((entry) => entry.types);

test("tsc accepts every use in types/usage.ts", () => {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", at("types/tsconfig.json")], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

// Otherwise they are looked for in the working directory.
const typeRoots = [dirname(dirname(createRequire(import.meta.url).resolve("@types/node/package.json")))];
const files = MODULES.map(({ types }) => at(`../${types}`));
const node = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ESNext, types: ["node"], typeRoots };
const program = ts.createProgram(files, { ...node, strict: true, noEmit: true, lib: ["lib.esnext.d.ts"] });

test("the declarations are valid without those of test runners", () => {
  const found = files.map((file) => program.getSourceFile(file)).flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
  assert.deepEqual(found.map(({ file, messageText }) => `${file.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`), []);
});

const checker = program.getTypeChecker();
const exported = (file) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));

function isValue(symbol) {
  const named = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return Boolean(named.flags & ts.SymbolFlags.Value);
}

test("every module exports the values that it declares, and no others", async () => {
  assert.equal(MODULES.length, 5);
  for (const { types, default: module } of MODULES) {
    const declared = exported(at(`../${types}`)).filter(isValue);
    assert.deepEqual(declared.map(({ name }) => name).sort(), Object.keys(await import(`../${module}`)).sort(), module);
  }
});

// The names that an object has, without those of symbols.
function members(object) {
  const names = new Set(Object.keys(object));
  for (let of = Object.getPrototypeOf(object); of && ![Object.prototype, Error.prototype].includes(of); of = Object.getPrototypeOf(of)) {
    for (const name of Object.getOwnPropertyNames(of)) if (name !== "constructor") names.add(name);
  }
  return [...names].sort();
}

test("objects have the members that are declared, and no others", () => {
  const lists = { users: [], applications: [], connections: [], flows: [], connectors: [] };
  const lab = Object.assign(new Lab(), { url: "" });
  const why = { kind: "", name: "", what: "", lineage: [], decisions: [], verdict: null, endsByItself: null, wouldEndIt: [], wouldNotEndIt: [], whatIf: [], after: null };
  const objects = { Lab: lab, Tenant: new Tenant(lab, { tenant_id: "", domain: "", urls: {}, ...lists }), LabError: new LabError(""), Explanation: new Explanation(why) };
  const index = exported(at("../src/index.d.ts"));
  for (const [name, object] of Object.entries(objects)) {
    const type = checker.getDeclaredTypeOfSymbol(index.find((symbol) => symbol.name === name));
    const declared = type.getProperties().map((property) => property.name).filter((property) => !property.startsWith("__@"));
    const inherited = name === "LabError" ? ["message", "stack", "cause"] : [];
    assert.deepEqual(declared.filter((property) => !inherited.includes(property)).sort(), members(object).filter((property) => !inherited.includes(property)), name);
  }
});
