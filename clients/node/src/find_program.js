// Finds the program `outlive`.

import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

import { LabError } from "./lab_error.js";

const INSTALL =
  "Install Outlive (in a copy of its repository: cargo install --path crates/outlive), or set OUTLIVE_BIN to the program, " +
  "or OUTLIVE_AGAINST to the address of a running system.";

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function onPath(name, environment) {
  const extensions = process.platform === "win32" ? (environment.PATHEXT ?? ".EXE").split(";") : [""];
  const directories = (environment.PATH ?? environment.Path ?? "").split(path.delimiter).filter(Boolean);
  const files = extensions.map((extension) => `${name}${extension}`);
  return directories.flatMap((directory) => files.map((file) => path.join(directory, file))).find(isProgram);
}

const notFound = (detail) => new LabError("The program outlive was not found", { code: "ProgramNotFound", detail, hint: INSTALL });

// Returns the path of the program: the given one, that of OUTLIVE_BIN, or the first on PATH. A name
// without a directory is searched on PATH.
export function findProgram(given, environment = process.env) {
  const [file, origin] = given ? [given, "the option 'program'"] : [environment.OUTLIVE_BIN, "OUTLIVE_BIN"];
  if (file) {
    const isName = path.basename(file) === file;
    const named = isName ? onPath(file, environment) : isProgram(file) && path.resolve(file);
    if (named) return named;
    throw notFound(isName ? `No directory of PATH has '${file}', from ${origin}.` : `${file}, from ${origin}, is not an executable file.`);
  }
  const found = onPath("outlive", environment);
  if (found) return found;
  throw notFound("There is no option 'program', OUTLIVE_BIN is not set, and no directory of PATH has 'outlive'.");
}
