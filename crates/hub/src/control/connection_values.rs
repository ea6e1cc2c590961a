//! The values of parameters in the body of a connection.

use serde_json::{Map, Value};

use crate::arm::{Members, Mistakes};
use crate::connection::Values;
use crate::connector::{ALTERNATIVE, ApiProperties, Parameter};

/// Members with values of parameters.
const PARAMETERS: [&str; 4] =
    ["parameterValues", "nonSecretParameterValues", "customParameterValues", "alternativeParameterValues"];
/// The only `parameterValueType` besides none.
const ALTERNATIVE_TYPE: &str = "Alternative";

/// The values that a body gives, before its connector is known.
#[derive(Debug, Default)]
pub(super) struct GivenValues {
    /// The name of the parameter set.
    set: Option<String>,
    values: Vec<GivenValue>,
}

#[derive(Debug)]
struct GivenValue {
    /// Its path in the body.
    at: String,
    name: String,
    value: Value,
    /// Whether it is in a member of which no value is a secret.
    readable: bool,
}

/// The values of a connection after a change.
#[derive(Debug)]
pub(super) struct ResolvedValues {
    pub(super) set: Option<String>,
    /// The connector as connections with this set have it.
    pub(super) properties: ApiProperties,
    pub(super) values: Values,
    /// Whether the body gives a secret.
    pub(super) gives_secret: bool,
}

/// The values before a change.
#[derive(Debug)]
pub(super) struct CurrentValues {
    pub(super) set: Option<String>,
    pub(super) values: Values,
    /// The names of the values that are stored as secrets.
    pub(super) sealed: Vec<String>,
    /// Whether the secrets do not open any more. `values` has the others.
    pub(super) is_unreadable: bool,
    /// Whether the body replaces all values that can be read, as a PUT does.
    pub(super) replaced: bool,
}

impl GivenValues {
    /// Reads the values from the `properties` of a connection.
    pub(super) fn read(properties: &mut Members, mistakes: &mut Mistakes) -> Self {
        let mut given = Self::default();
        for member in PARAMETERS {
            let Some(values) = properties.object(member, mistakes) else { continue };
            let at = values.path("");
            for (name, value) in values.rest() {
                let at = format!("{at}{}", shortened(&name));
                given.values.push(GivenValue { at, name, value, readable: member != PARAMETERS[0] });
            }
        }
        let set = properties.object("parameterValueSet", mistakes).filter(|set| !set.is_empty());
        match (properties.text("parameterValueType", mistakes).as_deref(), &set) {
            (None, _) => {}
            (Some(ALTERNATIVE_TYPE), None) => given.set = Some(ALTERNATIVE.to_owned()),
            (Some(ALTERNATIVE_TYPE), Some(_)) => mistakes.add(
                "properties.parameterValueType",
                "a connection with a parameterValueSet has no other type",
            ),
            (Some(_), _) => {
                mistakes.add("properties.parameterValueType", format!("it must be {ALTERNATIVE_TYPE}"));
            }
        }
        if let Some(mut set) = set {
            given.set = set.required_text("name", mistakes);
            if let Some(values) = set.object("values", mistakes) {
                let at = values.path("");
                for (name, value) in values.rest() {
                    let at = format!("{at}{}", shortened(&name));
                    let value = match value {
                        Value::Object(mut members) if members.len() == 1 && members.contains_key("value") => {
                            members.remove("value").unwrap_or_default()
                        }
                        Value::Null => Value::Null,
                        _ => {
                            mistakes.add(&at, "it must be an object with a value");
                            continue;
                        }
                    };
                    given.values.push(GivenValue { at, name, value, readable: false });
                }
            }
            set.end(mistakes);
        }
        given
    }

