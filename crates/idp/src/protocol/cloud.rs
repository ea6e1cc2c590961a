//! The host names of Microsoft's public cloud, which are aliases of each other in drop-in mode
//! (docs/drop-in.md).

use outlive_chassis::Origins;
use outlive_tokens::TokenVersion;

/// The hosts of the public cloud, starting with the network name.
pub(crate) const PUBLIC_CLOUD: [&str; 4] = [NETWORK, CACHE, "login.microsoft.com", TOKENS_V1];
/// The host that clients connect to. Also in the issuer of version 2.0 tokens.
const NETWORK: &str = "login.microsoftonline.com";
/// The host under which clients cache tokens.
pub(crate) const CACHE: &str = "login.windows.net";
/// The host in the issuer of version 1.0 tokens ("Access tokens in the Microsoft identity
/// platform").
const TOKENS_V1: &str = "sts.windows.net";

/// Returns the origin for the `iss` claim of a request that was received at `origin`: that origin
/// or, if it is a public cloud name, the one that this token version uses, if it is served.
pub(crate) fn issuer_origin<'a>(origins: &'a Origins, origin: &'a str, version: TokenVersion) -> &'a str {
    if !is_in_cloud(origin) {
        return origin;
    }
    let host = if version == TokenVersion::V1 { TOKENS_V1 } else { NETWORK };
    let mut all = origins.all().iter().filter(|own| is_https(own));
    all.find(|own| host_of(own) == host && port_of(own) == port_of(origin)).map_or(origin, String::as_str)
}

fn is_in_cloud(origin: &str) -> bool {
    is_https(origin) && PUBLIC_CLOUD.contains(&host_of(origin))
}

fn is_https(origin: &str) -> bool {
    origin.starts_with("https://")
}

fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    authority.split_once(':').map_or(authority, |(host, _)| host)
}

fn port_of(origin: &str) -> Option<&str> {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    authority.split_once(':').map(|(_, port)| port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// passport-azure-ad and policies of API Management compare the issuer literally with
    /// `https://sts.windows.net/{tid}/`.
    #[test]
    fn the_public_cloud_has_one_issuer_name_for_each_version() {
        let own = "https://localhost:8743";
        let hosts = PUBLIC_CLOUD.map(|host| format!("https://{host}"));
        let all = Origins::new(hosts.iter().cloned().chain([own.to_owned()]));
        for host in &hosts {
            assert_eq!(issuer_origin(&all, host, TokenVersion::V1), "https://sts.windows.net");
            assert_eq!(issuer_origin(&all, host, TokenVersion::V2), "https://login.microsoftonline.com");
        }
        for version in [TokenVersion::V1, TokenVersion::V2] {
            assert_eq!(issuer_origin(&all, own, version), own);
        }
        let few = Origins::new(["https://login.windows.net", own]);
        for version in [TokenVersion::V1, TokenVersion::V2] {
            assert_eq!(
                issuer_origin(&few, "https://login.windows.net", version),
                "https://login.windows.net"
            );
        }
        let ported = Origins::new(["https://login.microsoftonline.com:8443", "https://sts.windows.net:8443"]);
        let issuer = issuer_origin(&ported, "https://login.microsoftonline.com:8443", TokenVersion::V1);
        assert_eq!(issuer, "https://sts.windows.net:8443");
        let plain = "http://login.microsoftonline.com";
        assert_eq!(issuer_origin(&all, plain, TokenVersion::V1), plain);
    }
}
