package clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.aad.msal4j.AbstractClientApplicationBase;
import com.microsoft.aad.msal4j.AuthorizationCodeParameters;
import com.microsoft.aad.msal4j.AuthorizationRequestUrlParameters;
import com.microsoft.aad.msal4j.ClientCredentialFactory;
import com.microsoft.aad.msal4j.ClientCredentialParameters;
import com.microsoft.aad.msal4j.ConfidentialClientApplication;
import com.microsoft.aad.msal4j.DeviceCode;
import com.microsoft.aad.msal4j.DeviceCodeFlowParameters;
import com.microsoft.aad.msal4j.IAccount;
import com.microsoft.aad.msal4j.IAuthenticationResult;
import com.microsoft.aad.msal4j.MsalInteractionRequiredException;
import com.microsoft.aad.msal4j.MsalServiceException;
import com.microsoft.aad.msal4j.PublicClientApplication;
import com.microsoft.aad.msal4j.SilentParameters;
import java.net.MalformedURLException;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MSAL for Java, as a desktop application, a server and a daemon. */
class Msal4jTest {
  private static final String LOOPBACK = "http://localhost";
  private static final String DESKTOP = "Orders Desktop";
  private static final String SERVER = "Contoso Orders Connector";
  private static final String DAEMON = "Nightly Job";

  private Tenant tenant;

  @BeforeEach
  void createTenant() {
    tenant = new Tenant();
  }

  @AfterEach
  void deleteTenant() {
    tenant.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "api://contoso-orders/.default", "api://contoso-orders/Orders.Read",
        "https://graph.microsoft.com/.default", "User.Read"
      })
  void publicClientKeepsItsAccessTokenThroughAPasswordChangeAndLosesItsRefreshToken(String scope) throws Exception {
    PublicClientApplication client = desktop();
    IAuthenticationResult signedIn = signIn(client, LOOPBACK, scope);
    assertEquals(tenant.owner().get("upn"), signedIn.account().username());
    assertEquals(signedIn.accessToken(), silent(client, signedIn.account(), scope, false).accessToken());
    IAuthenticationResult refreshed = silent(client, signedIn.account(), scope, true);
    assertNotEquals(signedIn.accessToken(), refreshed.accessToken());
    tenant.raise("password_change", "");
    assertEquals(refreshed.accessToken(), silent(client, signedIn.account(), scope, false).accessToken());
    Throwable refused = refused(() -> silent(client, signedIn.account(), scope, true));
    assertInstanceOf(MsalInteractionRequiredException.class, refused);
    assertTrue(refused.getMessage().contains("AADSTS50173"), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "api://contoso-orders/.default", "api://contoso-orders/Orders.Read",
        "https://graph.microsoft.com/.default", "User.Read"
      })
  void confidentialClientRefreshesThroughAPasswordChangeUntilSessionsAreRevoked(String scope) throws Exception {
    ConfidentialClientApplication client = withSecret(SERVER, tenant.secret(SERVER));
    IAuthenticationResult signedIn = signIn(client, tenant.redirectUri(SERVER), scope);
    assertEquals(signedIn.accessToken(), silent(client, signedIn.account(), scope, false).accessToken());
    tenant.raise("password_change", "");
    assertNotEquals(signedIn.accessToken(), silent(client, signedIn.account(), scope, true).accessToken());
    tenant.raise("revoke_sessions", ", \"by\": \"admin\"");
    Throwable refused = refused(() -> silent(client, signedIn.account(), scope, true));
    assertTrue(refused.getMessage().contains("AADSTS50173"), refused.getMessage());
  }

  @Test
  void daemonGetsATokenAndFindsItInTheCache() throws Exception {
    ConfidentialClientApplication client = withSecret(DAEMON, tenant.secret(DAEMON));
    ClientCredentialParameters all = ClientCredentialParameters.builder(Set.of(Tenant.ORDERS + "/.default")).build();
    String first = client.acquireToken(all).get().accessToken();
    assertEquals(first, client.acquireToken(all).get().accessToken());
    Throwable refused = refused(() -> withSecret(DAEMON, "not the secret").acquireToken(all).get());
    assertEquals("invalid_client", assertInstanceOf(MsalServiceException.class, refused).errorCode());
    assertTrue(refused.getMessage().contains("AADSTS7000215"), refused.getMessage());
  }

  @Test
  void deviceCode() throws Exception {
    Consumer<DeviceCode> approve =
        code -> {
          new Browser(tenant.owner()).approve(code.verificationUri(), code.userCode());
          // The device polls by the wall time; the tenant's clock is stopped.
          tenant.advance("PT1M");
        };
    PublicClientApplication client = desktop();
    String scope = Tenant.ORDERS + "/.default";
    IAuthenticationResult signedIn =
        client.acquireToken(DeviceCodeFlowParameters.builder(Set.of(scope), approve).build()).get();
    tenant.raise("password_change", "");
    assertEquals(signedIn.accessToken(), silent(client, signedIn.account(), scope, false).accessToken());
  }

  private PublicClientApplication desktop() throws MalformedURLException {
    return PublicClientApplication.builder(tenant.clientId(DESKTOP))
        .authority(tenant.authority())
        .instanceDiscovery(false)
        .build();
  }

  private ConfidentialClientApplication withSecret(String application, String secret) throws MalformedURLException {
    return ConfidentialClientApplication.builder(
            tenant.clientId(application), ClientCredentialFactory.createFromSecret(secret))
        .authority(tenant.authority())
        .instanceDiscovery(false)
        .build();
  }

  private IAuthenticationResult signIn(AbstractClientApplicationBase client, String redirectUri, String scope)
      throws Exception {
    String authorize =
        client
            .getAuthorizationRequestUrl(
                AuthorizationRequestUrlParameters.builder(redirectUri, Set.of(scope)).build())
            .toString();
    String code = new Browser(tenant.owner()).signIn(authorize, redirectUri);
    return client
        .acquireToken(
            AuthorizationCodeParameters.builder(code, URI.create(redirectUri)).scopes(Set.of(scope)).build())
        .get();
  }

  private static IAuthenticationResult silent(
      AbstractClientApplicationBase client, IAccount account, String scope, boolean refresh) throws Exception {
    return client
        .acquireTokenSilently(SilentParameters.builder(Set.of(scope), account).forceRefresh(refresh).build())
        .get();
  }

  private interface Call {
    IAuthenticationResult run() throws Exception;
  }

  private static Throwable refused(Call call) {
    return assertThrows(ExecutionException.class, call::run).getCause();
  }
}
