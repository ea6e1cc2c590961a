//! The configuration of the resource.

use http::Uri;
use outlive_chassis::StartError;
use outlive_tokens::VerifierConfig;

/// The configuration of the resource, in addition to that of its chassis.
#[derive(Clone, Debug)]
pub struct ResourceConfig {
    /// The issuer's URL as reached from this process (`OUTLIVE_IDP_URL`), for fetching keys.
    pub idp_url: String,
    /// The issuer's URL as reached by browsers and clients (`OUTLIVE_IDP_PUBLIC_URL`), for
    /// challenges.
    pub idp_public_url: String,
    /// The origins under which the issuer may sign (`OUTLIVE_ISSUER_ORIGINS`). Tokens of all of
    /// them are accepted.
    pub issuer_origins: Vec<String>,
}

impl ResourceConfig {
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let named = [("OUTLIVE_IDP_URL", &self.idp_url), ("OUTLIVE_IDP_PUBLIC_URL", &self.idp_public_url)];
        let origins = self.issuer_origins.iter().map(|origin| ("OUTLIVE_ISSUER_ORIGINS", origin));
        for (name, url) in named.into_iter().chain(origins) {
            let is_web =
                |uri: Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
            if !url.parse::<Uri>().is_ok_and(is_web) {
                return Err(StartError::new(
                    "cannot start the resource",
                    format!("{name} is '{url}', which is not an http or https URL"),
                    format!("give {name} as http://HOST:PORT"),
                ));
            }
        }
        if self.issuer_origins.is_empty() {
            return Err(StartError::new(
                "cannot start the resource",
                "no issuer origin is configured, so no token could ever be accepted",
                "give OUTLIVE_ISSUER_ORIGINS the origins by which clients reach the identity provider",
            ));
        }
        Ok(())
    }

    pub(crate) fn verifier(&self) -> VerifierConfig {
        VerifierConfig { idp_url: self.idp_url.clone(), issuer_origins: self.issuer_origins.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_url_is_reported_by_setting() {
        let good = ResourceConfig {
            idp_url: "http://idp:8701".into(),
            idp_public_url: "http://127.0.0.1:8701".into(),
            issuer_origins: vec!["https://127.0.0.1:8743".into()],
        };
        assert!(good.check().is_ok());
        for (config, name) in [
            (ResourceConfig { idp_url: "idp:8701".into(), ..good.clone() }, "OUTLIVE_IDP_URL"),
            (ResourceConfig { idp_public_url: "ftp://x".into(), ..good.clone() }, "OUTLIVE_IDP_PUBLIC_URL"),
            (
                ResourceConfig { issuer_origins: vec![String::new()], ..good.clone() },
                "OUTLIVE_ISSUER_ORIGINS",
            ),
            (ResourceConfig { issuer_origins: vec![], ..good.clone() }, "OUTLIVE_ISSUER_ORIGINS"),
        ] {
            let error = config.check().expect_err(name);
            assert!(format!("{error}").contains(name), "{error}");
        }
    }
}
