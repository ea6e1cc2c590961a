//! Connection parameters: what the owner of a connection has to give, and which values are valid.

use serde_json::{Map, Value};

use super::OAuthSettings;
use super::fault::Faults;

/// The maximum number of connection parameters.
pub(super) const PARAMETERS_MAX: usize = 64;
/// The maximum length of a value, in characters.
const VALUE_CHARS_MAX: usize = 16_384;

/// The maximum length of the resource of a managed identity's tokens.
const RESOURCE_BYTES_MAX: usize = 500;

/// How connections of a connector get tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// Without tokens: by parameters (a password, a key) or not at all.
    None,
    /// OAuth, with tokens for the account that consents.
    OAuth {
        /// The name of the connection parameter, by convention `token`.
        parameter: String,
        /// How tokens are requested.
        settings: Box<OAuthSettings>,
    },
    /// With tokens for the managed identity of the flow that calls. The connection stores none.
    ManagedIdentity {
        /// The resource that the tokens are for, if the file names it (`resourceUri`).
        resource: Option<String>,
    },
}

/// The type of a parameter's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Text,
    /// Never returned.
    Secret,
    Integer,
    Boolean,
    /// An on-premises data gateway.
    Gateway,
    /// Tokens, which come from a sign-in.
    OAuth,
    /// The managed identity of the flow that calls.
    ManagedIdentity,
}

/// A connection parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: ParameterKind,
    required: bool,
    /// Values other than these are not valid, unless the list is empty.
    allowed: Vec<String>,
    pub(crate) default: Option<Value>,
    /// Given only for connections through a gateway.
    pub(crate) with_gateway: bool,
    /// Whether the connection's value was given as a secret, whatever the file says since then.
    pub(crate) sealed: bool,
}

impl Parameter {
    /// Whether the owner has to give a value.
    pub(crate) fn is_required(&self) -> bool {
        let is_given = matches!(self.kind, ParameterKind::OAuth | ParameterKind::ManagedIdentity);
        self.required && self.default.is_none() && !is_given
    }

    /// Whether values are sealed and never returned.
    pub(crate) fn is_secret(&self) -> bool {
        self.sealed || self.takes_secret()
    }

    /// Whether a new value is a secret.
    pub(crate) fn takes_secret(&self) -> bool {
        self.kind == ParameterKind::Secret
    }

    /// Returns a value as it is stored, or why it is not valid.
    pub(crate) fn check(&self, value: &Value) -> Result<Value, String> {
        let value = match (self.kind, value) {
            (ParameterKind::Text | ParameterKind::Secret, Value::String(text)) => {
                if text.chars().count() > VALUE_CHARS_MAX {
                    return Err(format!("it has more than {VALUE_CHARS_MAX} characters"));
                }
                if text.contains('\0') {
                    return Err("it contains a NUL character".to_owned());
                }
                value.clone()
            }
            (ParameterKind::Text | ParameterKind::Secret, _) => {
                return Err("it must be a string".to_owned());
            }
            (ParameterKind::Integer, value) => {
                let number = match value {
                    Value::String(text) => text.trim().parse::<i64>().ok(),
                    value => value.as_i64(),
                };
                number.ok_or("it must be an integer")?.into()
            }
            (ParameterKind::Boolean, value) => flag(value).ok_or("it must be true or false")?.into(),
            (ParameterKind::Gateway, Value::String(_) | Value::Object(_)) => value.clone(),
            (ParameterKind::Gateway, _) => {
                return Err("it must be the gateway's id, or an object with it".to_owned());
            }
            (ParameterKind::OAuth, _) => {
                return Err("its value comes from the sign-in; use listConsentLinks".to_owned());
            }
            (ParameterKind::ManagedIdentity, _) => {
                return Err(
                    "it has no value: calls use the managed identity of the flow that calls".to_owned()
                );
            }
        };
        if !self.allowed.is_empty() && !self.allowed.contains(&text_of(&value)) {
            return Err(format!("it must be one of {}", self.allowed.join(", ")));
        }
        Ok(value)
    }
}

