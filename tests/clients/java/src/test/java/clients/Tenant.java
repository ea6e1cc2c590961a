package clients;

import com.azure.json.JsonProviders;
import com.azure.json.JsonReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;

/** A tenant for one test, deleted when the test ends. Its clock is stopped at the wall time, which SDKs use. */
final class Tenant implements AutoCloseable {
  static final String ORDERS = "api://contoso-orders";
  static final String LAB = System.getenv("SUITE_LAB");
  /** At port 443: MSAL for Java refreshes tokens there, whatever port the authority names. */
  static final String IDP = System.getenv("SUITE_IDP_443");

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private Map<String, Object> facts;
  final String id;

  Tenant() {
    facts = call("POST", "/lab/tenants", "{\"bare\": true, \"clock\": {\"speed\": 0}}");
    id = (String) facts.get("tenant_id");
  }

  String authority() {
    return IDP + "/" + id + "/";
  }

  Map<String, Object> owner() {
    return one("users", "role", "owner");
  }

  String clientId(String application) {
    return (String) one("applications", "name", application).get("client_id");
  }

  String secret(String application) {
    return (String) one("applications", "name", application).get("secret");
  }

  String redirectUri(String application) {
    return (String) ((List<?>) one("applications", "name", application).get("redirect_uris")).get(0);
  }

  /** Raises a lab event for the owner and reads the tenant again: a password may have changed. */
  void raise(String type, String more) {
    call("POST", "/lab/tenants/" + id + "/events", "{\"type\": \"" + type + "\", \"user\": \"owner\"" + more + "}");
    facts = call("GET", "/lab/tenants/" + id, null);
  }

  void advance(String duration) {
    call("POST", "/lab/tenants/" + id + "/clock", "{\"advance\": \"" + duration + "\"}");
  }

  @Override
  public void close() {
    call("DELETE", "/lab/tenants/" + id, null);
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> one(String list, String member, String value) {
    return ((List<Map<String, Object>>) facts.get(list)).stream()
        .filter(candidate -> value.equals(candidate.get(member)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the seed has no " + value));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> call(String method, String path, String body) {
    HttpRequest.BodyPublisher publisher =
        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(LAB + path)).method(method, publisher);
    if (body != null) {
      request.header("content-type", "application/json");
    }
    try {
      HttpResponse<String> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() >= 300) {
        throw new AssertionError(method + " " + path + ": " + response.statusCode() + " " + response.body());
      }
      if (response.body().isEmpty()) {
        return Map.of();
      }
      try (JsonReader reader = JsonProviders.createReader(response.body())) {
        return (Map<String, Object>) reader.readUntyped();
      }
    } catch (IOException | InterruptedException error) {
      throw new AssertionError(method + " " + path, error);
    }
  }
}
