//! Differences by name, severity and what is shown of them.

use serde_json::{Value, json};

use super::{Comparison, Severity};
use crate::replay::endpoint::Endpoint;
use crate::replay::names::Names;

/// Member, recorded, Outlive, severity.
fn found(endpoint: Endpoint, recorded: &Value, outlive: &Value) -> Vec<(String, String, String, Severity)> {
    let names = Names::default();
    let mut comparison = Comparison::new(&names, endpoint);
    comparison.json("", "", recorded, outlive);
    comparison.found.into_iter().map(|one| (one.member, one.recorded, one.outlive, one.severity)).collect()
}

#[test]
fn values_are_compared_by_their_meaning() {
    use Severity::{Different, Expected, Shape};
    for (name, recorded, outlive, expected) in [
        ("token_type", json!("Bearer"), json!("bearer"), Some(("Bearer", "bearer", Different))),
        ("expires_in", json!(3_600), json!(5_399), None),
        ("expires_in", json!("3600"), json!("5399"), None),
        ("expires_in", json!(3_600), json!("3600"), Some(("a number", "digits", Shape))),
        ("expires_in", json!(86_000), json!(3_600), Some(("20 to 28 hours", "60 to 90 minutes", Different))),
        ("scope", json!("User.Read openid"), json!("openid User.Read"), None),
        (
            "scope",
            json!("User.Read Secret.Read"),
            json!("User.Read"),
            Some(("a domain", "nothing more", Different)),
        ),
        (
            "session_state",
            json!("11111111-1111-4111-8111-111111111111"),
            json!("abc"),
            Some(("a GUID", "a short text", Shape)),
        ),
        ("refresh_token", json!("0.A"), json!("1.B"), None),
        ("refresh_token", json!("0.A"), json!("x".repeat(100)), Some(("a short text", "a long text", Shape))),
        ("name", json!("Secret"), json!("A name of more than sixteen letters"), None),
        (
            "error",
            json!("invalid_grant"),
            json!("invalid_client"),
            Some(("invalid_grant", "invalid_client", Different)),
        ),
        (
            "error",
            json!("hunter2"),
            json!("invalid_client"),
            Some(("a short text", "invalid_client", Different)),
        ),
        ("error_codes", json!([50173]), json!([50173]), None),
        ("error_codes", json!([50173]), json!([50173, 1]), Some(("nothing more", "1", Different))),
        ("iss", json!("https://a.example/x"), json!("https://a.example/x"), None),
        (
            "error_description",
            json!("AADSTS1: a"),
            json!("AADSTS2: a"),
            Some(("AADSTS1", "AADSTS2", Different)),
        ),
        (
            "error_description",
            json!("AADSTS1: a"),
            json!("AADSTS1: b"),
            Some(("Microsoft's text", "Outlive's text", Expected)),
        ),
        (
            "trace_id",
            json!("11111111-1111-4111-8111-111111111111"),
            json!("22222222-1111-4111-8111-111111111111"),
            None,
        ),
        ("email_verified", json!(true), json!(false), Some(("true", "false", Different))),
        ("_claim_names", json!({}), json!([]), Some(("an object", "an empty list", Shape))),
    ] {
        let rows = found(Endpoint::Token, &json!({name: recorded}), &json!({name: outlive}));
        let rows: Vec<_> = rows
            .iter()
            .map(|(at, one, other, how)| (at.as_str(), one.as_str(), other.as_str(), *how))
            .collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(one, other, how)| (name, one, other, how)).collect();
        assert_eq!(rows, expected, "{name}: {recorded} {outlive}");
    }
}

#[test]
fn members_that_are_missing_or_additional_are_named_but_not_if_their_name_may_be_secret() {
    let rows = found(
        Endpoint::Token,
        &json!({"refresh_token": "x", "bob@contoso.example": 1, "claims": {"scp": 1}}),
        &json!({"refresh_in": 1, "claims": {"amr": [1]}}),
    );
    let rows: Vec<_> =
        rows.iter().map(|(at, one, other, _)| (at.as_str(), one.as_str(), other.as_str())).collect();
    assert_eq!(
        rows,
        [
            ("(another name)", "a number", "missing"),
            ("claims.scp", "a number", "missing"),
            ("claims.amr", "missing", "a list"),
            ("refresh_token", "a text", "missing"),
            ("refresh_in", "missing", "a number"),
        ]
    );
}

