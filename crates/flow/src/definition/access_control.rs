//! Who may call the trigger of a flow (`accessControl`, reference §7.1).

use std::net::IpAddr;

use serde_json::{Map, Number, Value};

use super::address_range::{self, AddressRange};
use super::limits::{CLAIM_CHARACTERS_MAX, CLAIMS_MAX, POLICIES_MAX};
use super::node::Node;
use super::refusal::{Collected, DefinitionError, DefinitionErrors};

/// The issuers of Entra ID that a policy can name.
const ISSUERS: [&str; 2] = ["https://sts.windows.net/", "https://login.microsoftonline.com/"];

/// Who may call the trigger of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessControl {
    /// A call with a token has to satisfy one of these.
    pub policies: Vec<Policy>,
    /// Whether a call can be signed.
    pub allows_signatures: bool,
    /// The addresses from which the trigger can be called, if they are limited.
    pub callers: Option<Vec<AddressRange>>,
    /// The addresses from which the inputs and outputs of runs can be read, if they are limited.
    pub readers: Option<Vec<AddressRange>>,
}

/// Whether an address is one of those that are accepted.
pub(crate) fn accepts(ranges: Option<&[AddressRange]>, address: IpAddr) -> bool {
    ranges.is_none_or(|ranges| ranges.iter().any(|range| range.contains(address)))
}

impl Default for AccessControl {
    fn default() -> Self {
        Self { policies: Vec::new(), allows_signatures: true, callers: None, readers: None }
    }
}

/// The claims that the token of a call must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(super) claims: Vec<(String, String)>,
}

impl Policy {
    /// Whether a token with these claims, which was verified, has all claims of the policy.
    pub(crate) fn is_satisfied_by(&self, claims: &Map<String, Value>) -> bool {
        self.claims.iter().all(|(name, wanted)| match claims.get(name) {
            Some(Value::Array(values)) => values.iter().any(|value| is_equal(value, wanted)),
            Some(value) if name == "iss" => is_equal(value, wanted) || is_issuer(wanted, claims),
            Some(value) => is_equal(value, wanted),
            None => false,
        })
    }
}

fn is_equal(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Bool(value) => wanted == if *value { "true" } else { "false" },
        Value::Number(number) => wanted.parse::<Number>().is_ok_and(|wanted| wanted == *number),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Whether Entra ID has this name as the issuer of tokens of this tenant and version: the identity
/// provider of this installation stands for it.
fn is_issuer(name: &str, claims: &Map<String, Value>) -> bool {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).unwrap_or_default();
    let [v1, v2] = ISSUERS;
    let tenant = text("tid");
    match text("ver") {
        "2.0" => name == format!("{v2}{tenant}/v2.0"),
        _ => name == format!("{v1}{tenant}/"),
    }
}

impl AccessControl {
    /// Reads `accessControl` of a flow. `origins` are those of this installation's identity
    /// provider.
    pub(crate) fn read(value: &Value, origins: &[String]) -> Result<Self, DefinitionErrors> {
        let mut errors = Collected::default();
        let read = read(&Node::new("properties.accessControl", value), Some(origins), &mut errors);
        errors.errors().map_or(Ok(read), Err)
    }

    /// Reads what was saved. A part that cannot be read grants nothing.
    pub(crate) fn restore(value: &Value) -> Self {
        read(&Node::new("properties.accessControl", value), None, &mut Collected::default())
    }
}

