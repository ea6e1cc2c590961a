//! The recording decides how its clients are registered.

use serde_json::{Value, json};

use super::Cast;
use crate::replay::exchange::Recording;

/// Path, form, headers, and the body of the response.
type Request<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Value);

fn cast_of(requests: &[Request<'_>]) -> Cast {
    let entries: Vec<Value> = requests
        .iter()
        .map(|(path, form, headers, body)| {
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            json!({
                "startedDateTime": "2026-03-02T08:00:00Z",
                "request": {
                    "method": if form.is_empty() { "GET" } else { "POST" },
                    "url": format!("https://login.microsoftonline.com/contoso.example/{path}"),
                    "headers": headers,
                    "postData": {"text": form},
                },
                "response": {"status": 200, "content": {"text": body.to_string()}},
            })
        })
        .collect();
    let mut recording = Recording::default();
    let har = json!({"log": {"entries": entries}}).to_string();
    recording.add(har.as_bytes(), &[]).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    Cast::of(&recording.exchanges)
}

const A: &str = "aaaaaaaa-1111-4222-8333-444444444444";
const B: &str = "bbbbbbbb-1111-4222-8333-444444444444";
const C: &str = "cccccccc-1111-4222-8333-444444444444";
const D: &str = "dddddddd-1111-4222-8333-444444444444";

#[test]
fn clients_are_registered_as_they_were_recorded() {
    let token = "oauth2/v2.0/token";
    let none = &[][..];
    let consent = json!({"error": "invalid_grant", "error_description": "AADSTS65001: No consent."});
    let cast = cast_of(&[
        (
            &format!(
                "oauth2/v2.0/authorize?client_id={A}&redirect_uri=http%3A%2F%2Flocalhost&login_hint=Bob%40contoso.example\
                &scope=openid+User.Read+Nonsense"
            ),
            "",
            none,
            json!({}),
        ),
        (
            token,
            &format!(
                "client_id={B}&client_secret=x&grant_type=client_credentials&scope=api%3A%2F%2Forders%2F.default"
            ),
            none,
            json!({}),
        ),
        (
            token,
            &format!(
                "client_id={C}&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example%2F\
            &scope=api%3A%2F%2F{D}%2FFiles.Read"
            ),
            &[("Origin", "https://app.example")][..],
            consent,
        ),
        (
            token,
            &format!(
                "client_id={D}&client_secret=x&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer\
            &assertion=x&requested_token_use=on_behalf_of&scope=api%3A%2F%2Forders%2FOrders.Read"
            ),
            none,
            json!({}),
        ),
        (
            "oauth2/v2.0/devicecode",
            "client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46&scope=openid",
            none,
            json!({}),
        ),
    ]);
    assert_eq!(cast.users, ["bob@contoso.example"]);
    assert_eq!(cast.tenants.iter().map(String::as_str).collect::<Vec<_>>(), ["contoso.example"]);
    let overlay = cast.overlay(|_| false, |_| false).unwrap_or_else(|error| panic!("{error}"));
    let applications = serde_json::to_value(&overlay.applications).expect("JSON");
    let facts: Vec<Value> = applications
        .as_array()
        .expect("a list")
        .iter()
        .map(|app| {
            json!([
                app["name"],
                app["kind"],
                app["redirect_uris"],
                app["requires"],
                app["identifier_uris"],
                app["scopes"],
                app["admin_consented"]
            ])
        })
        .collect();
    let of_orders = |scopes: Value| json!({"api": "Recorded API 1", "scopes": scopes, "roles": []});
    assert_eq!(
        facts,
        [
            json!(["Recorded API 1", "resource", [], null, ["api://recorded-1"], ["Orders.Read"], null]),
            json!(["Recorded application 1", "public", ["http://localhost"],
                [{"api": "Microsoft Graph", "scopes": ["User.Read"], "roles": []}], [], [], true]),
            json!(["Recorded application 2", "daemon", [], [], [], [], true]),
            json!(["Recorded application 3", "spa", ["https://app.example/"],
                [{"api": "Recorded application 4", "scopes": ["Files.Read"], "roles": []}], [], [], false]),
            json!([
                "Recorded application 4",
                "confidential",
                ["http://localhost"],
                [of_orders(json!(["Orders.Read"]))],
                ["api://recorded-2"],
                ["Files.Read"],
                true
            ]),
        ]
    );
}

#[test]
fn redirect_uris_that_cannot_be_registered_are_left_out() {
    for (uri, is_registered) in [
        ("https://app.example/cb", true),
        ("http://localhost:5000/cb", true),
        ("com.contoso.app://auth", true),
        ("app-1://auth", true),
        ("https://planta:plantpw@plantapp.example/cb", false),
        ("https://app.example/cb%23x#plant", false),
        ("plant not a uri", false),
        ("http://app.example/cb", false),
        ("javascript:plant", false),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", A), ("redirect_uri", uri), ("scope", "openid")])
            .finish();
        let cast = cast_of(&[(&format!("oauth2/v2.0/authorize?{query}"), "", &[], json!({}))]);
        assert_eq!(cast.unregistered(), usize::from(!is_registered), "{uri}");
        let overlay = cast.overlay(|_| false, |_| false).unwrap_or_else(|error| panic!("{error}"));
        let registered = serde_json::to_value(&overlay.applications[0].redirect_uris).expect("JSON");
        assert_eq!(registered, json!([if is_registered { uri } else { "http://localhost" }]));
    }
}

#[test]
fn too_many_users_are_refused() {
    let paths: Vec<String> =
        (0..21).map(|n| format!("oauth2/v2.0/authorize?client_id={A}&login_hint=u{n}%40x.example")).collect();
    let requests: Vec<_> = paths.iter().map(|path| (path.as_str(), "", &[][..], json!({}))).collect();
    let cast = cast_of(&requests);
    assert_eq!(
        cast.overlay(|_| false, |_| false).err().as_deref(),
        Some("the recording has 21 users; 20 are the most")
    );
    assert!(cast.overlay(|_| false, |user| user == "u3@x.example").is_ok());
}
