//! The public words of the protocols: the only texts that a redacted file or a report contains as
//! they were recorded.

mod names;

use outlive_rules::platform;

use self::names::{CLAIMS, NAMES};
use super::endpoint::{ALIASES, GRAPH_HOSTS, LOGIN_HOSTS};

/// Words of RFC 6749, OpenID Connect and the identity platform.
const WORDS: &[&str] = &[
    // Parameters' values
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "password",
    "device_code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "on_behalf_of",
    "code",
    "id_token",
    "token",
    "none",
    "query",
    "fragment",
    "form_post",
    "web_message",
    "S256",
    "plain",
    "login",
    "select_account",
    "consent",
    "create",
    "admin_consent",
    // Scopes
    "openid",
    "offline_access",
    ".default",
    "phone",
    "user_impersonation",
    "access_as_user",
    // Responses
    "Bearer",
    "bearer",
    "pop",
    "invalid_grant",
    "invalid_request",
    "invalid_client",
    "invalid_scope",
    "invalid_resource",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "interaction_required",
    "login_required",
    "consent_required",
    "account_selection_required",
    "access_denied",
    "authorization_pending",
    "authorization_declined",
    "slow_down",
    "expired_token",
    "bad_verification_code",
    "code_expired",
    "temporarily_unavailable",
    "server_error",
    "basic_action",
    "additional_action",
    "message_only",
    "user_password_expired",
    "bad_token",
    "token_expired",
    "protection_policy_required",
    "client_mismatch",
    "invalid_token",
    "insufficient_claims",
    "insufficient_scope",
    // Tokens
    "JWT",
    "jwt",
    "RS256",
    "RS384",
    "RS512",
    "ES256",
    "PS256",
    "RSA",
    "sig",
    "1.0",
    "2.0",
    "0",
    "1",
    "2",
    "3",
    "app",
    "user",
    "pwd",
    "mfa",
    "rsa",
    "ngcmfa",
    "hwk",
    "swk",
    "fido",
    "otp",
    "wia",
    "fed",
    "cp1",
    "CP1",
    "Member",
    "Guest",
    "NA",
    "EU",
    "AS",
    "OC",
    "SA",
    "AF",
    "WW",
    "USGov",
    // Discovery
    "{tenantid}",
    "client_secret_post",
    "client_secret_basic",
    "private_key_jwt",
    "self_signed_tls_client_auth",
    "tls_client_auth",
    "pairwise",
    "public",
    "graph.windows.net",
    "pas.windows.net",
    "microsoftonline.com",
    "microsoftonline.us",
    "Managed",
    "Federated",
    "Unknown",
    "managed",
    "federated",
    "unknown",
    "unknown_federated",
    "true",
    "false",
    "post",
    "1.1",
    // Headers
    "no-store",
    "no-cache",
    "no-store, no-cache",
    "max-age=86400",
    "max-age=86400, private",
    "private",
    "application/json",
    "application/jwt",
    "text/html",
    "text/plain",
    // Paths
    "oauth2",
    "v2.0",
    "v1.0",
    "authorize",
    "devicecode",
    "deviceauth",
    "device",
    "logout",
    "logoutsession",
    "keys",
    "discovery",
    "instance",
    ".well-known",
    "openid-configuration",
    "oidc",
    "openid",
    "userinfo",
    "me",
    "kerberos",
    "nativeclient",
    "userrealm",
    "UserRealm",
    "kmsi",
    "reprocess",
    "resume",
    "error",
    "adminconsent",
    "appverify",
    "oauth20_authorize.srf",
    "SAS",
    "ProcessAuth",
    "BeginAuth",
    "EndAuth",
    "GetCredentialType",
    "federation",
    // Redirect URIs
    "localhost",
    "127.0.0.1",
    "auth",
    "callback",
    "signin-oidc",
    "signout-callback-oidc",
    "redirect",
    "oauth",
    "back",
    "urn:ietf:wg:oauth:2.0:oob",
    "urn:federation:MicrosoftOnline",
    "https://login.microsoftonline.com/common/oauth2/nativeclient",
    "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    // Capabilities of clients, as their libraries write them.
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/.default",
    "https://graph.windows.net",
    "https://graph.windows.net/",
];

/// Codes of errors of Microsoft Graph ("Microsoft Graph error responses and resource types").
const GRAPH_ERRORS: &[&str] = &[
    "InvalidAuthenticationToken",
    "Authentication_MissingOrMalformed",
    "Authorization_IdentityNotFound",
    "Authorization_RequestDenied",
    "Directory_QuotaExceeded",
    "Request_BadRequest",
    "Request_MultipleObjectsWithSameKeyValue",
    "Request_ResourceNotFound",
    "Request_UnsupportedQuery",
    "BadRequest",
    "Forbidden",
    "ResourceNotFound",
    "TooManyRequests",
    "Unauthorized",
    "UnknownError",
    "accessDenied",
    "generalException",
    "invalidRequest",
    "itemNotFound",
    "notAllowed",
    "serviceNotAvailable",
    "unauthenticated",
];

/// Members whose numbers are kept.
const NUMBERS: &[&str] = &[
    "expires_in",
    "ext_expires_in",
    "expires_on",
    "not_before",
    "refresh_in",
    "interval",
    "error_codes",
    "exp",
    "iat",
    "nbf",
];

/// The largest number of the protocols: an instant in the year 2100.
const NUMBER_MAX: u64 = 4_102_444_800;

/// Whether a text is a public word, or several with spaces between them.
pub(super) fn is_public(text: &str) -> bool {
    !text.is_empty() && text.split(' ').all(is_word)
}

/// Whether a text is one public word: of the protocols, or a name that every tenant has.
pub(super) fn is_word(word: &str) -> bool {
    WORDS.contains(&word)
        || GRAPH_ERRORS.contains(&word)
        || CLAIMS.contains(&word)
        || ALIASES.contains(&word)
        || LOGIN_HOSTS.contains(&word)
        || GRAPH_HOSTS.contains(&word)
        || platform::resource(word).is_some()
        || platform::application(word).is_some()
        || is_platform_permission(word)
}

/// Whether it is a permission of an API that every tenant has, also with the API's name before it.
fn is_platform_permission(word: &str) -> bool {
    let name = match word.rsplit_once('/') {
        None => word,
        Some((api, name)) if platform::resource(api).is_some() => name,
        Some(_) => return false,
    };
    name == ".default"
        || platform::APPLICATIONS
            .iter()
            .any(|api| api.delegated(name).is_some() || api.application_permission(name).is_some())
}

/// Whether a text is the code of an error of Microsoft Graph.
pub(super) fn is_graph_error(code: &str) -> bool {
    GRAPH_ERRORS.contains(&code)
}

/// Whether the name of a parameter or member is kept: only one of the protocols. Any other may come
/// from a user, such as the rest of a password with `&`.
pub(super) fn is_name(name: &str) -> bool {
    let plain = name.strip_prefix('@').unwrap_or(name);
    NAMES.contains(&plain) || CLAIMS.contains(&plain) || is_word(plain)
}

/// Whether a number of this member is kept.
pub(super) fn is_number(name: &str, number: &str) -> bool {
    NUMBERS.contains(&name) && number.parse().is_ok_and(|number: u64| number <= NUMBER_MAX)
}