#[test]
fn types_of_instants_and_of_values_in_lists_are_compared() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let token = |claims: Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        json!({"access_token": format!("{}.{}.", part(&json!({"alg": "RS256"})), part(&claims))})
    };
    for (recorded, outlive, expected) in [
        (token(json!({"exp": 1, "iat": 1})), token(json!({"exp": 2, "iat": 2})), None),
        (token(json!({"exp": "1"})), token(json!({"exp": 1})), Some("access_token.claims.exp")),
        (token(json!({"nbf": ["1"]})), token(json!({"nbf": 1})), Some("access_token.claims.nbf")),
        (token(json!({"iat": null})), token(json!({"iat": 1})), Some("access_token.claims.iat")),
        (token(json!({"iat": 1.5})), token(json!({"iat": 1})), Some("access_token.claims.iat")),
        (json!({"error_codes": ["50173"]}), json!({"error_codes": [50173]}), Some("error_codes[]")),
    ] {
        let rows = found(Endpoint::Token, &recorded, &outlive);
        let members: Vec<&str> = rows.iter().map(|(member, ..)| member.as_str()).collect();
        assert_eq!(members, expected.into_iter().collect::<Vec<_>>(), "{recorded} {outlive}");
    }
}

#[test]
fn documents_are_compared_as_they_are() {
    let recorded =
        json!({"issuer": "https://login.microsoftonline.com/x", "claims_supported": ["sub", "iss"], "n": 1});
    assert_eq!(found(Endpoint::Configuration, &recorded, &recorded), []);
    let other = json!({"issuer": "https://sts.windows.net/x", "claims_supported": ["iss"], "n": 1});
    let rows = found(Endpoint::Configuration, &recorded, &other);
    let members: Vec<_> = rows.iter().map(|(at, one, ..)| (at.as_str(), one.as_str())).collect();
    assert_eq!(members, [("claims_supported", "sub"), ("issuer", "https://login.microsoftonline.com/…")]);
    // Known, as docs/parity.md says.
    let rows =
        found(Endpoint::Configuration, &json!({"kerberos_endpoint": "https://x/kerberos"}), &json!({}));
    assert_eq!(rows[0].3, Severity::Expected);
}

#[test]
fn a_nonce_that_is_not_in_the_recording_is_not_missed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let token = |claims: Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        json!({"id_token": format!("{}.{}.", part(&json!({"alg": "RS256"})), part(&claims))})
    };
    let (sent, none) = (token(json!({"nonce": "sent-before"})), token(json!({})));
    for (recorded, outlive, severity) in [
        (&sent, &none, Some(Severity::Expected)),
        (&none, &sent, Some(Severity::Different)),
        (&token(json!({"nonce": "other"})), &sent, Some(Severity::Different)),
        (&sent, &sent, None),
    ] {
        let rows = found(Endpoint::Token, recorded, outlive);
        assert_eq!(
            rows.iter().map(|row| row.3).collect::<Vec<_>>(),
            severity.into_iter().collect::<Vec<_>>()
        );
    }
}

#[test]
fn lists_of_objects_are_compared_in_pairs() {
    let key = |kid: &str, kty: &str| json!({"kty": kty, "kid": kid, "n": "x".repeat(300)});
    let keys = |keys: &[Value]| json!({"keys": keys});
    let user = |id: &str, name: Value| json!({"id": id, "displayName": name});
    let users = |users: &[Value]| json!({"value": users});
    let (two, rsa) = (keys(&[key("a", "RSA"), key("b", "EC")]), key("c", "RSA"));
    for (endpoint, recorded, outlive, expected) in [
        // By name, in whatever order.
        (Endpoint::Keys, two.clone(), keys(&[key("b", "EC"), key("a", "RSA")]), vec![]),
        (Endpoint::Keys, two.clone(), keys(&[key("b", "RSA"), key("a", "RSA")]), vec!["keys[1].kty"]),
        // Each tenant has other keys: then by position.
        (Endpoint::Keys, two.clone(), keys(&[rsa.clone(), key("d", "EC")]), vec![]),
        (Endpoint::Keys, two.clone(), keys(&[rsa.clone(), rsa.clone()]), vec!["keys[1].kty"]),
        (Endpoint::Keys, two.clone(), keys(&[rsa]), vec!["keys"]),
        (Endpoint::Keys, two, keys(&[]), vec!["keys"]),
        (
            Endpoint::Me,
            users(&[user("1", json!("A")), user("2", json!(1))]),
            users(&[user("2", json!(2)), user("1", json!("B"))]),
            vec![],
        ),
        (
            Endpoint::Me,
            users(&[user("1", json!("A")), user("2", json!(1))]),
            users(&[user("2", json!("B")), user("1", json!("B"))]),
            vec!["value[1].displayName"],
        ),
        (Endpoint::Me, users(&[user("1", json!("A"))]), users(&[]), vec!["value"]),
        // By position and length.
        (
            Endpoint::Token,
            json!({"claims": [{"name": 1}, {"name": "x"}]}),
            json!({"claims": [{"name": 1}, {"name": 1}, {"name": 1}]}),
            vec!["claims[1].name", "claims"],
        ),
    ] {
        let rows = found(endpoint, &recorded, &outlive);
        let members: Vec<&str> = rows.iter().map(|(member, ..)| member.as_str()).collect();
        assert_eq!(members, expected, "{recorded} {outlive}");
    }
}
