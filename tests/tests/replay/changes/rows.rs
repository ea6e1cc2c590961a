//! The table of changes: documents and redirects. Those of tokens and errors are in
//! [`super::token_rows`].

use serde_json::json;

use super::edits::Edit::{self, Claim, Header, Location, Remove, Reverse, Set, Status};
use super::token_rows::{errors, graph, tokens};
use super::{Reported, Row};

pub(super) const DIFFERENT: &str = "different";
pub(super) const EXPECTED: &str = "expected";
/// The issuer of version 2.0.
const V2: &str = "{issuer}/{tenant}/v2.0";
/// The issuer of version 1.0.
const V1: &str = "https://sts.windows.net/{tenant}/";

pub(super) fn row(what: &'static str, entry: &'static str, edit: Edit, expected: &[Reported]) -> Row {
    Row { what, entry, reported_at: entry, edit, expected: expected.to_vec() }
}

/// A certain difference of behavior.
pub(super) const fn differs(member: &'static str, recorded: &'static str, outlive: &'static str) -> Reported {
    (member, recorded, outlive, DIFFERENT, true)
}

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    [issuers(), documents(), keys(), names(), redirects(), tokens(), errors(), graph()]
        .into_iter()
        .flatten()
        .collect()
}

/// Issuers in documents and tokens.
fn issuers() -> Vec<Row> {
    const DOCUMENT: &str = "configuration";
    const OTHER: &str = "https://(another host)/{tenant}/v2.0";
    let document = |what, entry, text: &str, expected: &[Reported]| {
        row(what, entry, Set("/issuer", json!(text)), expected)
    };
    let of_id = |what, text: &str, recorded| {
        let expected = [differs("id_token.claims.iss", recorded, V2)];
        row(what, "redemption", Claim("id_token", "iss", json!(text)), &expected)
    };
    let of_access = |what, text: &str, recorded| {
        let expected = [differs("access_token.claims.iss", recorded, V1)];
        row(what, "graph redemption", Claim("access_token", "iss", json!(text)), &expected)
    };
    let host = "https://login.microsoftonline.com";
    vec![
        document(
            "another host",
            DOCUMENT,
            "https://login.contoso.example/TENANT/v2.0",
            &[differs("issuer", OTHER, V2)],
        ),
        document(
            "no TLS",
            DOCUMENT,
            "http://login.microsoftonline.com/TENANT/v2.0",
            &[differs("issuer", "http://login.microsoftonline.com/{tenant}/v2.0", V2)],
        ),
        document(
            "version 1.0 in a document of 2.0",
            DOCUMENT,
            "https://sts.windows.net/TENANT/",
            &[differs("issuer", V1, V2)],
        ),
        document(
            "a slash at its end",
            DOCUMENT,
            &format!("{host}/TENANT/v2.0/"),
            &[differs("issuer", "{issuer}/{tenant}/v2.0/", V2)],
        ),
        document(
            "another tenant",
            DOCUMENT,
            &format!("{host}/11111111-2222-4333-8444-555555555555/v2.0"),
            &[differs("issuer", "{issuer}/…/v2.0", V2)],
        ),
        document(
            "no slash at its end",
            "configuration 1.0",
            "https://sts.windows.net/TENANT",
            &[differs("issuer", "https://sts.windows.net/{tenant}", V1)],
        ),
        document(
            "version 1.0 at the host of 2.0",
            "configuration 1.0",
            &format!("{host}/TENANT/"),
            &[differs("issuer", "{issuer}/{tenant}/", V1)],
        ),
        document(
            "a tenant in a template",
            "configuration of all tenants",
            &format!("{host}/TENANT/v2.0"),
            &[differs("issuer", V2, "{issuer}/{tenantid}/v2.0")],
        ),
        of_id("version 1.0 in an ID token of 2.0", "https://sts.windows.net/TENANT/", V1),
        of_id("a slash in an ID token", &format!("{host}/TENANT/v2.0/"), "{issuer}/{tenant}/v2.0/"),
        of_id("another host in an ID token", "https://login.contoso.example/TENANT/v2.0", OTHER),
        of_access("version 2.0 in an access token of 1.0", &format!("{host}/TENANT/v2.0"), V2),
        of_access(
            "no slash in an access token",
            "https://sts.windows.net/TENANT",
            "https://sts.windows.net/{tenant}",
        ),
    ]
}