fn read(node: &Node<'_>, origins: Option<&[String]>, errors: &mut Collected) -> AccessControl {
    let mut access = AccessControl::default();
    if node.value().is_null() {
        return access;
    }
    errors.keep(node.only(&["triggers", "contents"]));
    if let Some(contents) = node.optional("contents") {
        errors.keep(contents.only(&["allowedCallerIpAddresses"]));
        let list = contents.optional("allowedCallerIpAddresses");
        // Without ranges there is no limit.
        let list = list.filter(|list| list.value().as_array().is_none_or(|list| !list.is_empty()));
        access.readers = list.map(|list| address_range::read(&list, errors));
    }
    let Some(triggers) = node.optional("triggers") else { return access };
    errors.keep(triggers.only(&[
        "allowedCallerIpAddresses",
        "openAuthenticationPolicies",
        "sasAuthenticationPolicy",
    ]));
    // An empty list accepts only other workflows, of which none can be called here.
    access.callers =
        triggers.optional("allowedCallerIpAddresses").map(|list| address_range::read(&list, errors));
    if let Some(policy) = triggers.optional("sasAuthenticationPolicy") {
        access.allows_signatures = errors.keep(state(&policy)).unwrap_or(false);
    }
    if let Some(open) = triggers.optional("openAuthenticationPolicies") {
        errors.keep(open.only(&["policies"]));
        let policies = open.optional("policies").map(|policies| errors.keep(policies.members()));
        let policies = policies.flatten().unwrap_or_default();
        if policies.len() > POLICIES_MAX {
            let remedy = format!("keep at most {POLICIES_MAX}");
            errors.push(open.refuse_at(".policies", "there are too many policies", &remedy));
        }
        for (_, node) in policies.into_iter().take(POLICIES_MAX) {
            access.policies.extend(policy(&node, origins, errors));
        }
    }
    access
}

fn state(node: &Node<'_>) -> Result<bool, DefinitionError> {
    node.only(&["state"])?;
    let state = node.required("state", "write Enabled or Disabled")?;
    match state.text()? {
        text if text.eq_ignore_ascii_case("Enabled") => Ok(true),
        text if text.eq_ignore_ascii_case("Disabled") => Ok(false),
        _ => Err(state.refuse("this is not a state", "write Enabled or Disabled")),
    }
}

fn policy(node: &Node<'_>, origins: Option<&[String]>, errors: &mut Collected) -> Option<Policy> {
    errors.keep(node.only(&["type", "claims"]))?;
    let kind = errors.keep(node.required("type", "write AAD"))?;
    match errors.keep(kind.text())? {
        text if text.eq_ignore_ascii_case("AAD") => {}
        _ => {
            let remedy = "write AAD; proof of possession (AADPOP) is not available";
            errors.push(kind.refuse("this is not a type of policies", remedy));
            return None;
        }
    }
    let written = errors.keep(node.required("claims", "give the claim iss and its value"))?;
    let list = errors.keep(written.elements())?;
    if list.len() > CLAIMS_MAX {
        errors.push(written.refuse("there are too many claims", &format!("keep at most {CLAIMS_MAX}")));
        return None;
    }
    let count = list.len();
    let claims: Vec<_> = list.iter().filter_map(|node| errors.keep(claim(node, origins))).collect();
    if claims.len() < count {
        return None;
    }
    if !claims.iter().any(|(name, _)| name == "iss") {
        errors.push(written.refuse("the claim iss is missing", "name the issuer of the tokens"));
        return None;
    }
    Some(Policy { claims })
}

