//! The table of changes: tokens, errors, Microsoft Graph.

use serde_json::json;

use super::edits::Edit::{Claim, NoClaim, Remove, Response, Set, Status};
use super::rows::{DIFFERENT, EXPECTED, differs, row};
use super::{Reported, Row};

pub(super) fn tokens() -> Vec<Row> {
    let set =
        |what, pointer, value, expected: &[Reported]| row(what, "redemption", Set(pointer, value), expected);
    let claim = |what, token, claim, value, expected: &[Reported]| {
        row(what, "redemption", Claim(token, claim, value), expected)
    };
    let id = json!("11111111-2222-4333-8444-555555555555");
    vec![
        set("another type", "/token_type", json!("pop"), &[differs("token_type", "pop", "Bearer")]),
        set(
            "another lifetime",
            "/expires_in",
            json!(86_399),
            &[differs("expires_in", "20 to 28 hours", "60 to 90 minutes")],
        ),
        row("no scope", "redemption", Remove("/scope"), &[differs("scope", "missing", "a URL")]),
        claim(
            "another version",
            "id_token",
            "ver",
            json!("3.0"),
            &[differs("id_token.claims.ver", "a short text", "2.0")],
        ),
        claim(
            "another audience",
            "id_token",
            "aud",
            id.clone(),
            &[differs("id_token.claims.aud", "a GUID", "{client 1}")],
        ),
        claim(
            "an unknown claim",
            "id_token",
            "custom",
            json!("a-private-value"),
            &[differs("id_token.claims.(another name)", "a text", "missing")],
        ),
        claim(
            "a nonce that was not sent",
            "id_token",
            "nonce",
            json!("another-nonce"),
            &[differs("id_token.claims.nonce", "another value", "as sent")],
        ),
        row(
            "no nonce",
            "redemption",
            NoClaim("id_token", "nonce"),
            &[differs("id_token.claims.nonce", "missing", "a text")],
        ),
        claim(
            "a claim that depends on the device",
            "access_token",
            "deviceid",
            id,
            &[("access_token.claims.deviceid", "a GUID", "missing", EXPECTED, false)],
        ),
        claim(
            "a claim that only the original reads",
            "access_token",
            "puid",
            json!("opaque"),
            &[("access_token.claims.puid", "a text", "missing", EXPECTED, true)],
        ),
    ]
}

pub(super) fn errors() -> Vec<Row> {
    let refusal = json!({
        "error": "invalid_grant",
        "error_description": "AADSTS53003: Access has been blocked. Trace ID: 1",
        "error_codes": [53_003],
    });
    vec![
        row(
            "another number",
            "pending",
            Set("/error_codes", json!([70_017])),
            &[differs("error_codes", "70017", "70016")],
        ),
        row(
            "another error",
            "pending",
            Set("/error", json!("slow_down")),
            &[differs("error", "slow_down", "authorization_pending")],
        ),
        row(
            "another suberror",
            "revoked",
            Set("/suberror", json!("user_password_expired")),
            &[differs("suberror", "user_password_expired", "bad_token")],
        ),
        row(
            "another number in the text",
            "revoked",
            Set("/error_description", json!("AADSTS50076: text")),
            &[differs("error_description", "AADSTS50076", "AADSTS50173")],
        ),
        row("no numbers", "revoked", Remove("/error_codes"), &[differs("error_codes", "missing", "a list")]),
        row("another status", "wrong secret", Status(400), &[differs("status", "400", "401")]),
        row(
            "an error of a policy",
            "daemon",
            Response(400, refusal),
            &[
                ("status", "400", "200", DIFFERENT, false),
                ("error", "invalid_grant (AADSTS53003)", "no error", DIFFERENT, false),
            ],
        ),
    ]
}

/// Microsoft Graph.
pub(super) fn graph() -> Vec<Row> {
    vec![
        row(
            "another code",
            "expired",
            Set("/error/code", json!("Authorization_RequestDenied")),
            &[differs("error.code", "Authorization_RequestDenied", "InvalidAuthenticationToken")],
        ),
        row(
            "no inner error",
            "expired",
            Remove("/error/innerError"),
            &[differs("error.innerError", "missing", "an object")],
        ),
        row(
            "an inner error without its request",
            "expired",
            Remove("/error/innerError/request-id"),
            &[differs("error.innerError.request-id", "missing", "a GUID")],
        ),
        row(
            "a list in place of a text",
            "me",
            Set("/displayName", json!([])),
            &[("displayName", "an empty list", "a text", "shape", true)],
        ),
        row(
            "an error where Outlive has none",
            "me",
            Response(401, json!({"error": {"code": "InvalidAuthenticationToken", "message": "x"}})),
            &[
                ("status", "401", "200", DIFFERENT, false),
                ("error", "InvalidAuthenticationToken", "no error", DIFFERENT, false),
            ],
        ),
        row("no subject", "userinfo", Remove("/sub"), &[differs("sub", "missing", "a text")]),
    ]
}
