package clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.ClientSecretCredential;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.DeviceCodeCredential;
import com.azure.identity.DeviceCodeCredentialBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** azure-identity for Java, as services and tools use it. */
class AzureIdentityTest {
  private static final String DAEMON = "Nightly Job";

  @Test
  void clientSecretCredential() {
    try (Tenant tenant = new Tenant()) {
      ClientSecretCredential daemon = withSecret(tenant, tenant.secret(DAEMON));
      String first = token(daemon, Tenant.ORDERS + "/.default");
      assertEquals(first, token(daemon, Tenant.ORDERS + "/.default"));
      // The services that infrastructure tools start with exist in every tenant.
      for (String scope :
          new String[] {
            "https://management.azure.com/.default", "https://management.core.windows.net//.default",
            "https://vault.azure.net/.default", "https://storage.azure.com/.default",
            "https://graph.microsoft.com/.default"
          }) {
        assertTrue(token(daemon, scope).startsWith("ey"), scope);
      }
      // azure-identity 1.18.4 wraps the error of msal4j in a RuntimeException.
      ClientSecretCredential wrong = withSecret(tenant, "not the secret");
      RuntimeException refused =
          assertThrows(RuntimeException.class, () -> token(wrong, Tenant.ORDERS + "/.default"));
      assertTrue(refused.getMessage().contains("AADSTS7000215"), refused.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"api://contoso-orders/.default", "https://graph.microsoft.com/.default"})
  void deviceCodeCredentialFindsItsTokenInTheCacheAfterAPasswordChange(String scope) {
    try (Tenant tenant = new Tenant()) {
      int[] prompts = {0};
      DeviceCodeCredential credential =
          new DeviceCodeCredentialBuilder()
              .authorityHost(Tenant.IDP)
              .disableInstanceDiscovery()
              .tenantId(tenant.id)
              .clientId(tenant.clientId("Orders Desktop"))
              .challengeConsumer(
                  code -> {
                    prompts[0]++;
                    new Browser(tenant.owner()).approve(code.getVerificationUrl(), code.getUserCode());
                    // The device polls by the wall time; the tenant's clock is stopped.
                    tenant.advance("PT1M");
                  })
              .build();
      TokenRequestContext request = new TokenRequestContext().addScopes(scope);
      String first = credential.getTokenSync(request).getToken();
      tenant.raise("password_change", "");
      assertEquals(first, credential.getTokenSync(request).getToken());
      assertEquals(1, prompts[0]);
    }
  }

  private static ClientSecretCredential withSecret(Tenant tenant, String secret) {
    return new ClientSecretCredentialBuilder()
        .authorityHost(Tenant.IDP)
        .disableInstanceDiscovery()
        .tenantId(tenant.id)
        .clientId(tenant.clientId(DAEMON))
        .clientSecret(secret)
        .maxRetry(0)
        .build();
  }

  private static String token(ClientSecretCredential credential, String scope) {
    return credential.getTokenSync(new TokenRequestContext().addScopes(scope)).getToken();
  }
}
