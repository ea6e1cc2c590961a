//! Where a connector sends what its connections store: the owner of a connection agrees to it.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Action, ApiProperties, Authentication, Parameter, PolicyValue, Section, Source, Swagger};

/// The parts of a connector that decide which hosts get passwords, keys and tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Destinations {
    /// The URL of the back end.
    back_end: String,
    /// A hash of the policies, if one of them chooses the host.
    policies: Option<String>,
    /// A hash of what the requests to identity providers are made of. The API and the scopes are
    /// parts of it: a refresh token can give tokens for any API that the user consented to, and the
    /// back end would get one that the owner did not mean for it.
    sign_in: Option<String>,
}

impl Destinations {
    /// Reads a connector, of which `document` is the `apiProperties.json`.
    pub(crate) fn of(document: &Value, properties: &ApiProperties, swagger: &Swagger) -> Self {
        let written = document.get("properties").unwrap_or(document);
        let all = [None].into_iter().chain(properties.sets.iter().map(|set| Some(set.name.as_str())));
        let (mut endpoints, mut defaults) = (Vec::new(), Vec::new());
        for set in all {
            let properties = properties.for_set(set);
            match &properties.authentication {
                Authentication::None => {}
                Authentication::OAuth { settings, .. } => {
                    endpoints.push(json!([set, settings.of_requests()]));
                }
                Authentication::ManagedIdentity { resource } => endpoints.push(json!([set, resource])),
            }
            // Also without a default: what is no longer a parameter has another value.
            let deciding = properties.parameters.iter().filter(|it| properties.tokens_depend_on(&it.name));
            defaults.extend(deciding.map(|it| json!([set, it.name, it.default])));
        }
        let policies = properties.chooses_host().then(|| hash(&json!([of_requests(written), defaults])));
        let sign_in = (!endpoints.is_empty()).then(|| hash(&json!([endpoints, defaults])));
        Self { back_end: swagger.service_url(), policies, sign_in }
    }

    /// Parses what is stored.
    pub(crate) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Says what is different from the destinations before.
    pub(crate) fn changes_since(&self, before: &Self) -> String {
        let changes = [
            (self.back_end != before.back_end)
                .then(|| format!("to call {} instead of {}", self.back_end, before.back_end)),
            (self.policies != before.policies).then(|| "to choose its host by other policies".to_owned()),
            (self.sign_in != before.sign_in).then(|| "to sign in elsewhere".to_owned()),
        ];
        changes.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

impl fmt::Display for Destinations {
    /// Formats them as they are stored and compared.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&json!(self).to_string())
    }
}

/// Returns the policies for requests, without what they are called.
fn of_requests(written: &Value) -> Vec<Value> {
    let all = written.get("policyTemplateInstances").and_then(Value::as_array).into_iter().flatten();
    all.filter(|policy| policy.get("templateId").is_some())
        .filter(|policy| {
            let section =
                policy.pointer("/parameters/x-ms-apimTemplate-policySection").and_then(Value::as_str);
            !section.is_some_and(|section| section.eq_ignore_ascii_case("Response"))
        })
        .map(|policy| json!([policy["templateId"], policy.get("parameters")]))
        .collect()
}

fn hash(value: &Value) -> String {
    HEXLOWER.encode(&Sha256::digest(value.to_string()))
}

impl ApiProperties {
    /// Whether a policy chooses the host.
    fn chooses_host(&self) -> bool {
        self.policies.iter().any(|policy| match &policy.action {
            Action::Host(_) => true,
            Action::ValueFromUrl(value) => value.url.origin.is_some(),
            _ => false,
        })
    }

    /// Whether the value of a parameter decides whom the tokens of a connection are for, or which
    /// host gets them.
    pub(crate) fn tokens_depend_on(&self, name: &str) -> bool {
        if self.chooses_host() && self.sends(name) {
            return true;
        }
        let Authentication::OAuth { settings, .. } = &self.authentication else { return false };
        let placeholder = format!("{{{name}}}").to_ascii_lowercase();
        // By convention `token:…`: settings of the sign-in that the connection gives.
        // A secret only proves who asks.
        let is_setting = name.contains(':') && !name.eq_ignore_ascii_case("token:clientSecret");
        is_setting || settings.custom().any(|(_, text)| text.to_ascii_lowercase().contains(&placeholder))
    }

    /// Whether a policy for requests reads a parameter.
    pub(crate) fn sends(&self, name: &str) -> bool {
        let is_it = |source: &Source| matches!(source, Source::ConnectionParameter(read) if read.eq_ignore_ascii_case(name));
        let mut of_requests = self.policies.iter().filter(|policy| policy.section == Section::Request);
        of_requests.any(|policy| values(&policy.action).iter().any(|value| value.reads(is_it)))
    }

