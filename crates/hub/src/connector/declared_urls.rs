//! The addresses of an identity provider that a swagger declares. Files whose `customParameters`
//! have none mean these.

use serde_json::{Value, json};
use url::Url;

/// The endpoints of the first scheme of `securityDefinitions` for users who sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeclaredUrls {
    pub(super) authorization: Option<String>,
    pub(super) token: Option<String>,
}

impl DeclaredUrls {
    /// Reads `securityDefinitions`. What is no URL is not declared.
    pub(super) fn of(definitions: Option<&Value>) -> Self {
        let schemes = definitions.and_then(Value::as_object).into_iter().flat_map(|schemes| schemes.values());
        let mut all = schemes
            .filter(|scheme| {
                let kind = scheme.get("type").and_then(Value::as_str);
                kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("oauth2"))
            })
            .map(|scheme| {
                let url = |name: &str| {
                    let text = scheme.get(name)?.as_str()?.trim();
                    let url = text.parse::<Url>().ok()?;
                    matches!(url.scheme(), "http" | "https").then(|| text.to_owned())
                };
                Self { authorization: url("authorizationUrl"), token: url("tokenUrl") }
            });
        all.find(|urls| urls.authorization.is_some()).unwrap_or_default()
    }

    /// Whether it names no address.
    pub(super) const fn is_empty(&self) -> bool {
        self.authorization.is_none() && self.token.is_none()
    }

    /// Returns them to be compared.
    pub(super) fn of_requests(&self) -> Value {
        json!([self.authorization, self.token])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_scheme_with_a_sign_in_is_declared() {
        let scheme = |kind: &str, authorization: Value, token: Value| json!({"type": kind, "authorizationUrl": authorization, "tokenUrl": token});
        let (a, t) = ("https://idp.example/authorize", "https://idp.example/token");
        for (definitions, expected) in [
            (Value::Null, (None, None)),
            (json!([]), (None, None)),
            (json!({"k": {"type": "apiKey"}, "o": scheme("oauth2", json!(a), json!(t))}), (Some(a), Some(t))),
            (json!({"o": scheme("OAuth2", json!(a), Value::Null)}), (Some(a), None)),
            (json!({"o": scheme("oauth2", json!("javascript:x"), json!(t))}), (None, None)),
            (
                json!({"app": scheme("oauth2", json!(""), json!("https://other.example")), "user": scheme("oauth2", json!(a), json!(t))}),
                (Some(a), Some(t)),
            ),
        ] {
            let declared = DeclaredUrls::of(Some(&definitions));
            assert_eq!(
                (declared.authorization.as_deref(), declared.token.as_deref()),
                expected,
                "{definitions}"
            );
        }
    }
}
