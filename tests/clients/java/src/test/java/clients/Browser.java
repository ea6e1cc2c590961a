package clients;

import java.io.IOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;

/** A browser without JavaScript: fills in the forms of the real pages, as a user would. */
final class Browser {
  private static final int STEPS_MAX = 12;

  private final HttpClient http =
      HttpClient.newBuilder()
          .cookieHandler(new CookieManager(null, CookiePolicy.ACCEPT_ALL))
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final Map<String, Object> user;

  Browser(Map<String, Object> user) {
    this.user = user;
  }

  /** Returns the code that the issuer sends to the application, by redirect or by form. */
  String signIn(String authorizeUrl, String redirectUri) {
    URI at = URI.create(authorizeUrl);
    HttpResponse<String> response = get(at);
    for (int step = 0; step < STEPS_MAX; step++) {
      Optional<String> location = response.headers().firstValue("location");
      if (location.isPresent()) {
        at = at.resolve(location.get());
        if (at.toString().startsWith(redirectUri)) {
          return parameter(at.getRawQuery(), "code");
        }
        response = get(at);
        continue;
      }
      Element form = Jsoup.parse(response.body()).selectFirst("form");
      if (form == null) {
        throw new AssertionError(at + " shows no form: " + Jsoup.parse(response.body()).text());
      }
      at = at.resolve(form.attr("action"));
      if (at.toString().startsWith(redirectUri)) {
        return form.selectFirst("input[name=code]").attr("value");
      }
      response = post(at, filledIn(form, null));
    }
    throw new AssertionError("the issuer's pages do not come to an end");
  }

  /** Enters the code of a device, signs in and approves the device. */
  void approve(String page, String code) {
    URI at = URI.create(page);
    HttpResponse<String> response = get(at);
    for (int step = 0; step < STEPS_MAX; step++) {
      Optional<String> location = response.headers().firstValue("location");
      if (location.isPresent()) {
        at = at.resolve(location.get());
        response = get(at);
        continue;
      }
      Element form = Jsoup.parse(response.body()).selectFirst("form");
      if (form == null) {
        return;
      }
      at = at.resolve(form.attr("action"));
      response = post(at, filledIn(form, code));
    }
    throw new AssertionError("the issuer's pages do not come to an end");
  }

  private Map<String, String> filledIn(Element form, String code) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (Element input : form.select("input[name]:not([type=checkbox])")) {
      String typed =
          switch (input.attr("name")) {
            case "loginfmt" -> (String) user.get("upn");
            case "passwd" -> (String) user.get("password");
            case "otc" -> code;
            default -> null;
          };
      fields.put(input.attr("name"), typed == null ? input.attr("value") : typed);
    }
    Element button = form.selectFirst("button");
    if (button != null && button.hasAttr("name")) {
      fields.put(button.attr("name"), button.attr("value"));
    }
    return fields;
  }

  private HttpResponse<String> get(URI at) {
    return send(HttpRequest.newBuilder(at).build());
  }

  private HttpResponse<String> post(URI at, Map<String, String> fields) {
    String body =
        fields.entrySet().stream()
            .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
            .collect(Collectors.joining("&"));
    return send(
        HttpRequest.newBuilder(at)
            .header("content-type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException error) {
      throw new AssertionError(request.uri().toString(), error);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String parameter(String query, String name) {
    for (String pair : query.split("&")) {
      if (pair.startsWith(name + "=")) {
        return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
      }
    }
    throw new AssertionError("no " + name + " in " + query);
  }
}