    /// Marks the parameters whose values are sealed: they stay secrets, whatever the file says.
    pub(crate) fn mark_sealed(&mut self, is_sealed: impl Fn(&Parameter) -> bool) {
        for parameter in &mut self.parameters {
            parameter.sealed = is_sealed(parameter);
        }
    }
}

fn values(action: &Action) -> Vec<&PolicyValue> {
    match action {
        Action::Host(value)
        | Action::Header { value, .. }
        | Action::Query { value, .. }
        | Action::Property { value, .. } => vec![value],
        Action::Route { path, method } => vec![path, method],
        Action::ValueFromUrl(value) => vec![&value.url.path],
        Action::Transform { .. }
        | Action::NextLink { .. }
        | Action::Unauthenticate { .. }
        | Action::Nothing
        | Action::Unsupported(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destinations(change: impl FnOnce(&mut Value)) -> Destinations {
        let mut document = json!({
            "connectionParameters": {
                "site": {"type": "string"}, "note": {"type": "string"}, "token:tokenUrl": {"type": "string"},
                "token": {"type": "oauthSetting", "oAuthSettings": {
                    "identityProvider": "oauth2generic", "clientId": "c", "scopes": ["a"], "customParameters": {
                        "zone": {"value": "id.example"}, "resourceUri": {"value": "api://x"}, "tokenUrlTemplate": {"value": "https://{Zone}/token"},
                    },
                }},
            },
            "policyTemplateInstances": [
                {"templateId": "dynamichosturl", "title": "Host", "parameters": {
                    "x-ms-apimTemplateParameter.urlTemplate": "https://@{connectionParameters('site','b.example')}",
                }},
                {"templateId": "setheader", "title": "Note", "parameters": {
                    "x-ms-apimTemplate-policySection": "Response", "x-ms-apimTemplateParameter.name": "x-note",
                    "x-ms-apimTemplateParameter.value": "a",
                }},
            ],
        });
        change(&mut document);
        let swagger = json!({
            "swagger": "2.0", "info": {"title": "A", "version": "1"}, "host": "a.example",
            "paths": {"/": {"get": {"operationId": "Get"}}},
        });
        let properties = ApiProperties::parse(&document).expect("usable");
        Destinations::of(&document, &properties, &Swagger::parse(&swagger).expect("usable"))
    }

    #[test]
    fn everything_that_can_lead_elsewhere_counts_and_nothing_else() {
        let before = destinations(|_| {});
        let remove = |name: &'static str| {
            destinations(move |document| {
                document["connectionParameters"].as_object_mut().expect("parameters").remove(name);
            })
        };
        let set = |pointer: &'static str, value: Value| {
            destinations(move |document| *document.pointer_mut(pointer).expect(pointer) = value)
        };
        assert_eq!(before.changes_since(&before), "");
        for (other, what) in [
            (remove("site"), "a parameter that a host has"),
            (remove("token:tokenUrl"), "a parameter that an endpoint has"),
            (
                set(
                    "/connectionParameters/token/oAuthSettings/customParameters/zone/value",
                    json!("b.example"),
                ),
                "zone",
            ),
            (set("/connectionParameters/token/oAuthSettings/clientId", json!("d")), "the client"),
            (
                set(
                    "/connectionParameters/token/oAuthSettings/customParameters/resourceUri/value",
                    json!("https://graph.example"),
                ),
                "the API that the tokens are for",
            ),
            (set("/connectionParameters/token/oAuthSettings/scopes", json!(["b"])), "the scopes"),
            (
                set(
                    "/policyTemplateInstances/0/parameters/x-ms-apimTemplateParameter.urlTemplate",
                    json!("https://@{connectionParameters('site','c.example')}"),
                ),
                "the policy",
            ),
        ] {
            assert_ne!(other, before, "{what}");
        }
        for (other, what) in [
            (remove("note"), "another parameter"),
            (set("/policyTemplateInstances/0/title", json!("Other")), "a title"),
            (
                set("/policyTemplateInstances/1/parameters/x-ms-apimTemplateParameter.value", json!("b")),
                "a response",
            ),
        ] {
            assert_eq!(other, before, "{what}");
        }
    }

    #[test]
    fn the_addresses_of_a_swagger_count_if_a_file_has_none() {
        let destinations = |custom: &Value, token: &str| {
            let document = json!({"connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
                "identityProvider": "oauth2", "clientId": "c", "customParameters": custom,
            }}}});
            let scheme = json!({"type": "oauth2", "authorizationUrl": "https://id.example/authorize", "tokenUrl": token});
            let swagger = json!({
                "swagger": "2.0", "host": "a.example", "paths": {"/": {"get": {"operationId": "Get"}}},
                "securityDefinitions": {"user": scheme},
            });
            let swagger = Swagger::parse(&swagger).expect("usable");
            let properties = ApiProperties::parse(&document).expect("usable").with_urls_of(&swagger);
            Destinations::of(&document, &properties, &swagger)
        };
        let tokens = ["https://id.example/token", "https://elsewhere.example/token"];
        let [before, after] = tokens.map(|token| destinations(&json!({}), token));
        assert_eq!(after.changes_since(&before), "to sign in elsewhere");
        let own = json!({"authorizationUrl": {"value": "https://own.example/a"}, "tokenUrl": {"value": "https://own.example/t"}});
        let [before, after] = tokens.map(|token| destinations(&own, token));
        assert_eq!(before, after);
    }
}