    /// Whether the body gives neither values nor a set.
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_none() && self.values.is_empty()
    }

    /// Returns the values after the change, or records why they are not valid. A secret that the
    /// body does not give keeps its value, because it is never returned; `null` removes a value.
    pub(super) fn resolve(
        self,
        connector: &ApiProperties,
        current: Option<CurrentValues>,
        mistakes: &mut Mistakes,
    ) -> ResolvedValues {
        let unchanged = current.is_some() && self.is_empty();
        let set = self.set.or_else(|| current.as_ref().and_then(|current| current.set.clone()));
        if !unchanged && !connector.has_set(set.as_deref()) {
            let names: Vec<_> = connector.set_names().collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let at = "properties.parameterValueSet";
            match &set {
                Some(set) if set == ALTERNATIVE => mistakes.add(
                    "properties.parameterValueType",
                    format!(
                        "the connector has no connectionAlternativeParameters; its parameter sets: {names}"
                    ),
                ),
                None => mistakes.add(at, format!("it is required; the connector's parameter sets: {names}")),
                Some(_) => mistakes.add(
                    &format!("{at}.name"),
                    format!("the connector has no such parameter set; it has: {names}"),
                ),
            }
            return ResolvedValues {
                properties: connector.for_set(None),
                set,
                values: Values::default(),
                gives_secret: false,
            };
        }
        let mut properties = connector.for_set(set.as_deref());
        let sealed = current.as_ref().filter(|current| current.set == set).map(|current| &current.sealed);
        // What was given as a secret stays one until it is given again.
        properties.mark_sealed(|parameter| {
            sealed.is_some_and(|names| names.contains(&parameter.name))
                && !self.values.iter().any(|given| given.name == parameter.name)
        });
        let lost = current.as_ref().is_some_and(|current| current.is_unreadable && current.set == set);
        let find = |name: &str| properties.parameters.iter().find(|parameter| parameter.name == name);
        let mut values = match current {
            Some(mut current) if current.set == set => {
                let replaced = current.replaced && !unchanged;
                let kept = |name: &str| {
                    unchanged || find(name).is_some_and(|parameter| !replaced || parameter.is_secret())
                };
                std::mem::take(&mut current.values.0).into_iter().filter(|(name, _)| kept(name)).collect()
            }
            _ => Map::new(),
        };
        let mut seen: Map<String, Value> = Map::new();
        let mut wrong = Vec::new();
        for GivenValue { at, name, value, readable } in self.values {
            let Some(parameter) = find(&name) else {
                mistakes.add(&at, "the connector has no such parameter");
                continue;
            };
            let Some(value) = check(parameter, &at, value, readable, mistakes) else {
                wrong.push(name);
                continue;
            };
            if seen.insert(name.clone(), value.clone()).is_some_and(|other| other != value) {
                mistakes.add(&at, "the body gives it another value, too");
            }
            if value.is_null() {
                values.remove(&name);
            } else {
                values.insert(name, value);
            }
        }
        let values = Values(values);
        let at = match set.as_deref() {
            None => "parameterValues",
            Some(ALTERNATIVE) => "alternativeParameterValues",
            Some(_) => "parameterValueSet.values",
        };
        if lost && !unchanged {
            let is_given =
                |name: &str| seen.contains_key(name) || wrong.iter().any(|known: &String| known == name);
            let secrets = properties.parameters.iter().filter(|parameter| parameter.is_secret());
            let missing: Vec<_> =
                secrets.map(|parameter| parameter.name.clone()).filter(|name| !is_given(name)).collect();
            for name in missing {
                let why = "its value cannot be opened any more; give it again, or null to remove it";
                mistakes.add(&format!("properties.{at}.{}", shortened(&name)), why);
                wrong.push(name);
            }
        }
        if !unchanged {
            // A value that is not valid is not missing as well.
            let missing: Vec<_> = properties
                .missing(|parameter| values.has(parameter))
                .into_iter()
                .filter(|parameter| !wrong.contains(&parameter.name))
                .map(|parameter| parameter.name.clone())
                .collect();
            for name in missing {
                mistakes.add(&format!("properties.{at}.{}", shortened(&name)), "it is required");
            }
        }
        let gives_secret = properties.parameters.iter().any(|parameter| {
            parameter.is_secret() && seen.get(&parameter.name).is_some_and(|value| !value.is_null())
        });
        ResolvedValues { set, properties, values, gives_secret }
    }
}

/// Returns a valid value; `null` removes a value.
fn check(
    parameter: &Parameter,
    at: &str,
    value: Value,
    readable: bool,
    mistakes: &mut Mistakes,
) -> Option<Value> {
    if value.is_null() {
        return Some(value);
    }
    if readable && parameter.is_secret() {
        mistakes.add(at, "it is a secret; give it in parameterValues");
        return None;
    }
    parameter.check(&value).map_err(|why| mistakes.add(at, why)).ok()
}

fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connector() -> ApiProperties {
        let required = json!({"constraints": {"required": "true"}});
        ApiProperties::parse(&json!({
            "connectionParameters": {
                "api_key": {"type": "securestring", "uiDefinition": required},
                "site": {"type": "string", "uiDefinition": required},
                "count": {"type": "int"},
                "region": {"type": "string", "uiDefinition": {"constraints": {"allowedValues": [{"value": "eu"}]}}},
            },
            "connectionParameterSets": {"values": [
                {"name": "basic", "parameters": {"password": {"type": "securestring", "uiDefinition": required}}},
            ]},
        }))
        .expect("usable")
    }

    fn resolve(properties: Value, current: Option<CurrentValues>) -> Result<ResolvedValues, String> {
        let Value::Object(members) = properties else { panic!("not an object") };
        let mut mistakes = Mistakes::default();
        let given = GivenValues::read(&mut Members::at("properties", members), &mut mistakes);
        let resolved = given.resolve(&connector(), current, &mut mistakes);
        mistakes.into_result().map_err(|refusal| refusal.message().to_owned())?;
        Ok(resolved)
    }

    fn current(set: Option<&str>, values: Value, replaced: bool) -> Option<CurrentValues> {
        let Value::Object(values) = values else { panic!("not an object") };
        Some(CurrentValues {
            set: set.map(str::to_owned),
            values: Values(values),
            sealed: Vec::new(),
            is_unreadable: false,
            replaced,
        })
    }

    #[test]
    fn all_mistakes_are_reported_with_their_paths() {
        let message = resolve(
            json!({
                "parameterValues": {"count": "x", "other": "s3cret", "region": "us"},
                "nonSecretParameterValues": {"api_key": "s3cret", "count": 2}, "customParameterValues": {"count": 1},
            }),
            None,
        )
        .expect_err("mistakes");
        assert_eq!(
            message,
            "properties.parameterValues.count: it must be an integer. properties.parameterValues.other: the connector \
             has no such parameter. properties.parameterValues.region: it must be one of eu. \
             properties.nonSecretParameterValues.api_key: it is a secret; give it in parameterValues. \
             properties.customParameterValues.count: the body gives it another value, too. \
             properties.parameterValues.site: it is required."
        );
        for (properties, message) in [
            (
                json!({"parameterValueSet": {"values": {}}}),
                "properties.parameterValueSet.name: it is required.",
            ),
            (
                json!({"parameterValueSet": {"name": "oauth"}}),
                "properties.parameterValueSet.name: the connector has no such parameter set; it has: basic.",
            ),
            (
                json!({"parameterValueSet": {"name": "basic", "values": {"password": "x"}, "more": 1}}),
                "properties.parameterValueSet.values.password: it must be an object with a value. \
                 properties.parameterValueSet.more: there is no such member.",
            ),
            (
                json!({"parameterValueSet": {"name": "basic", "values": {"password": {"value": ""}}}}),
                "properties.parameterValueSet.values.password: it is required.",
            ),
        ] {
            let found = resolve(properties.clone(), None).expect_err("mistakes");
            assert!(found.starts_with(message), "{properties}: {found}");
        }
    }

    #[test]
    fn a_put_replaces_what_can_be_read_and_a_patch_what_it_names() {
        let before = || json!({"api_key": "k", "site": "a", "count": 1});
        for (replaced, given, after) in [
            (true, json!({}), before()),
            (true, json!({"parameterValues": {}}), before()),
            (true, json!({"nonSecretParameterValues": {"site": "b"}}), json!({"api_key": "k", "site": "b"})),
            (
                false,
                json!({"parameterValues": {"api_key": "n"}}),
                json!({"api_key": "n", "site": "a", "count": 1}),
            ),
            (false, json!({"parameterValues": {"count": null}}), json!({"api_key": "k", "site": "a"})),
            (
                false,
                json!({"parameterValueSet": {"name": "basic", "values": {"password": {"value": "p"}}}}),
                json!({"password": "p"}),
            ),
        ] {
            let resolved = resolve(given.clone(), current(None, before(), replaced)).expect("valid");
            assert_eq!(Value::Object(resolved.values.0.clone()), after, "{given}");
        }
        let removed = resolve(json!({"parameterValues": {"api_key": null}}), current(None, before(), false));
        assert_eq!(removed.expect_err("required"), "properties.parameterValues.api_key: it is required.");
    }

    #[test]
    fn a_change_without_values_does_not_check_them() {
        let resolved = resolve(json!({}), current(Some("gone"), json!({"x": "y"}), true)).expect("unchanged");
        assert_eq!((resolved.set.as_deref(), resolved.values.0.len()), (Some("gone"), 1));
    }
}
