//! Request triggers: which requests they accept.

use serde_json::{Map, Value};

use super::node::Node;
use super::refusal::{Collected, DefinitionError};
use super::schema::Schema;

/// The methods that a request can have, or be restricted to.
pub(crate) const REQUEST_METHODS: [&str; 5] = ["GET", "PUT", "POST", "PATCH", "DELETE"];

const INPUTS: [&str; 10] = [
    "schema",
    "method",
    "relativePath",
    "triggerAuthenticationType",
    "triggerAllowedUsers",
    "host",
    "operationId",
    "parameters",
    "headersSchema",
    "triggerUrl",
];

/// A request trigger; `kind` is `Button`, `Http`, `PowerAppV2` …
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestTrigger {
    /// The schema that the body must have.
    pub schema: Option<Schema>,
    /// The only accepted method.
    pub method: Option<&'static str>,
    /// The path after that of the trigger.
    path: Vec<Segment>,
    pub callers: Callers,
    /// Whether its outputs contain the header `Authorization`.
    pub includes_authorization: bool,
}

/// Whose tokens a cloud flow accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Callers {
    /// All callers with the signed address.
    #[default]
    All,
    /// Users of the tenant.
    Tenant,
    /// These users, by object id.
    Users(Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl RequestTrigger {
    /// Reads a request trigger. Buttons and apps always send what their schema requires; an `Http`
    /// trigger checks its schema only if that is turned on.
    pub(super) fn read(node: &Node<'_>, errors: &mut Collected) -> Self {
        let text = |member: &str| node.optional(member).map(|value| value.text()).transpose();
        let kind = errors.keep(text("kind")).flatten();
        let options = errors.keep(text("operationOptions")).flatten().unwrap_or_default();
        let has_option = |name: &str| options.split(',').any(|one| one.trim().eq_ignore_ascii_case(name));
        let mut trigger = Self {
            includes_authorization: has_option("IncludeAuthorizationHeadersInOutputs"),
            ..Self::default()
        };
        let Some(inputs) = node.optional("inputs") else { return trigger };
        errors.keep(inputs.only(&INPUTS));
        let is_http = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("Http"));
        let schema = inputs.optional("schema").and_then(|schema| errors.keep(Schema::read(&schema)));
        trigger.schema = schema.flatten().filter(|_| !is_http || has_option("EnableSchemaValidation"));
        trigger.method = inputs.optional("method").and_then(|method| errors.keep(self::method(&method)));
        if let Some(path) = inputs.optional("relativePath") {
            trigger.path = errors.keep(segments(&path)).unwrap_or_default();
        }
        // A definition of an earlier version can name callers that cannot be read: no caller then.
        trigger.callers = errors.keep(callers(&inputs)).unwrap_or(Callers::Users(Vec::new()));
        trigger
    }

    /// Returns the parameters in the path of a request, which follows that of the trigger; `None`
    /// if it is another path.
    pub(crate) fn parameters_of(&self, path: &[String]) -> Option<Map<String, Value>> {
        if path.len() != self.path.len() {
            return None;
        }
        let mut parameters = Map::new();
        for (segment, given) in self.path.iter().zip(path) {
            match segment {
                Segment::Literal(text) if text == given => {}
                Segment::Literal(_) => return None,
                Segment::Parameter(_) if given.is_empty() => return None,
                Segment::Parameter(name) => {
                    parameters.insert(name.clone(), Value::String(given.clone()));
                }
            }
        }
        Some(parameters)
    }

    /// Returns the path after that of the trigger, with parameters as `{name}`.
    pub(crate) fn path(&self) -> impl Iterator<Item = String> {
        self.path.iter().map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Parameter(name) => format!("{{{name}}}"),
        })
    }
}

fn method(node: &Node<'_>) -> Result<&'static str, DefinitionError> {
    let text = node.text()?;
    REQUEST_METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(text)).ok_or_else(|| {
        node.refuse("this is not a method", &format!("use one of {}", REQUEST_METHODS.join(", ")))
    })
}

