//! No secret survives, wherever it is in the file; what a replay needs does.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::redacted;
use crate::replay::exchange::Recording;
use crate::replay::kind::Jwt;

const TENANT: &str = "5c0ffee5-1111-4222-8333-444444444444";
const CLIENT: &str = "c11e47aa-1111-4222-8333-444444444444";
const TOKEN_URL: &str = "https://login.microsoftonline.com/secretcorp.onmicrosoft.com/oauth2/v2.0/token";

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "secret-kid-value-1"});
    format!("{}.{}.c2VjcmV0LXNpZ25hdHVyZQ", part(&header), part(claims))
}

fn entry(url: &str, form: &str, body: &str) -> Value {
    json!({
        "startedDateTime": "2026-03-02T09:00:00+01:00",
        "request": {
            "method": "POST",
            "url": url,
            "headers": [{"name": "Cookie", "value": "ESTSAUTH=secret-cookie"}],
            "postData": {"mimeType": "application/x-www-form-urlencoded", "text": form},
        },
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Type", "value": "application/json; charset=utf-8"}],
            "content": {"mimeType": "application/json", "text": body},
        },
    })
}

fn redact(entries: Vec<Value>) -> String {
    let har = json!({"log": {
        "version": "1.2",
        "comment": "secret-comment",
        "pages": [{"title": "secret-page"}],
        "_secret": "secret-extension",
        "entries": entries,
    }});
    let mut recording = Recording::default();
    recording.add(har.to_string().as_bytes(), &[]).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    redacted(&recording)
}