/// Returns a parameter's value as it is written into a URL or a header.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Parses `connectionParameters`, or the parameters of a set.
pub(super) fn parse(
    parameters: &Map<String, Value>,
    at: &str,
    faults: &mut Faults,
) -> (Authentication, Vec<Parameter>) {
    let mut authentication = Authentication::None;
    let mut read = Vec::new();
    if parameters.len() > PARAMETERS_MAX {
        faults.add(at, format!("there are more than {PARAMETERS_MAX} parameters"));
        return (authentication, read);
    }
    let mut sign_ins = 0;
    for (name, parameter) in parameters {
        let at = format!("{at}.{name}");
        let Some(members) = parameter.as_object() else {
            faults.add(at, "it is not an object");
            continue;
        };
        let kind = match members.get("type").and_then(Value::as_str) {
            None => {
                faults.add(at, "its type is missing");
                continue;
            }
            Some(text) => match kind_of(text) {
                Some(kind) => kind,
                None => {
                    faults.add(at, format!("parameters of type '{}' are not supported", text.escape_debug()));
                    continue;
                }
            },
        };
        if matches!(kind, ParameterKind::OAuth | ParameterKind::ManagedIdentity) {
            sign_ins += 1;
            if sign_ins > 1 {
                faults.add(at, "there is a second parameter of type oauthSetting or managedIdentity");
                continue;
            }
        }
        if kind == ParameterKind::ManagedIdentity {
            let resource = identity_resource(members.get("managedIdentitySettings"), &at, faults);
            authentication = Authentication::ManagedIdentity { resource };
        }
        if kind == ParameterKind::OAuth
            && let Some(settings) = faults.keep(OAuthSettings::parse(parameter, &at))
        {
            let settings = Box::new(settings);
            authentication = Authentication::OAuth { parameter: name.clone(), settings };
        }
        read.push(parameter_of(name, kind, members, &at, faults));
    }
    (authentication, read)
}

/// Reads the resource of `managedIdentitySettings`.
fn identity_resource(settings: Option<&Value>, at: &str, faults: &mut Faults) -> Option<String> {
    let at = format!("{at}.managedIdentitySettings");
    let resource = match settings {
        None | Some(Value::Null) => return None,
        Some(Value::Object(members)) => members.get("resourceUri").filter(|value| !value.is_null())?,
        Some(_) => {
            faults.add(at, "it is not an object");
            return None;
        }
    };
    match resource.as_str() {
        Some(text) if !text.trim().is_empty() && text.len() <= RESOURCE_BYTES_MAX => Some(text.to_owned()),
        _ => {
            let why = format!("it must be the URI of a resource with at most {RESOURCE_BYTES_MAX} bytes");
            faults.add(format!("{at}.resourceUri"), why);
            None
        }
    }
}

fn kind_of(text: &str) -> Option<ParameterKind> {
    Some(match text.trim().to_ascii_lowercase().as_str() {
        "string" => ParameterKind::Text,
        "securestring" => ParameterKind::Secret,
        "int" | "integer" => ParameterKind::Integer,
        "bool" | "boolean" => ParameterKind::Boolean,
        "gatewaysetting" => ParameterKind::Gateway,
        "oauthsetting" => ParameterKind::OAuth,
        "managedidentity" => ParameterKind::ManagedIdentity,
        _ => return None,
    })
}