fn segments(node: &Node<'_>) -> Result<Vec<Segment>, DefinitionError> {
    let refuse = |what: &str| node.refuse(what, "write it as orders/{id}");
    let text = node.text()?;
    let path = text.strip_prefix('/').unwrap_or(text);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    let mut segments = Vec::new();
    for segment in path.split('/') {
        let parameter = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if segment.is_empty() || [".", ".."].contains(&segment) || parameter == Some("") {
            return Err(refuse("a segment of the path is empty or relative"));
        }
        if parameter.unwrap_or(segment).contains(['{', '}', '?', '#', '%']) {
            return Err(refuse("a segment of the path has characters that it cannot have"));
        }
        if parameter.is_some_and(|name| names.contains(&name)) {
            return Err(refuse("two parameters of the path have the same name"));
        }
        names.extend(parameter);
        segments.push(match parameter {
            Some(name) => Segment::Parameter(name.to_owned()),
            None => Segment::Literal(segment.to_owned()),
        });
    }
    Ok(segments)
}

fn callers(inputs: &Node<'_>) -> Result<Callers, DefinitionError> {
    let Some(kind) = inputs.optional("triggerAuthenticationType") else { return Ok(Callers::All) };
    match kind.text()?.to_ascii_lowercase().as_str() {
        "all" => Ok(Callers::All),
        "tenant" => Ok(Callers::Tenant),
        "specificusers" => {
            let users = inputs.required("triggerAllowedUsers", "list the object ids, separated by ;")?;
            let list = users.text()?.split(';').map(|id| id.trim().to_lowercase());
            Ok(Callers::Users(list.filter(|id| !id.is_empty()).collect()))
        }
        _ => Err(kind.refuse("this is not a type of callers", "use All, Tenant or SpecificUsers")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(inputs: Value) -> Result<RequestTrigger, String> {
        let trigger = json!({"type": "Request", "kind": "Http", "inputs": inputs});
        let mut errors = Collected::default();
        let read = RequestTrigger::read(&Node::new("t", &trigger), &mut errors);
        errors.errors().map_or(Ok(read), |errors| Err(errors.to_string()))
    }

    #[test]
    fn paths_have_parameters() {
        let trigger = read(json!({"relativePath": "/orders/{id}/lines/{line no}"})).expect("reads");
        let parameters = |path: &[&str]| {
            let path: Vec<_> = path.iter().map(|segment| (*segment).to_owned()).collect();
            trigger.parameters_of(&path).map(Value::Object)
        };
        assert_eq!(
            parameters(&["orders", "a/../b", "lines", "2"]),
            Some(json!({"id": "a/../b", "line no": "2"}))
        );
        for other in [&["orders", "7"][..], &["orders", "7", "lines"], &["orders", "", "lines", "2"], &[]] {
            assert_eq!(parameters(other), None, "{other:?}");
        }
        assert_eq!(read(json!({})).expect("reads").parameters_of(&[]), Some(Map::new()));
    }

    #[test]
    fn wrong_inputs_are_refused_with_their_paths() {
        for (inputs, path) in [
            (json!({"method": "TRACE"}), "t.inputs.method"),
            (json!({"method": 1}), "t.inputs.method"),
            (json!({"relativePath": "a//b"}), "t.inputs.relativePath"),
            (json!({"relativePath": "../b"}), "t.inputs.relativePath"),
            (json!({"relativePath": "{}/b"}), "t.inputs.relativePath"),
            (json!({"relativePath": "{a"}), "t.inputs.relativePath"),
            (json!({"relativePath": "{a}/{a}"}), "t.inputs.relativePath"),
            (json!({"relativePath": "a?b"}), "t.inputs.relativePath"),
            (json!({"triggerAuthenticationType": "Some"}), "t.inputs.triggerAuthenticationType"),
            (json!({"triggerAuthenticationType": "SpecificUsers"}), "t.inputs: 'triggerAllowedUsers'"),
            (json!({"other": 1}), "t.inputs"),
        ] {
            let error = read(inputs.clone()).expect_err(&inputs.to_string());
            assert!(error.starts_with(path), "{inputs}: {error}");
        }
    }
}