/// Every text in the file, decoded: JSON in JSON, base64 and the parts of tokens.
fn decoded(text: &str) -> String {
    let mut all = text.to_owned();
    let mut pending = vec![serde_json::from_str::<Value>(text).expect("JSON")];
    while let Some(value) = pending.pop() {
        match value {
            Value::Array(values) => pending.extend(values),
            Value::Object(members) => {
                for (name, value) in members {
                    all.push_str(&format!("\n{name}"));
                    pending.push(value);
                }
            }
            Value::String(text) => {
                all.push_str(&format!("\n{text}"));
                pending.extend(serde_json::from_str::<Value>(&text).ok().filter(|inner| !inner.is_number()));
                for (_, value) in url::form_urlencoded::parse(text.as_bytes()) {
                    all.push_str(&format!("\n{value}"));
                    for part in value.split(['.', ' ', '/', '?', '&', '=', '#']) {
                        let standard = STANDARD.decode(part).ok();
                        for bytes in standard.into_iter().chain(URL_SAFE_NO_PAD.decode(part).ok()) {
                            all.push_str(&format!("\n{}", String::from_utf8_lossy(&bytes)));
                        }
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    all
}

#[test]
fn no_secret_survives_wherever_it_is() {
    let claims = json!({
        "aud": "api://secret-api", "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
        "name": "Secret Person", "preferred_username": "secret.person@secretcorp.example", "exp": 2, "iat": 1,
        "oid": "0b1ec7aa-1111-4222-8333-444444444444", "scp": "Secret.Read", "ipaddr": "192.0.2.77", "ver": "2.0",
        "puid": 1_234_567_890, "roles": ["Secret.Role"], "extension_5ec4e7_employee": "secret-employee",
    });
    let token = jwt(&claims);
    let basic = STANDARD.encode(format!("{CLIENT}:secret-basic"));
    let form = format!(
        "client_id={CLIENT}&client_secret=secret-client&grant_type=password&username=secret.person%40secretcorp.example\
         &password=code&scope=openid+api%3A%2F%2Fsecret-api%2FSecret.Read&code=0.secret-code&code_verifier=secret-verifier\
         &refresh_token=0.secret-refresh&client_assertion={token}&assertion={token}&redirect_uri=https%3A%2F%2F\
         secret.example%2Fsecret-path&claims=%7B%22id_token%22%3A%7B%22upn%22%3A%22secret-claim%22%7D%7D&state=secret-state\
         &SAMLRequest=secret-saml&flowToken=secret-flow&ctx=secret-ctx&canary=secret-canary&secret%20name=secret-value"
    );
    let body = json!({
        "token_type": "Bearer", "scope": "api://secret-api/Secret.Read", "expires_in": 3599, "access_token": token,
        "refresh_token": "0.secret-refresh-2", "id_token": token, "client_info": "secret-info", "extra": {"secret2@x.example": [7, "secret-list"]},
        "error_description": format!("AADSTS50034: The user Secret Person (secret.person@secretcorp.example) of '{TENANT}'. Trace ID: 1"),
    });
    let mut first = entry(TOKEN_URL, &form, &body.to_string());
    first["comment"] = json!("secret-comment-2");
    first["_initiator"] = json!({"stack": "secret-stack"});
    first["serverIPAddress"] = json!("192.0.2.77");
    first["request"]["cookies"] = json!([{"name": "x", "value": "secret-cookie-2"}]);
    first["request"]["headers"].as_array_mut().expect("a list").extend([
        json!({"name": "Authorization", "value": format!("Basic {basic}")}),
        json!({"name": "Referer", "value": "https://secret.example/secret-referer"}),
        json!({"name": "Origin", "value": "https://secret.example"}),
    ]);
    let mut page = entry(
        "https://login.microsoftonline.com/common/login?x=secret-query&id_token_hint=secret-hint#code=secret-fragment",
        "login=secret.person%40secretcorp.example&passwd=secret-password",
        "<html>secret-html</html>",
    );
    page["response"]["status"] = json!(302);
    page["response"]["headers"] = json!([
        {"name": "Location", "value": "https://secret.example/secret-path?code=secret-code-2&state=secret-state#rest=secret-rest"},
        {"name": "Set-Cookie", "value": "ESTSAUTH=secret-cookie-3"},
        {"name": "WWW-Authenticate", "value": "Bearer realm=\"secret-realm\""},
    ]);
    let mut encoded =
        entry("https://user:secret-url-password@login.microsoftonline.com/common/GetCredentialType", "", "");
    encoded["response"]["content"] =
        json!({"text": STANDARD.encode("{\"Username\":\"secret-username\"}"), "encoding": "base64"});
    let foreign =
        entry("https://secret.example/api?secret-foreign=1", "secret-foreign-form=1", "secret-foreign-body");
    let text = redact(vec![first, page, encoded, foreign]);
    let all = decoded(&text).to_lowercase();
    for secret in [
        "secretcorp",
        "secret-",
        "secret.",
        "secret person",
        "5c0ffee5",
        "c11e47aa",
        "0b1ec7aa",
        "192.0.2.77",
        "1234567890",
        "c2vjcmv0lxnpz25hdhvyzq",
        "password=code",
        "2026-03-02t09",
        "secret2@",
    ] {
        let place =
            all.find(secret).map(|at| all[at.saturating_sub(60)..].chars().take(120).collect::<String>());
        assert_eq!(place, None, "{secret} survives");
    }
}

#[test]
fn what_a_replay_needs_survives_with_stable_pseudonyms() {
    let claims = json!({"tid": TENANT, "aud": CLIENT, "exp": 3_900, "iat": 1, "ver": "2.0", "amr": ["pwd"], "custom": 7});
    let body = json!({"access_token": jwt(&claims), "expires_in": 3599, "ext_expires_in": "3599", "token_type": "Bearer"});
    let form =
        format!("client_id={CLIENT}&grant_type=refresh_token&refresh_token=0.abc&scope=openid+User.Read");
    let url = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    let text = redact(vec![entry(&url, &form, &body.to_string()), entry(&url, &form, &body.to_string())]);
    let har: Value = serde_json::from_str(&text).expect("JSON");
    let entries = har["log"]["entries"].as_array().expect("a list");
    assert_eq!(entries[0], entries[1], "the same values have the same pseudonyms");
    assert_eq!(entries[0]["startedDateTime"], "2026-03-02T08:00:00Z");
    let tenant = "00000000-0000-4000-8000-000000000001";
    assert_eq!(
        entries[0]["request"]["url"],
        format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token")
    );
    assert_eq!(
        entries[0]["request"]["postData"]["text"],
        "client_id=00000000-0000-4000-8000-000000000002&grant_type=refresh_token&refresh_token=redacted-1-&scope=openid+User.Read"
    );
    let body: Value = serde_json::from_str(entries[0]["response"]["content"]["text"].as_str().expect("text"))
        .expect("JSON");
    assert_eq!((&body["expires_in"], &body["ext_expires_in"]), (&json!(3599), &json!("3599")));
    let token = body["access_token"].as_str().expect("a token");
    assert!(token.ends_with('.'), "it has no signature");
    let token = Jwt::read(token).expect("a JWT");
    assert_eq!(
        Value::Object(token.claims),
        json!({
            "tid": tenant, "aud": "00000000-0000-4000-8000-000000000002", "exp": 3_900, "iat": 1, "ver": "2.0",
            "amr": ["pwd"], "name-1": 0,
        })
    );
    // A redacted file is not changed by another redaction, but for the numbers.
    let mut again = Recording::default();
    again.add(text.as_bytes(), &[]).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let again: Value = serde_json::from_str(&redacted(&again)).expect("JSON");
    assert_eq!(again["log"]["entries"][0]["request"]["url"], entries[0]["request"]["url"]);
}

/// Returns the first entry of a redacted file: URL, form, `Location`, body.
fn parts(text: &str) -> [String; 4] {
    let har: Value = serde_json::from_str(text).expect("JSON");
    let entry = &har["log"]["entries"][0];
    ["/request/url", "/request/postData/text", "/response/redirectURL", "/response/content/text"]
        .map(|path| entry.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned())
}

#[test]
fn names_that_no_protocol_defines_are_replaced() {
    for (form, redacted) in [
        // A password or a client secret that was not encoded.
        (
            "password=Winter&sommer24&scope=openid",
            "password=redacted-1-secret&=redacted-2-secret&scope=openid",
        ),
        ("client_secret=xY~Ab8Q&openid", "client_secret=redacted-1-secret&=redacted-2-secret"),
        ("client_secret=a&SecretTail=", "client_secret=redacted-1-secret&name-1="),
        ("scope=openid&alice.mueller=77&alice.mueller=88", "scope=openid&name-1=00000001&name-1=00000002"),
        ("grant_type=password&newPassword=code", "grant_type=password&name-1=redacted-1-secret"),
        (
            "grant_type=password&pin=0000&zz=0000",
            "grant_type=password&name-1=redacted-1-secret&name-2=redacted-1-secret",
        ),
        // The length of a secret is nowhere.
        (
            "code=a-password-of-a-user-of-contoso&password=a-password-of-a-user-of-contoso",
            "code=redacted-1-secret&password=redacted-1-secret",
        ),
        ("username=11111111&zz=2222", "username=00000001&name-1=00000002"),
        ("state={\"plant.user\":true,\"amr\":true}", "state=%7B%22amr%22%3Atrue%2C%22name-1%22%3Afalse%7D"),
        (
            "claims={\"interval\":4915112345678.5,\"exp\":491511234567,\"iat\":7}",
            "claims=%7B%22exp%22%3A0%2C%22iat%22%3A7%2C%22interval%22%3A0.0%7D",
        ),
        (
            "redirect_uri=plantscheme://login.microsoftonline.com/auth",
            "redirect_uri=app-1%3A%2F%2Flogin.microsoftonline.com%2Fauth",
        ),
        ("redirect_uri=https://plant.example:8443/auth", "redirect_uri=https%3A%2F%2Fhost-1.example%2Fauth"),
        ("redirect_uri=http://localhost:5000/auth", "redirect_uri=http%3A%2F%2Flocalhost%3A5000%2Fauth"),
        ("resource=urn:federation:MicrosoftOnline", "resource=urn%3Afederation%3AMicrosoftOnline"),
    ] {
        assert_eq!(parts(&redact(vec![entry(TOKEN_URL, form, "{}")]))[1], redacted, "{form}");
    }
    let mut first = entry(
        "https://graph.microsoft.com/v1.0/me?$select=plant.user,id&plant.user",
        "",
        &json!({"plant.user": true, "plantcorp.onmicrosoft.com": {"id": null}, "accountEnabled": true})
            .to_string(),
    );
    first["request"]["method"] = json!("GET");
    first["response"]["headers"] = json!([
        {"name": "Location", "value": "https://login.microsoftonline.com/common/oauth2#alice.mueller&contoso.onmicrosoft.com"},
    ]);
    assert_eq!(
        parts(&redact(vec![first])),
        [
            "https://graph.microsoft.com/v1.0/me?%24select=name-1%2Cid&=redacted-1-secret",
            "",
            "https://login.microsoftonline.com/common/oauth2#=redacted-2-secret&=redacted-3-secret",
            "{\"accountEnabled\":true,\"name-1\":false,\"name-2\":{\"id\":null}}",
        ]
    );
}

#[test]
fn a_body_without_a_type_is_a_form_only_if_it_starts_with_a_known_name() {
    for (kind, body, redacted) in [
        ("", "plantbareword", ""),
        ("", "plant=1&client_id=1", ""),
        ("", "{\"passwd\":\"ab&plant&cd\"}", ""),
        ("", "grant_type=password&plant", "grant_type=password&=redacted-1-secret"),
        ("Application/X-WWW-Form-Urlencoded", "plant=", "name-1="),
        ("application/json", "grant_type=password", ""),
    ] {
        let mut first = entry(TOKEN_URL, body, "{}");
        first["request"]["postData"]["mimeType"] = json!(kind);
        assert_eq!(parts(&redact(vec![first]))[1], redacted, "{kind} {body}");
    }
}

#[test]
fn members_and_claims_of_the_platform_keep_their_names() {
    let claims = json!({"amr": ["pwd"], "given_name": "a b", "family_name": "a b", "nickname": "a b", "upn": "a b", "plant": 1});
    let text = redact(vec![entry(TOKEN_URL, "", &json!({"id_token": jwt(&claims)}).to_string())]);
    let body: Value = serde_json::from_str(&parts(&text)[3]).expect("JSON");
    let token = Jwt::read(body["id_token"].as_str().expect("a token")).expect("a JWT");
    let names: Vec<&str> = token.claims.keys().map(String::as_str).collect();
    assert_eq!(names, ["amr", "family_name", "given_name", "name-1", "nickname", "upn"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A value of a member or parameter of any name is replaced, unless it is a public word.
    #[test]
    fn any_value_is_replaced(
        name in "[a-zA-Z_]{1,20}",
        secret in "[A-Za-z0-9+/=_.~@ -]{12,40}",
        bytes in proptest::collection::vec(any::<u8>(), 16..40),
    ) {
        prop_assume!(!crate::replay::vocabulary::is_public(secret.trim()));
        let binary = STANDARD.encode(&bytes);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair(&name, &secret).append_pair("code", &binary);
        let body = json!({name.clone(): secret, "list": [{"deep": binary}], "token": jwt(&json!({name: secret}))});
        let text = redact(vec![entry(TOKEN_URL, &form.finish(), &body.to_string())]);
        let all = decoded(&text);
        // Only pieces that are no public words count: `a@b` may leave `b`.
        prop_assert!(!all.contains(secret.as_str()), "{}", secret);
        prop_assert!(!all.contains(&binary), "{}", binary);
    }

    /// Nothing in a file makes the reader panic.
    #[test]
    fn any_file_is_read_or_rejected(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
        for content in [bytes.as_slice(), text.as_bytes()] {
            let mut recording = Recording::default();
            let _ = recording.add(content, &[]);
        }
        let mut recording = Recording::default();
        let har = json!({"log": {"entries": [entry(TOKEN_URL, &text, &text), entry(&text, "", &text)]}});
        if recording.add(har.to_string().as_bytes(), &[]).is_ok() {
            let _ = redacted(&recording);
        }
    }
}

#[test]
fn issuers_keep_their_form() {
    let named = "127.0.0.1:8701";
    let url = format!("http://{named}/{TENANT}/v2.0/.well-known/openid-configuration");
    let guid = "00000000-0000-4000-8000-000000000001";
    for (issuer, expected) in [
        (format!("https://sts.windows.net/{TENANT}/"), format!("https://sts.windows.net/{guid}/")),
        (format!("https://sts.windows.net/{TENANT}"), format!("https://sts.windows.net/{guid}")),
        (
            format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            format!("https://login.microsoftonline.com/{guid}/v2.0"),
        ),
        (
            "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
            "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
        ),
        // An identity provider that an option names has both versions at one host.
        (format!("http://{named}/{TENANT}/"), format!("https://sts.windows.net/{guid}/")),
        (format!("http://{named}/{TENANT}/v2.0"), format!("https://login.microsoftonline.com/{guid}/v2.0")),
        (format!("https://secret.example/{TENANT}/"), format!("https://host-1.example/{guid}/")),
    ] {
        let mut recording = Recording::default();
        let body = json!({"issuer": issuer}).to_string();
        let har = json!({"log": {"version": "1.2", "entries": [entry(&url, "", &body)]}});
        let added = recording.add(har.to_string().as_bytes(), &[named.to_owned()]);
        added.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let file = redacted(&recording);
        let file: Value = serde_json::from_str(&file).expect("JSON");
        let body = file["log"]["entries"][0]["response"]["content"]["text"].as_str().expect("a body");
        assert_eq!(body, json!({"issuer": expected}).to_string(), "{issuer}");
    }
}

#[test]
fn codes_of_microsoft_graph_are_kept_and_others_are_not() {
    for (code, is_kept) in [("InvalidAuthenticationToken", true), ("secret-code", false), ("Bearer", false)] {
        let body = json!({"error": {"code": code, "message": "x"}}).to_string();
        let text = redact(vec![json!({
            "startedDateTime": "2026-03-02T08:00:00Z",
            "request": {"method": "GET", "url": "https://graph.microsoft.com/v1.0/me", "headers": []},
            "response": {"status": 401, "content": {"text": body}},
        })]);
        assert_eq!(text.contains(code), is_kept, "{code}: {text}");
    }
}
