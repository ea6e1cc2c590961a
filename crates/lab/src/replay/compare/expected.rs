//! What is known of a difference: whether Outlive claims to be the same there, and whether the
//! value depends on data that Outlive cannot know.

use crate::replay::endpoint::Endpoint;

/// What is known of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) reason: &'static str,
    /// Whether it counts as none.
    pub(super) is_expected: bool,
    /// Whether Outlive knows everything on which the value depends.
    pub(super) is_certain: bool,
}

/// A difference of which Outlive knows everything, and which is meant.
const fn meant(reason: &'static str) -> Option<Known> {
    Some(Known { reason, is_expected: true, is_certain: true })
}

/// A value that depends on data that is not in the recording.
const fn unknown(reason: &'static str) -> Option<Known> {
    Some(Known { reason, is_expected: true, is_certain: false })
}

/// Claims that depend on a tenant, a device or a network that a replay does not have.
const UNKNOWN: &[(&str, &str)] = &[
    ("acct", "depends on how the original registered the user"),
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
    ("sid", "an optional claim of the recorded application"),
    ("signin_state", "depends on the device"),
    ("tenant_ctry", "depends on the tenant"),
    ("tenant_region_scope", "depends on the tenant's region"),
    ("upn", "an optional claim of the recorded application"),
    ("verified_primary_email", "an optional claim of the recorded application"),
    ("wids", "depends on the user's roles"),
];
/// Claims that Outlive does not imitate.
const MEANT: &[(&str, &str)] = &[
    ("acrs", "authentication contexts are not imitated"),
    ("aio", "internal to the original"),
    ("app_displayname", "only tokens for Microsoft Graph and some APIs of the original have it"),
    ("puid", "internal to the original"),
    ("rh", "internal to the original"),
];

/// Returns what is known of a difference.
pub(super) fn known(endpoint: Endpoint, member: &str, recorded: &str, outlive: &str) -> Option<Known> {
    let is_presence = recorded == "missing" || outlive == "missing";
    let of = |table: &[(&'static str, &'static str)], claim: &str| {
        table.iter().find(|(name, _)| *name == claim).map(|(_, why)| *why)
    };
    if let Some((_, claim)) = member.split_once(".claims.").filter(|_| is_presence) {
        if let Some(why) = of(UNKNOWN, claim) {
            return unknown(why);
        }
        if let Some(why) = of(MEANT, claim) {
            return meant(why);
        }
        if claim.starts_with("xms_") && outlive == "missing" {
            return meant("internal to the original");
        }
    }
    match member {
        "access_token.header.nonce" if is_presence => meant("internal to Microsoft Graph of the original"),
        "error_description" if outlive == "Outlive's text" => meant("the texts of errors are Outlive's own"),
        "keys" if endpoint == Endpoint::Keys => unknown("depends on when the original replaced its keys"),
        "tenant_region_scope" | "tenant_region_sub_scope" if endpoint == Endpoint::Configuration => {
            unknown("depends on the tenant's region")
        }
        "metadata" if endpoint == Endpoint::InstanceDiscovery => {
            meant("Outlive stands for one cloud, under its own address")
        }
        name if endpoint == Endpoint::InstanceDiscovery
            && (name.ends_with(".aliases") || name.ends_with(".preferred_cache")) =>
        {
            unknown("depends on which names the recorded cloud has")
        }
        "kerberos_endpoint"
        | "check_session_iframe"
        | "mtls_endpoint_aliases"
        | "tls_client_certificate_bound_access_tokens"
            if endpoint == Endpoint::Configuration && outlive == "missing" =>
        {
            meant("Outlive has no such endpoint")
        }
        "token_endpoint_auth_methods_supported"
            if recorded == "self_signed_tls_client_auth" && outlive == "nothing more" =>
        {
            meant("Outlive has no such endpoint")
        }
        "headers.cache-control" if matches!(endpoint, Endpoint::Logout) => meant("pages are Outlive's own"),
        _ => None,
    }
}