fn parameter_of(
    name: &str,
    kind: ParameterKind,
    members: &Map<String, Value>,
    at: &str,
    faults: &mut Faults,
) -> Parameter {
    let mut object = |parent: Option<&Map<String, Value>>, name: &str, at: &str| match parent?.get(name)? {
        Value::Object(members) => Some(members.clone()),
        Value::Null => None,
        _ => {
            faults.add(format!("{at}.{name}"), "it is not an object");
            None
        }
    };
    let ui = object(Some(members), "uiDefinition", at);
    let constraints = object(ui.as_ref(), "constraints", &format!("{at}.uiDefinition")).unwrap_or_default();
    let at_constraints = format!("{at}.uiDefinition.constraints");
    let mut constraint = |name: &str| match constraints.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.trim().is_empty() => None,
        Some(value) => flag(value).or_else(|| {
            faults.add(format!("{at_constraints}.{name}"), "it must be true or false, also as a text");
            None
        }),
    };
    let (required, hidden) = (constraint("required"), constraint("hidden"));
    let clear_text = constraint("clearText");
    let mut allowed = Vec::new();
    for (list, at) in
        [(members.get("allowedValues"), at), (constraints.get("allowedValues"), at_constraints.as_str())]
    {
        allowed_values(list, &format!("{at}.allowedValues"), &mut allowed, faults);
    }
    let with_gateway = kind == ParameterKind::Gateway
        || constraints
            .get("capability")
            .and_then(Value::as_array)
            .is_some_and(|list| !list.is_empty() && list.iter().all(|value| value == "gateway"));
    // A text that is entered like a password, or is a client's secret, is as secret as one.
    let secret = clear_text == Some(false) || name.to_ascii_lowercase().ends_with("secret");
    let kind = if kind == ParameterKind::Text && secret { ParameterKind::Secret } else { kind };
    let mut parameter = Parameter {
        name: name.to_owned(),
        kind,
        required: required == Some(true) && hidden != Some(true),
        allowed,
        default: None,
        with_gateway,
        sealed: false,
    };
    let is_text = matches!(kind, ParameterKind::Text | ParameterKind::Secret);
    for spelling in ["defaultValue", "default"] {
        let default = members.get(spelling).filter(|value| !value.is_null());
        let default = default.map(|value| match value {
            Value::Number(_) | Value::Bool(_) if is_text => Value::String(text_of(value)),
            value => value.clone(),
        });
        // A default is not one of the owner's choices, so only its type counts.
        match default.map(|value| Parameter { allowed: Vec::new(), ..parameter.clone() }.check(&value)) {
            None => {}
            Some(Ok(value)) => parameter.default = Some(value),
            Some(Err(why)) => faults.add(format!("{at}.{spelling}"), why),
        }
    }
    parameter
}

/// Reads a list of values, each of which may be in an object with its label.
fn allowed_values(list: Option<&Value>, at: &str, into: &mut Vec<String>, faults: &mut Faults) {
    let list = match list {
        None | Some(Value::Null) => return,
        Some(Value::Array(list)) => list,
        Some(_) => return faults.add(at, "it is not a list"),
    };
    for (index, item) in list.iter().enumerate() {
        match item.as_object().map_or(Some(item), |members| members.get("value")) {
            Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
                into.push(text_of(value));
            }
            _ => faults.add(format!("{at}[{index}]"), "it has no value"),
        }
    }
}

