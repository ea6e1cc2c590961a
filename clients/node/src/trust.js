// Trust in the local certificate authority, for TLS connections of this process.

import { readFileSync } from "node:fs";
import tls from "node:tls";

import { LabError } from "./lab_error.js";

const trusted = new Set();

// Before Node.js 22.19 there is no setting for a running process. `tls.connect` calls this function.
function replaceContexts() {
  const create = tls.createSecureContext;
  tls.createSecureContext = (options, ...rest) => {
    const context = create(options, ...rest);
    // A caller with certificate authorities of its own wants no others.
    if (!options?.ca) for (const certificate of trusted) context.context.addCACert(certificate);
    return context;
  };
}

function readCertificate(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const hint = "OUTLIVE_CA has to be the file that 'outlive ca --path' prints.";
    throw new LabError("The certificate of the authority cannot be read", { code: "UnknownAuthority", detail: `${cause.message}.`, hint, cause });
  }
}

export function trust(path) {
  const certificate = readCertificate(path);
  if (trusted.has(certificate)) return;
  trusted.add(certificate);
  if (tls.setDefaultCACertificates) tls.setDefaultCACertificates([...tls.getCACertificates("default"), certificate]);
  else if (trusted.size === 1) replaceContexts();
}
