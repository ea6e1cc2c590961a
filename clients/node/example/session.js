// Signs a user in with MSAL and keeps the tokens in a file.

import { readFile, writeFile } from "node:fs/promises";

import { CryptoProvider, PublicClientApplication } from "@azure/msal-node";

const REDIRECT = "http://localhost:3000";
const SCOPES = ["api://contoso-orders/Orders.Read"];

export class Session {
  #msal;
  #verifier;

  constructor({ clientId, authority, cacheFile }) {
    const cachePlugin = {
      beforeCacheAccess: async ({ tokenCache }) => tokenCache.deserialize(await readFile(cacheFile, "utf8").catch(() => "{}")),
      afterCacheAccess: async ({ cacheHasChanged, tokenCache }) => cacheHasChanged && writeFile(cacheFile, tokenCache.serialize()),
    };
    const auth = { clientId, authority, knownAuthorities: [new URL(authority).host] };
    this.#msal = new PublicClientApplication({ auth, cache: { cachePlugin } });
  }

  // Returns the address to open in the browser.
  async signInUrl() {
    const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
    this.#verifier = verifier;
    return this.#msal.getAuthCodeUrl({ scopes: SCOPES, redirectUri: REDIRECT, codeChallenge: challenge, codeChallengeMethod: "S256" });
  }

  // Takes the parameters with which the browser came back.
  async completeSignIn({ code }) {
    await this.#msal.acquireTokenByCode({ code, scopes: SCOPES, redirectUri: REDIRECT, codeVerifier: this.#verifier });
  }

  // Returns an access token: the cached one, or a new one.
  async token({ forceRefresh = false } = {}) {
    const [account] = await this.#msal.getTokenCache().getAllAccounts();
    const { accessToken } = await this.#msal.acquireTokenSilent({ account, scopes: SCOPES, forceRefresh });
    return accessToken;
  }
}
