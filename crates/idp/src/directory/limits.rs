//! Limits of single values, each with the document that states it.

use outlive_rules::platform;
use outlive_tokens::Secret;
use url::Url;

use super::spec::FederatedCredentialSpec;

/// Characters of a display name of users, groups and applications ("user resource type", "group
/// resource type", "application resource type").
pub(crate) const NAME_CHARS_MAX: usize = 256;
/// Characters of a sign-in name before and after the @ ("Password policies and account
/// restrictions").
pub(crate) const USER_NAME_CHARS_MAX: usize = 64;
pub(crate) const DOMAIN_CHARS_MAX: usize = 48;
/// Identifier URIs of an application, and characters per URI.
pub(crate) const IDENTIFIER_URIS_MAX: usize = 256;
const IDENTIFIER_URI_CHARS_MAX: usize = 256;
/// Permissions of an application, and optional claims per token type.
pub(crate) const PERMISSIONS_MAX: usize = 400;
pub(crate) const OPTIONAL_CLAIMS_MAX: usize = 400;
const PERMISSION_CHARS_MAX: usize = 120;
/// APIs in an application's required permissions ("requiredResourceAccess").
pub(crate) const APIS_MAX: usize = 50;
/// Certificates of an application.
pub(crate) const CERTIFICATES_MAX: usize = 50;
/// Federated credentials of an application, and characters per property
/// ("federatedIdentityCredential resource type").
pub(crate) const FEDERATED_CREDENTIALS_MAX: usize = 20;
const FEDERATED_TEXT_CHARS_MAX: usize = 600;
const FEDERATED_NAME_CHARS: std::ops::RangeInclusive<usize> = 3..=120;

/// Characters of an Azure resource id.
pub(crate) const RESOURCE_ID_CHARS_MAX: usize = 1_000;
/// User-assigned identities of a resource.
pub(crate) const USER_ASSIGNED_MAX: usize = 100;
const IDENTITY_HEADER_CHARS: std::ops::RangeInclusive<usize> = 41..=200;

/// Returns whether `text` can be an Azure resource id.
pub(crate) fn is_resource_id(text: &str) -> bool {
    text.len() <= RESOURCE_ID_CHARS_MAX
        && text.starts_with('/')
        && text.chars().all(|c| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c))
}

/// Returns whether a text can be the secret header of an identity endpoint: it has to fit into a
/// header and into a path, and to be so long that logs do not show it as part of a path.
pub(crate) fn is_identity_header(header: &Secret) -> bool {
    let text = header.expose();
    IDENTITY_HEADER_CHARS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

pub(crate) fn identity_header_rule() -> String {
    let (least, most) = (IDENTITY_HEADER_CHARS.start(), IDENTITY_HEADER_CHARS.end());
    format!("the header of an identity endpoint has {least} to {most} letters, digits, - and _")
}

/// Returns whether `text` can be a display name or another property for people, such as a mail
/// address: control characters would break lines of logs, pages and mails.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= NAME_CHARS_MAX && !text.contains(char::is_control)
}

/// The rule of [`is_name`].
pub(crate) fn name_rule() -> String {
    format!("1 to {NAME_CHARS_MAX} characters, none of them a control character")
}

/// Returns the application of the platform whose name an application with client id `own` would
/// share, but for the case of letters: on a consent page, users could not tell them apart.
pub(crate) fn platform_name(name: &str, own: &str) -> Option<&'static str> {
    let known = platform::same_name(name)?;
    (!known.client_id.eq_ignore_ascii_case(own)).then_some(known.name)
}

/// Returns whether `name` can precede the @ of a sign-in name.
pub(crate) fn is_user_name_prefix(name: &str) -> bool {
    let readable = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
    !name.is_empty() && name.len() <= USER_NAME_CHARS_MAX && name.chars().all(readable)
}

/// Returns whether `text` can be a verified domain: at least two labels of RFC 1035, section 2.3.1,
/// short enough for sign-in names.
pub(crate) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    is_domain_length(text) && text.contains('.') && text.split('.').all(is_label)
}

/// Whether a domain is short enough for sign-in names. Tenants that share a seed file have domains
/// below that of the file: the label for the tenant, eight hexadecimal digits, does not count.
pub(crate) fn is_domain_length(text: &str) -> bool {
    let of_seed = text.split_once('.').filter(|(label, _)| {
        label.len() == 8 && label.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    of_seed.map_or(text, |(_, domain)| domain).len() <= DOMAIN_CHARS_MAX
}

/// Returns whether an application with client id `own` can have this identifier URI.
pub(crate) fn is_identifier_uri(uri: &str, own: &str) -> bool {
    uri.contains(':') && uri.len() <= IDENTIFIER_URI_CHARS_MAX && uri != own
}

/// Returns whether `value` can be the value of a scope or an app role.
pub(crate) fn is_permission_name(value: &str) -> bool {
    let readable = |c: char| c.is_ascii_graphic() && !"\"\\/".contains(c);
    !value.is_empty()
        && value.len() <= PERMISSION_CHARS_MAX
        && value.chars().all(readable)
        && !value.starts_with('.')
}

/// Why a federated credential is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FederatedFault {
    /// The property of this name is invalid.
    Property(&'static str),
    /// An earlier credential has the same name.
    SameName,
    /// An earlier credential has the same issuer and subject.
    SameIssuerAndSubject,
}

/// Returns why `credential`, which follows the application's `earlier` ones, is invalid.
pub(crate) fn federated_fault<'a>(
    credential: &FederatedCredentialSpec,
    earlier: impl IntoIterator<Item = &'a FederatedCredentialSpec>,
) -> Option<FederatedFault> {
    let FederatedCredentialSpec { name, issuer, subject, audiences } = credential;
    let readable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_address =
        Url::parse(issuer).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let is_named = FEDERATED_NAME_CHARS.contains(&name.len())
        && name.chars().all(readable)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let property = if !is_named {
        Some("name")
    } else if !is_federated_text(issuer) || !is_address {
        Some("issuer")
    } else if !is_federated_text(subject) {
        Some("subject")
    } else if audiences.len() != 1 || !audiences.iter().all(|audience| is_federated_text(audience)) {
        Some("audiences")
    } else {
        None
    };
    if let Some(property) = property {
        return Some(FederatedFault::Property(property));
    }
    earlier.into_iter().find_map(|other| {
        if other.name.eq_ignore_ascii_case(name) {
            Some(FederatedFault::SameName)
        } else {
            (other.issuer == *issuer && other.subject == *subject)
                .then_some(FederatedFault::SameIssuerAndSubject)
        }
    })
}

/// Returns whether `text` can be a property of a federated credential.
pub(crate) fn is_federated_text(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= FEDERATED_TEXT_CHARS_MAX
}