/// Reads a boolean, which may be written as a text.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(parameters: Value) -> Result<Vec<Parameter>, Vec<String>> {
        let mut faults = Faults::default();
        let (_, read) = parse(parameters.as_object().expect("an object"), "p", &mut faults);
        faults.result(read).map_err(|faults| faults.into_iter().map(|fault| fault.at).collect())
    }

    fn one(parameter: Value) -> Parameter {
        read(json!({ "x": parameter })).expect("usable").remove(0)
    }

    #[test]
    fn every_primitive_type_is_known_and_checks_its_values() {
        for (kind, valid, invalid) in [
            ("string", vec![(json!("a"), json!("a")), (json!(""), json!(""))], vec![json!(1), json!(null)]),
            ("securestring", vec![(json!("a"), json!("a"))], vec![json!(["a"]), json!(true)]),
            (
                "int",
                vec![(json!(7), json!(7)), (json!(" -7 "), json!(-7))],
                vec![json!(1.5), json!("x"), json!("9223372036854775808")],
            ),
            (
                "bool",
                vec![(json!(true), json!(true)), (json!("False"), json!(false))],
                vec![json!(1), json!("yes")],
            ),
            ("gatewaySetting", vec![(json!({"id": "g"}), json!({"id": "g"}))], vec![json!(1)]),
            ("managedIdentity", vec![], vec![json!("x")]),
            ("SecureString", vec![(json!("a"), json!("a"))], vec![]),
        ] {
            let parameter = one(json!({ "type": kind }));
            for (given, stored) in valid {
                assert_eq!(parameter.check(&given), Ok(stored), "{kind} {given}");
            }
            for given in invalid {
                assert!(parameter.check(&given).is_err(), "{kind} {given}");
            }
        }
        let text = one(json!({"type": "string"}));
        assert!(text.check(&json!("a".repeat(VALUE_CHARS_MAX))).is_ok());
        assert!(text.check(&json!("a".repeat(VALUE_CHARS_MAX + 1))).is_err());
        assert!(text.check(&json!("a\u{0}")).is_err());
    }

    #[test]
    fn constraints_may_be_texts_and_a_hidden_parameter_is_never_required() {
        for (constraints, required) in [
            (json!({"required": "true"}), true),
            (json!({"required": true}), true),
            (json!({"required": "True", "hidden": "false"}), true),
            (json!({"required": "true", "hidden": "true"}), false),
            (json!({"required": "false"}), false),
            (json!({"required": "", "clearText": " "}), false),
            (json!({"tabIndex": 3, "dependencies": {"a": {"values": ["b"]}}}), false),
            (json!({}), false),
        ] {
            let parameter = one(json!({"type": "string", "uiDefinition": {"constraints": constraints}}));
            assert_eq!(parameter.is_required(), required, "{constraints}");
        }
        let required = json!({"constraints": {"required": "true"}});
        assert!(!one(json!({"type": "string", "defaultValue": "a", "uiDefinition": required})).is_required());
        for (written, default) in [(json!(443), "443"), (json!(true), "true"), (json!("a"), "a")] {
            let parameter = one(json!({"type": "string", "defaultValue": written}));
            assert_eq!(parameter.default, Some(json!(default)));
        }
    }

    #[test]
    fn allowed_values_stand_at_either_place_as_values_or_objects() {
        let parameter = one(json!({
            "type": "string", "allowedValues": [{"value": "code"}, "plain"],
            "uiDefinition": {"constraints": {"allowedValues": [{"text": "Seven", "value": 7}]}},
        }));
        for (value, valid) in
            [("code", true), ("plain", true), ("7", true), ("Code", false), ("Seven", false)]
        {
            assert_eq!(parameter.check(&json!(value)).is_ok(), valid, "{value}");
        }
        assert!(parameter.check(&json!("x")).expect_err("not allowed").contains("code, plain, 7"));
    }

    #[test]
    fn texts_that_are_entered_as_secrets_are_secrets() {
        for (name, parameter, secret) in [
            ("api_key", json!({"type": "securestring"}), true),
            (
                "api_key",
                json!({"type": "string", "uiDefinition": {"constraints": {"clearText": "false"}}}),
                true,
            ),
            ("token:clientSecret", json!({"type": "string"}), true),
            ("token:clientId", json!({"type": "string"}), false),
            (
                "username",
                json!({"type": "string", "uiDefinition": {"constraints": {"clearText": true}}}),
                false,
            ),
        ] {
            let read = read(json!({ name: parameter })).expect("usable");
            assert_eq!(read[0].is_secret(), secret, "{name} {parameter}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_with_their_places() {
        let faults = read(json!({
            "a": {}, "b": {"type": "date"}, "c": 1, "d": {"type": "int", "defaultValue": "x"},
            "e": {"type": "string", "uiDefinition": {"constraints": {"required": "maybe", "allowedValues": [{}]}}},
            "f": {"type": "string", "uiDefinition": []}, "g": {"type": "string", "allowedValues": {}},
            "token": {"type": "oauthSetting"}, "other": {"type": "oauthSetting"},
        }));
        let expected = [
            "p.a",
            "p.b",
            "p.c",
            "p.d.defaultValue",
            "p.e.uiDefinition.constraints.required",
            "p.e.uiDefinition.constraints.allowedValues[0]",
            "p.f.uiDefinition",
            "p.g.allowedValues",
            "p.other",
            "p.token",
        ];
        let mut faults = faults.expect_err("mistakes");
        faults.sort_unstable_by_key(|at| expected.iter().position(|known| known == at));
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for (fault, expected) in faults.iter().zip(expected) {
            // Whichever of two sign-ins comes first is the one that counts.
            assert!(fault == expected || fault.contains("ther") || fault.contains("oken"), "{faults:?}");
        }
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let many = |number: usize| {
            let all: Map<_, _> = (0..number).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect();
            read(Value::Object(all))
        };
        assert!(many(PARAMETERS_MAX).is_ok());
        assert_eq!(many(PARAMETERS_MAX + 1), Err(vec!["p".to_owned()]));
    }
}
