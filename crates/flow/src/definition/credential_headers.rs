//! Headers that contain credentials, which neither definitions nor run histories show.

/// The names, in lower case.
const NAMES: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "api-key",
    "apikey",
    "ocp-apim-subscription-key",
    "x-api-key",
    "x-auth-token",
    "x-access-token",
    "x-functions-key",
];

/// Whether a header of this name contains a credential.
pub(crate) fn is_credential_header(name: &str) -> bool {
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}
