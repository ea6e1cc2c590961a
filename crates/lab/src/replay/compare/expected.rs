//! Differences that are known: Outlive does not have what they come from.

use crate::replay::endpoint::Endpoint;

/// Claims that depend on a tenant, a device or a network that a replay does not have, or that are
/// internal to the original.
const CLAIMS: &[(&str, &str)] = &[
    ("acct", "depends on how the original registered the user"),
    ("acrs", "authentication contexts are not imitated"),
    ("aio", "internal to the original"),
    ("app_displayname", "only tokens for Microsoft Graph and some APIs of the original have it"),
    ("ctry", "depends on the user's properties"),
    ("deviceid", "no device is registered"),
    ("email", "depends on the user's properties"),
    ("family_name", "depends on the user's properties"),
    ("given_name", "depends on the user's properties"),
    ("groups", "depends on the user's groups"),
    ("hasgroups", "depends on the user's groups"),
    ("idp", "depends on where the user comes from"),
    ("in_corp", "depends on the network"),
    ("ipaddr", "depends on the network"),
    ("login_hint", "an optional claim of the recorded application"),
    ("onprem_sid", "no directory is synchronized"),
    ("platf", "depends on the device"),
    ("puid", "internal to the original"),
    ("rh", "internal to the original"),
    ("sid", "an optional claim of the recorded application"),
    ("signin_state", "depends on the device"),
    ("tenant_ctry", "depends on the tenant"),
    ("tenant_region_scope", "depends on the tenant's region"),
    ("upn", "an optional claim of the recorded application"),
    ("verified_primary_email", "an optional claim of the recorded application"),
    ("wids", "depends on the user's roles"),
];

/// Returns why a difference is known.
pub(super) fn reason(
    endpoint: Endpoint,
    member: &str,
    recorded: &str,
    outlive: &str,
) -> Option<&'static str> {
    let is_presence = recorded == "missing" || outlive == "missing";
    if let Some((_, claim)) = member.split_once(".claims.").filter(|_| is_presence) {
        if let Some((_, why)) = CLAIMS.iter().find(|(name, _)| *name == claim) {
            return Some(why);
        }
        if claim.starts_with("xms_") && outlive == "missing" {
            return Some("internal to the original");
        }
    }
    match member {
        "access_token.header.nonce" if is_presence => Some("internal to Microsoft Graph of the original"),
        "error_description" if outlive == "Outlive's text" => Some("the texts of errors are Outlive's own"),
        "tenant_region_scope" | "tenant_region_sub_scope"
            if endpoint == Endpoint::Configuration && is_presence =>
        {
            Some("depends on the tenant's region")
        }
        "kerberos_endpoint"
        | "check_session_iframe"
        | "mtls_endpoint_aliases"
        | "tls_client_certificate_bound_access_tokens"
            if endpoint == Endpoint::Configuration && outlive == "missing" =>
        {
            Some("Outlive has no such endpoint")
        }
        "token_endpoint_auth_methods_supported"
            if recorded == "self_signed_tls_client_auth" && outlive == "nothing more" =>
        {
            Some("Outlive has no such endpoint")
        }
        "headers.cache-control" if matches!(endpoint, Endpoint::Logout) => Some("pages are Outlive's own"),
        _ => None,
    }
}
