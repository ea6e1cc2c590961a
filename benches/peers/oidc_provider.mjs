// Starts oidc-provider: node oidc_provider.mjs PORT CLIENT
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const [port, client] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "peer", use: "sig", alg: "RS256" }] },
  clients: [
    {
      client_id: client.client_id,
      client_secret: client.client_secret,
      redirect_uris: [client.redirect_uri],
      response_types: ["code"],
      grant_types: ["client_credentials", "authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
    },
  ],
  cookies: { keys: ["a key of the peer"] },
  pkce: { required: () => false },
  issueRefreshToken: async () => true,
  features: {
    clientCredentials: { enabled: true },
    // Access tokens are JWT only for a resource server that wants them.
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => "urn:peer:orders",
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => ({
        scope: "read",
        audience: "urn:peer:orders",
        accessTokenFormat: "jwt",
        accessTokenTTL: 3600,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
provider.listen(port, "127.0.0.1");