fn claim(node: &Node<'_>, origins: Option<&[String]>) -> Result<(String, String), DefinitionError> {
    node.only(&["name", "value"])?;
    let name = node.required("name", "name the claim, such as aud")?;
    let value = node.required("value", "give the value that the claim must have")?;
    let (claim, wanted) = (name.text()?, value.text()?);
    if claim.is_empty() || wanted.is_empty() {
        return Err(node.refuse("the name or the value of the claim is empty", "give both"));
    }
    if wanted.chars().nth(CLAIM_CHARACTERS_MAX).is_some() {
        let what = format!("the value is longer than {CLAIM_CHARACTERS_MAX} characters");
        return Err(value.refuse(&what, "require another claim"));
    }
    let Some(origins) = origins.filter(|_| claim == "iss") else {
        return Ok((claim.to_owned(), wanted.to_owned()));
    };
    // The separator, so that no other host begins with the origin.
    let own = origins.iter().map(|origin| format!("{}/", origin.trim_end_matches('/')));
    let mut known = ISSUERS.into_iter().map(str::to_owned).chain(own);
    if known.any(|prefix| wanted.starts_with(&prefix)) {
        Ok((claim.to_owned(), wanted.to_owned()))
    } else {
        let [v1, v2] = ISSUERS;
        let remedy = format!("begin it with {v1} or {v2}, or with the origin of this identity provider");
        Err(value.refuse("this is not an issuer of Entra ID", &remedy))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn access(policies: Value) -> Result<AccessControl, String> {
        let value = json!({"triggers": {"openAuthenticationPolicies": {"policies": policies}}});
        AccessControl::read(&value, &["http://idp.test:8701".to_owned()]).map_err(|errors| errors.to_string())
    }

    fn claims(list: Value) -> Value {
        json!({"p": {"type": "AAD", "claims": list}})
    }

    #[test]
    fn policies_are_checked_with_their_paths() {
        let iss = |value: &str| json!([{"name": "iss", "value": value}]);
        for value in [
            "https://sts.windows.net/t/",
            "https://login.microsoftonline.com/t/v2.0",
            "http://idp.test:8701/t/",
        ] {
            assert!(access(claims(iss(value))).is_ok(), "{value}");
        }
        let long = "x".repeat(151);
        let many = json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1});
        for (policies, path) in [
            (claims(iss("https://evil.test/")), "policies.p.claims[0].value"),
            (claims(iss("http://idp.test:87010/")), "policies.p.claims[0].value"),
            (claims(iss("http://idp.test:8701.evil.test/")), "policies.p.claims[0].value"),
            (claims(json!([{"name": "aud", "value": "x"}])), "policies.p.claims:"),
            (claims(json!([])), "policies.p.claims:"),
            (claims(json!([{"name": "aud", "values": "x"}])), "policies.p.claims[0]"),
            (claims(json!([{"name": "aud", "value": long}])), "policies.p.claims[0].value"),
            (json!({"p": {"type": "AADPOP", "claims": []}}), "policies.p.type"),
            (json!({"p": {"claims": []}}), "policies.p: 'type'"),
            (json!({"p": 1}), "policies.p"),
            (many, "policies:"),
            (json!([]), "policies"),
        ] {
            let error = access(policies.clone()).expect_err(&policies.to_string());
            let path = format!("properties.accessControl.triggers.openAuthenticationPolicies.{path}");
            assert!(error.contains(&path), "{policies}: {error}");
        }
        for value in [
            json!({"actions": {}}),
            json!({"contents": {"x": 1}}),
            json!({"workflowManagement": {}}),
            json!(1),
        ] {
            assert!(AccessControl::read(&value, &[]).is_err(), "{value}");
        }
    }

    #[test]
    fn all_claims_of_a_policy_have_to_be_equal() {
        let policy = |list: Value| access(claims(list)).expect("reads").policies.remove(0);
        let iss = json!({"name": "iss", "value": "https://sts.windows.net/t1/"});
        let token = json!({"iss": "http://idp.test:8701/t1/", "ver": "1.0", "tid": "t1", "aud": "api://x",
                           "roles": ["Read", "Write"], "n": 7});
        let token = token.as_object().expect("an object");
        for (more, expected) in [
            (json!({"name": "aud", "value": "api://x"}), true),
            (json!({"name": "aud", "value": "api://X"}), false),
            (json!({"name": "aud", "value": "api://x/"}), false),
            (json!({"name": "roles", "value": "Write"}), true),
            (json!({"name": "roles", "value": "Writ"}), false),
            (json!({"name": "n", "value": "7"}), true),
            (json!({"name": "sub", "value": "x"}), false),
            (json!({"name": "iss", "value": "http://idp.test:8701/t1/"}), true),
            (json!({"name": "iss", "value": "https://sts.windows.net/t2/"}), false),
            (json!({"name": "iss", "value": "https://login.microsoftonline.com/t1/v2.0"}), false),
        ] {
            assert_eq!(policy(json!([iss, more])).is_satisfied_by(token), expected, "{more}");
        }
    }
}
