// A headless Chromium that trusts the issuer's certificate, and a single-page application.

import { createHash, X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";

import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const library = require.resolve("@azure/msal-browser").replace(/lib.*$/, "lib/");
const SERVED = {
  "/": ["text/html; charset=utf-8", new URL("spa.html", import.meta.url)],
  "/msal-browser.js": ["text/javascript", `${library}msal-browser.js`],
  "/msal-redirect-bridge.js": ["text/javascript", `${library}redirect-bridge/msal-redirect-bridge.js`],
};

// The server of the application, on a free port: loopback redirect URIs match with any port.
async function serveApplication() {
  const server = createServer(async (request, response) => {
    const [type, file] = SERVED[new URL(request.url, "http://localhost").pathname] ?? [];
    response.writeHead(file ? 200 : 404, type && { "content-type": type });
    response.end(file && (await readFile(file)));
  });
  await new Promise((listening) => server.listen(0, "localhost", listening));
  return server;
}

// The hash of the public key of this origin: Chromium accepts only certificates with this key.
async function keyHash(origin) {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), servername: hostname });
  await new Promise((connected, failed) => socket.once("secureConnect", connected).once("error", failed));
  const { publicKey } = new X509Certificate(socket.getPeerCertificate().raw);
  socket.destroy();
  return createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
}

// Starts a browser and the application's server, and stops them at the end of the test.
export async function openBrowser(t, ...trusted) {
  const hashes = await Promise.all(trusted.map(keyHash));
  // A new profile that allows third-party cookies: without them, no hidden frame can renew tokens, here or at the original.
  const profile = await mkdtemp(join(tmpdir(), "outlive-chromium-"));
  await mkdir(join(profile, "Default"));
  const preferences = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } };
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM,
    // Chromium has no sandbox if it runs as root, for example in a container.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [`--ignore-certificate-errors-spki-list=${hashes.join(",")}`],
  });
  t.after(async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  });
  const server = await serveApplication();
  t.after(() => server.close());
  return { context, origin: `http://localhost:${server.address().port}/` };
}