fn documents() -> Vec<Row> {
    let set = |what, pointer, value, expected: &[Reported]| {
        row(what, "configuration", Set(pointer, value), expected)
    };
    vec![
        set(
            "a truth value",
            "/http_logout_supported",
            json!(false),
            &[differs("http_logout_supported", "false", "true")],
        ),
        set(
            "an unknown member",
            "/new_endpoint",
            json!("https://login.microsoftonline.com/common/new"),
            &[differs("(another name)", "a URL", "missing")],
        ),
        set(
            "an endpoint of another version",
            "/token_endpoint",
            json!("https://login.microsoftonline.com/TENANT/oauth2/token"),
            &[differs(
                "token_endpoint",
                "{issuer}/{tenant}/oauth2/token",
                "{issuer}/{tenant}/oauth2/v2.0/token",
            )],
        ),
        set(
            "an endpoint at another host",
            "/jwks_uri",
            json!("https://keys.contoso.example/TENANT/discovery/v2.0/keys"),
            &[differs(
                "jwks_uri",
                "https://(another host)/{tenant}/discovery/v2.0/keys",
                "{issuer}/{tenant}/discovery/v2.0/keys",
            )],
        ),
        set(
            "an endpoint at another name of the cloud",
            "/jwks_uri",
            json!("https://login.windows.net/TENANT/discovery/v2.0/keys"),
            &[],
        ),
        set(
            "another region",
            "/tenant_region_scope",
            json!("EU"),
            &[("tenant_region_scope", "EU", "WW", EXPECTED, false)],
        ),
        row(
            "a header",
            "configuration",
            Header("cache-control", "private"),
            &[differs("headers.cache-control", "private", "max-age=86400, private")],
        ),
    ]
}

fn keys() -> Vec<Row> {
    vec![
        row("the keys in another order", "keys", Reverse("/keys"), &[]),
        row(
            "another type of the second key",
            "keys",
            Set("/keys/1/kty", json!("EC")),
            &[differs("keys[1].kty", "a short text", "RSA")],
        ),
        row(
            "the second key without its certificate",
            "keys",
            Remove("/keys/1/x5c"),
            &[differs("keys[1].x5c", "missing", "a list")],
        ),
        row(
            "another issuer of the second key",
            "keys",
            Set("/keys/1/issuer", json!("https://sts.windows.net/TENANT/")),
            &[differs("keys[1].issuer", V1, V2)],
        ),
        row("a key less", "keys 1.0", Remove("/keys/1"), &[("keys", "1 item", "2 items", EXPECTED, false)]),
    ]
}

/// Instance discovery and user realms.
fn names() -> Vec<Row> {
    let public = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"];
    let cloud = json!({"preferred_network": public[0], "preferred_cache": public[1], "aliases": public});
    let china = "login.partner.microsoftonline.cn";
    let other = json!({"preferred_network": china, "preferred_cache": china, "aliases": [china]});
    vec![
        row("all names of the cloud", "instance", Set("/metadata", json!([cloud])), &[]),
        row(
            "another cloud",
            "instance",
            Set("/metadata", json!([other, cloud])),
            &[("metadata", "2 items", "1 item", EXPECTED, true)],
        ),
        row(
            "an unknown name of the cloud",
            "instance",
            Set("/metadata/0/aliases", json!([public[0], "login.contoso.example"])),
            &[("metadata[0].aliases", "a domain", "nothing more", EXPECTED, false)],
        ),
        row(
            "a discovery document at another host",
            "instance",
            Set(
                "/tenant_discovery_endpoint",
                json!("https://login.contoso.example/TENANT/v2.0/.well-known/openid-configuration"),
            ),
            &[differs(
                "tenant_discovery_endpoint",
                "https://(another host)/{tenant}/v2.0/.well-known/openid-configuration",
                "{issuer}/{tenant}/v2.0/.well-known/openid-configuration",
            )],
        ),
        row(
            "another kind of account",
            "realm",
            Set("/account_type", json!("Federated")),
            &[differs("account_type", "Federated", "Managed")],
        ),
        row(
            "a domain that is not the user's",
            "realm",
            Set("/domain_name", json!("fabrikam.example")),
            &[differs("domain_name", "a domain", "{tenant}")],
        ),
    ]
}

fn redirects() -> Vec<Row> {
    let at = |what, edit, expected: &[Reported]| Row {
        reported_at: "authorize",
        ..row(what, "redirect", edit, expected)
    };
    vec![
        at("the status of a redirect", Status(303), &[differs("status", "303", "302")]),
        at(
            "a parameter of a redirect",
            Location("session_state=", "session="),
            &[
                differs("redirect.(another name)", "a GUID", "missing"),
                differs("redirect.session_state", "missing", "a GUID"),
            ],
        ),
        at(
            "an issuer in a redirect",
            Location("?", "?iss=https%3A%2F%2Flogin.microsoftonline.com%2Fcommon%2Fv2.0&"),
            &[differs("redirect.iss", "a URL", "missing")],
        ),
    ]
}
