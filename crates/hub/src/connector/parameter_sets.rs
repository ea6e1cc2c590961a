//! `connectionParameterSets`: several ways to sign in, of which a connection has one.

use serde_json::Value;

use super::fault::Faults;
use super::parameter::{self, Authentication, Parameter};

const SETS_MAX: usize = 20;
/// The name under which `connectionAlternativeParameters` are kept and stored. A set of the file
/// cannot have it.
pub(crate) const ALTERNATIVE: &str = "";

/// One way to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParameterSet {
    pub(crate) name: String,
    pub(crate) authentication: Authentication,
    pub(crate) parameters: Vec<Parameter>,
}

/// Parses `connectionParameterSets`.
pub(super) fn parse(document: Option<&Value>, at: &str, faults: &mut Faults) -> Vec<ParameterSet> {
    let document = match document {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Object(members)) if members.is_empty() => return Vec::new(),
        Some(Value::Object(members)) => members,
        Some(_) => {
            faults.add(at, "it is not an object");
            return Vec::new();
        }
    };
    let values = match document.get("values") {
        Some(Value::Array(values)) if values.len() <= SETS_MAX => values,
        _ => {
            faults.add(format!("{at}.values"), format!("it is not a list of at most {SETS_MAX} sets"));
            return Vec::new();
        }
    };
    let mut sets: Vec<ParameterSet> = Vec::new();
    for (index, set) in values.iter().enumerate() {
        let at = format!("{at}.values[{index}]");
        let name = set.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
        match name {
            None => faults.add(format!("{at}.name"), "it is missing"),
            Some(name) if sets.iter().any(|set| set.name == name) => {
                faults.add(format!("{at}.name"), "another set has the same name");
            }
            Some(_) => {}
        }
        let (authentication, parameters) = match set.get("parameters") {
            None | Some(Value::Null) => (Authentication::None, Vec::new()),
            Some(Value::Object(members)) => parameter::parse(members, &format!("{at}.parameters"), faults),
            Some(_) => {
                faults.add(format!("{at}.parameters"), "it is not an object");
                (Authentication::None, Vec::new())
            }
        };
        let name = name.unwrap_or_default().to_owned();
        sets.push(ParameterSet { name, authentication, parameters });
    }
    sets
}

/// Parses `connectionAlternativeParameters`: how a connection without a set signs in as the managed
/// identity of its caller (`parameterValueType` is `Alternative`).
pub(super) fn parse_alternative(
    document: Option<&Value>,
    at: &str,
    faults: &mut Faults,
) -> Option<ParameterSet> {
    let members = match document {
        None | Some(Value::Null) => return None,
        Some(Value::Object(members)) if members.is_empty() => return None,
        Some(Value::Object(members)) => members,
        Some(_) => {
            faults.add(at, "it is not an object");
            return None;
        }
    };
    let (authentication, parameters) = parameter::parse(members, at, faults);
    if !matches!(authentication, Authentication::ManagedIdentity { .. }) {
        faults.add(at, "it has no parameter of type managedIdentity");
    }
    for parameter in parameters.iter().filter(|parameter| parameter.is_secret()) {
        faults.add(format!("{at}.{}", parameter.name), "a secret is not one of these parameters");
    }
    Some(ParameterSet { name: ALTERNATIVE.to_owned(), authentication, parameters })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(document: Value) -> Result<Vec<ParameterSet>, Vec<String>> {
        let mut faults = Faults::default();
        let sets = parse(Some(&document), "s", &mut faults);
        faults.result(sets).map_err(|faults| faults.into_iter().map(|fault| fault.at).collect())
    }

    #[test]
    fn each_set_has_its_own_sign_in_and_parameters() {
        let sets = read(json!({"uiDefinition": {"displayName": "Type"}, "values": [
            {"name": "key", "metadata": {"allowSharing": true}, "parameters": {"api_key": {"type": "securestring"}}},
            {"name": "delegated", "parameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
                "identityProvider": "aad", "clientId": "c",
                "customParameters": {"resourceUri": {"value": "api://x"}},
            }}}},
            {"name": "none"},
        ]}))
        .expect("usable");
        let names: Vec<_> = sets.iter().map(|set| (set.name.as_str(), set.parameters.len())).collect();
        assert_eq!(names, [("key", 1), ("delegated", 1), ("none", 0)]);
        let signed_in = sets.iter().filter(|set| set.authentication != Authentication::None).count();
        assert_eq!(signed_in, 1);
    }

    #[test]
    fn all_mistakes_are_reported_with_their_places() {
        let faults = read(json!({"values": [
            {}, {"name": "a", "parameters": {"x": {"type": "y"}}}, {"name": "a", "parameters": 1},
        ]}));
        let expected =
            ["s.values[0].name", "s.values[1].parameters.x", "s.values[2].name", "s.values[2].parameters"];
        assert_eq!(faults, Err(expected.map(str::to_owned).to_vec()));
        for (document, at) in
            [(json!([]), "s"), (json!({"a": 1}), "s.values"), (json!({"values": {}}), "s.values")]
        {
            assert_eq!(read(document), Err(vec![at.to_owned()]));
        }
    }
}
