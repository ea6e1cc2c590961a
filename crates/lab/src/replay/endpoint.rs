//! Which endpoint of the identity platform a request is for.

use url::Url;

/// Hosts of the identity platform: the public cloud, its older names, and national clouds.
pub(super) const LOGIN_HOSTS: &[&str] = &[
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
];
/// Names of the public cloud, under which a client may know the identity provider.
pub(super) const PUBLIC_CLOUD: [&str; 4] =
    ["login.microsoftonline.com", "login.microsoft.com", "login.windows.net", TOKENS_V1];
/// The host in issuers of version 1.0 ("Access tokens in the Microsoft identity platform").
pub(super) const TOKENS_V1: &str = "sts.windows.net";
/// The same in the cloud in China.
pub(super) const TOKENS_V1_CHINA: &str = "sts.chinacloudapi.cn";
/// Hosts of Microsoft Graph.
pub(super) const GRAPH_HOSTS: &[&str] = &[
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
];
/// The segment of a path that stands for no tenant in particular.
pub(super) const ALIASES: [&str; 3] = ["common", "organizations", "consumers"];

/// An endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Authorize,
    /// A page or a call of a page between the authorization request and the redirect.
    Page,
    Token,
    DeviceCode,
    Configuration,
    Keys,
    InstanceDiscovery,
    UserRealm,
    Logout,
    /// OpenID Connect's endpoint for claims about the user.
    UserInfo,
    /// `/v1.0/me` of Microsoft Graph.
    Me,
}

/// Why an entry is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Skipped {
    /// A host that is not of the identity platform.
    OtherHost,
    /// A request of CORS that the browser makes by itself.
    Preflight,
    /// The recording has no response.
    NoResponse,
    /// A part of Microsoft Graph that a replay does not compare.
    OtherGraph,
}

impl Skipped {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::OtherHost => "to other hosts",
            Self::Preflight => "preflight requests",
            Self::NoResponse => "without a response",
            Self::OtherGraph => "to other parts of Microsoft Graph",
        }
    }
}

/// Which service a host belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Login,
    Graph,
}

/// Returns the service of a URL. `extra` are further names of the identity provider, with their
/// port if they have one.
pub(super) fn service_of(url: &Url, extra: &[String]) -> Option<Service> {
    let host = url.host_str()?.to_ascii_lowercase();
    let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    if extra.iter().any(|extra| extra.eq_ignore_ascii_case(&authority)) {
        // Outlive serves both under one name.
        let is_graph = ["/v1.0/", "/oidc/"].iter().any(|start| url.path().starts_with(start));
        Some(if is_graph { Service::Graph } else { Service::Login })
    } else if LOGIN_HOSTS.contains(&authority.as_str()) {
        Some(Service::Login)
    } else {
        GRAPH_HOSTS.contains(&authority.as_str()).then_some(Service::Graph)
    }
}

/// Returns the endpoint of a request.
///
/// # Errors
/// Why it is not compared.
pub(super) fn endpoint_of(service: Service, method: &str, path: &str) -> Result<Endpoint, Skipped> {
    if method == "OPTIONS" {
        return Err(Skipped::Preflight);
    }
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    if service == Service::Graph {
        return match path.as_str() {
            "/oidc/userinfo" => Ok(Endpoint::UserInfo),
            "/v1.0/me" if method == "GET" => Ok(Endpoint::Me),
            _ => Err(Skipped::OtherGraph),
        };
    }
    let after_tenant = path.trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest);
    Ok(match after_tenant {
        "oauth2/v2.0/authorize" | "oauth2/authorize" => Endpoint::Authorize,
        "oauth2/v2.0/token" | "oauth2/token" => Endpoint::Token,
        "oauth2/v2.0/devicecode" | "oauth2/devicecode" => Endpoint::DeviceCode,
        "v2.0/.well-known/openid-configuration" | ".well-known/openid-configuration" => {
            Endpoint::Configuration
        }
        "discovery/v2.0/keys" | "discovery/keys" => Endpoint::Keys,
        "discovery/instance" => Endpoint::InstanceDiscovery,
        "oauth2/v2.0/logout" | "oauth2/logout" => Endpoint::Logout,
        "openid/userinfo" => Endpoint::UserInfo,
        rest if rest.starts_with("userrealm/") => Endpoint::UserRealm,
        _ => Endpoint::Page,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_recognized_by_host_and_path() {
        for (method, url, expected) in [
            (
                "POST",
                "https://login.microsoftonline.com/t.example/oauth2/v2.0/token",
                Some(Ok(Endpoint::Token)),
            ),
            ("POST", "https://login.microsoftonline.us/common/oauth2/token/", Some(Ok(Endpoint::Token))),
            (
                "GET",
                "https://login.microsoft.com/common/oauth2/v2.0/authorize?x=1",
                Some(Ok(Endpoint::Authorize)),
            ),
            ("POST", "https://login.microsoftonline.com/kmsi", Some(Ok(Endpoint::Page))),
            (
                "GET",
                "https://login.microsoftonline.com/common/UserRealm/x?a=1",
                Some(Ok(Endpoint::UserRealm)),
            ),
            (
                "OPTIONS",
                "https://login.microsoftonline.com/t/oauth2/v2.0/token",
                Some(Err(Skipped::Preflight)),
            ),
            ("GET", "https://graph.microsoft.com/v1.0/me", Some(Ok(Endpoint::Me))),
            ("GET", "https://graph.microsoft.com/v1.0/users", Some(Err(Skipped::OtherGraph))),
            ("GET", "http://127.0.0.1:8701/t/discovery/keys", Some(Ok(Endpoint::Keys))),
            ("GET", "http://127.0.0.1:8701/v1.0/me", Some(Ok(Endpoint::Me))),
            ("GET", "http://127.0.0.1:8702/t/discovery/keys", None),
            ("POST", "https://contoso.b2clogin.com/t/oauth2/v2.0/token", None),
            ("GET", "https://login.microsoftonline.com.evil.example/t/oauth2/v2.0/token", None),
        ] {
            let parsed = Url::parse(url).expect("a URL");
            let service = service_of(&parsed, &["127.0.0.1:8701".to_owned()]);
            assert_eq!(service.map(|service| endpoint_of(service, method, parsed.path())), expected, "{url}");
        }
    }
}
