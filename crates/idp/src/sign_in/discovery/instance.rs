//! Instance discovery: which hosts belong to one cloud (reference: "Instance discovery and user
//! realm").

use axum::extract::{RawQuery, State};
use axum::response::Response;
use outlive_chassis::{CallerOrigin, Origins, Trace};
use outlive_rules::aadsts;
use serde_json::{Value, json};
use url::Url;

use super::document::public_document;
use crate::idp::Idp;
use crate::protocol::cloud::{self, PUBLIC_CLOUD};
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;

pub(crate) async fn instance(
    State(idp): State<Idp>,
    RawQuery(query): RawQuery,
    origin: CallerOrigin,
    trace: Trace,
) -> Response {
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let asked = query.get("authorization_endpoint").and_then(|text| Url::parse(text).ok());
    let answer = asked.as_ref().and_then(|endpoint| answer(endpoint, &origin.0, &idp.chassis.origins));
    match answer {
        Some(answer) => public_document(answer),
        None => {
            let refusal = Refusal::new(aadsts::HOST_UNKNOWN);
            refusal.token_response(&idp.request_details(&trace, &origin, None).await)
        }
    }
}

/// Returns the metadata for the host of `endpoint`; `None` if that host is not served. If one host
/// of the public cloud is served, the metadata includes the whole cloud.
fn answer(endpoint: &Url, caller: &str, origins: &Origins) -> Option<Value> {
    let host = &endpoint[url::Position::BeforeHost..url::Position::AfterPort];
    let is_cloud = PUBLIC_CLOUD.iter().any(|host| origins.for_host(host).is_some());
    let in_cloud = is_cloud && PUBLIC_CLOUD.contains(&host);
    let exactly = origins.for_host(host).or_else(|| in_cloud.then_some(caller));
    let origin = exactly.or_else(|| at_any_port(host, origins))?;
    let segment = endpoint.path_segments().and_then(|mut segments| segments.next()).unwrap_or("common");
    let itself = json!({"preferred_network": host, "preferred_cache": host, "aliases": [host]});
    let public = json!({
        "preferred_network": PUBLIC_CLOUD[0], "preferred_cache": cloud::CACHE, "aliases": PUBLIC_CLOUD,
    });
    let metadata: Vec<Value> = [(is_cloud, public), (!in_cloud, itself)]
        .into_iter()
        .filter_map(|(of_use, entry)| of_use.then_some(entry))
        .collect();
    Some(json!({
        "tenant_discovery_endpoint": format!("{origin}/{segment}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": metadata,
    }))
}

/// Returns the https origin of a host given without its port, as MSAL for Python does.
fn at_any_port<'a>(name: &str, origins: &'a Origins) -> Option<&'a str> {
    let mut hosts = origins.all().iter().filter_map(|origin| origin.strip_prefix("https://"));
    let host = hosts.find(|host| host.rsplit_once(':').is_some_and(|(own, _)| own == name))?;
    origins.for_host(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(allowed: &[&str], endpoint: &str) -> Option<Value> {
        let endpoint = Url::parse(endpoint).unwrap();
        answer(&endpoint, allowed[0], &Origins::new(allowed.iter().copied()))
    }

    #[test]
    fn a_host_of_our_own_is_known_by_itself() {
        let own = "https://localhost:8743";
        let known =
            ask(&["http://127.0.0.1:8701", own], "https://localhost:8743/t/oauth2/v2.0/authorize").unwrap();
        // The document is served by the requested host, whatever host it describes.
        assert_eq!(
            known["tenant_discovery_endpoint"],
            format!("{own}/t/v2.0/.well-known/openid-configuration")
        );
        assert_eq!(
            known["metadata"],
            json!([{"preferred_network": "localhost:8743", "preferred_cache": "localhost:8743", "aliases": ["localhost:8743"]}])
        );
        assert_eq!(ask(&[own], "https://login.microsoftonline.com/common/oauth2/authorize"), None);
        assert_eq!(ask(&[own], "https://localhost:8744/common/oauth2/authorize"), None);
        assert_eq!(ask(&["http://localhost:8701"], "https://localhost/common/oauth2/authorize"), None);
        let portless = ask(&[own], "https://localhost/t/oauth2/v2.0/authorize").unwrap();
        assert_eq!(portless["tenant_discovery_endpoint"], known["tenant_discovery_endpoint"]);
    }

    #[test]
    fn who_answers_as_the_public_cloud_knows_all_its_names() {
        let allowed = ["https://login.microsoftonline.com", "https://localhost:8743"];
        for (endpoint, discovery) in [
            ("https://login.microsoftonline.com/common/oauth2/authorize", allowed[0]),
            ("https://login.microsoftonline.com:443/common/oauth2/authorize", allowed[0]),
            ("https://login.windows.net/common/oauth2/authorize", allowed[0]),
            ("https://localhost:8743/common/oauth2/authorize", allowed[1]),
        ] {
            let known = ask(&allowed, endpoint).unwrap();
            let expected = format!("{discovery}/common/v2.0/.well-known/openid-configuration");
            assert_eq!(known["tenant_discovery_endpoint"], expected, "{endpoint}");
            assert_eq!(known["metadata"][0]["preferred_network"], "login.microsoftonline.com");
            assert_eq!(known["metadata"][0]["preferred_cache"], "login.windows.net");
            assert_eq!(known["metadata"][0]["aliases"], json!(PUBLIC_CLOUD));
            let alone = known["metadata"].as_array().unwrap().len() == 1;
            assert_eq!(alone, !endpoint.contains("localhost"), "{endpoint}");
        }
        assert_eq!(ask(&allowed, "https://evil.example/common/oauth2/authorize"), None);
    }
}
