//! Identity providers that files name without their addresses: the platform knows these, and each
//! publishes them.

/// An endpoint of an identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Authorization,
    Token,
    Refresh,
}

/// Name (in lower case), authorization endpoint, token endpoint.
const PROVIDERS: &[(&str, &str, &str)] = &[
    ("box", "https://account.box.com/api/oauth2/authorize", "https://api.box.com/oauth2/token"),
    ("docusign", "https://account.docusign.com/oauth/auth", "https://account.docusign.com/oauth/token"),
    ("dropbox", "https://www.dropbox.com/oauth2/authorize", "https://api.dropboxapi.com/oauth2/token"),
    ("facebook", "https://www.facebook.com/dialog/oauth", "https://graph.facebook.com/oauth/access_token"),
    ("github", "https://github.com/login/oauth/authorize", "https://github.com/login/oauth/access_token"),
    ("google", "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token"),
    (
        "instagram",
        "https://api.instagram.com/oauth/authorize",
        "https://api.instagram.com/oauth/access_token",
    ),
    (
        "linkedin",
        "https://www.linkedin.com/oauth/v2/authorization",
        "https://www.linkedin.com/oauth/v2/accessToken",
    ),
    (
        "salesforce",
        "https://login.salesforce.com/services/oauth2/authorize",
        "https://login.salesforce.com/services/oauth2/token",
    ),
    ("slack", "https://slack.com/oauth/v2/authorize", "https://slack.com/api/oauth.v2.access"),
];

/// Returns the URL of an endpoint of a provider by its name, in any case.
pub(super) fn url(provider: &str, endpoint: Endpoint) -> Option<&'static str> {
    let (_, authorization, token) =
        PROVIDERS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(provider))?;
    Some(match endpoint {
        Endpoint::Authorization => authorization,
        Endpoint::Token | Endpoint::Refresh => token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_found_by_name_in_any_case() {
        for (name, authorization, token) in PROVIDERS {
            let shown = name.to_ascii_uppercase();
            assert_eq!(url(&shown, Endpoint::Authorization), Some(*authorization));
            assert_eq!(url(name, Endpoint::Refresh), Some(*token));
            assert!([authorization, token].iter().all(|url| url.parse::<url::Url>().is_ok()), "{name}");
        }
        assert_eq!(url("oauth2", Endpoint::Token), None);
    }
}
