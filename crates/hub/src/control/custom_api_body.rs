//! The body with which a custom API is created or changed.

use outlive_tokens::Secret;
use serde_json::{Map, Value, json};

use super::connection_body::resource_members;
use super::paths::ResourcePath;
use crate::arm::{ArmRefusal, ControlCall, JsonBody, Members, Mistakes, custom_api_id};
use crate::connector::{ConnectorName, Draft, Swagger, connector_faults, keep_secret_defaults};

/// The members of `apiProperties.json`.
const DOCUMENT: [&str; 11] = [
    "connectionParameters",
    "connectionParameterSets",
    "connectionAlternativeParameters",
    "capabilities",
    "iconBrandColor",
    "brandColor",
    "publisher",
    "stackOwner",
    "policyTemplateInstances",
    "scriptOperations",
    "script",
];
/// Members that the hub adds.
const READ_ONLY: [&str; 7] = [
    "name",
    "runtimeUrls",
    "generalInformation",
    "apiDefinitions",
    "certificate",
    "nextCertificate",
    "error",
];

/// An API before a change.
pub(super) struct Current<'a> {
    pub(super) resource: &'a Value,
    pub(super) api_properties: &'a Value,
    pub(super) swagger: &'a Value,
}

/// Reads the body of a PUT, which replaces the documents of an API, or of a PATCH (`base` is the
/// API that it changes), which replaces single members of them.
pub(super) fn read(
    body: JsonBody,
    call: &ControlCall,
    path: &ResourcePath,
    name: &ConnectorName,
    current: Option<&Current<'_>>,
    base: Option<&Current<'_>>,
) -> Result<Draft, ArmRefusal> {
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let id = custom_api_id(call.tenant, path.group.as_str(), name);
    members.read_only("id", &json!(id), &mut mistakes);
    members.read_only("name", &json!(name.as_str()), &mut mistakes);
    members.read_only("type", &json!("Microsoft.Web/customApis"), &mut mistakes);
    resource_members(&mut members, &mut mistakes);
    let properties = members.object("properties", &mut mistakes).unwrap_or_default();
    members.end(&mut mistakes);
    let draft = read_properties(properties, name, current, base, &mut mistakes);
    mistakes.into_result()?;
    draft.check().map_err(|fault| ArmRefusal::invalid(format!("{fault}.")))
}

fn read_properties(
    mut properties: Members,
    name: &ConnectorName,
    current: Option<&Current<'_>>,
    base: Option<&Current<'_>>,
    mistakes: &mut Mistakes,
) -> Draft {
    let display_name = properties.text("displayName", mistakes).or_else(|| {
        let before = base.and_then(|base| base.resource["properties"]["displayName"].as_str());
        before.map(str::to_owned)
    });
    let client_secret = properties.text("clientSecret", mistakes).map(Secret::new);
    let swagger = properties.value("swagger").or_else(|| base.map(|base| base.swagger.clone()));
    let mut document = match base.map(|base| &base.api_properties["properties"]) {
        Some(Value::Object(before)) => before.clone(),
        _ => Map::new(),
    };
    for member in DOCUMENT {
        if let Some(value) = properties.value(member) {
            document.insert(member.to_owned(), value);
        }
    }
    let kind = properties.text("apiType", mistakes);
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("Rest")) {
        mistakes.add("properties.apiType", "it must be Rest");
    }
    for member in READ_ONLY {
        let value = current.and_then(|current| current.resource["properties"].get(member));
        properties.read_only(member, value.unwrap_or(&Value::Null), mistakes);
    }
    if let Some(mut metadata) = properties.object("metadata", mistakes) {
        metadata.read_only("source", &json!("marketplace"), mistakes);
        if let Some(color) = metadata.text("brandColor", mistakes) {
            document.entry("iconBrandColor").or_insert(json!(color));
        }
        metadata.end(mistakes);
    }
    let url = swagger.as_ref().and_then(|swagger| Swagger::parse(swagger).ok());
    if let Some(mut service) = properties.object("backendService", mistakes) {
        let given = service.text("serviceUrl", mistakes);
        if let (Some(given), Some(swagger)) = (given, url)
            && given.trim_end_matches('/') != swagger.service_url().trim_end_matches('/')
        {
            mistakes.add(
                "properties.backendService.serviceUrl",
                format!("the swagger has another one, {}", swagger.service_url()),
            );
        }
        service.end(mistakes);
    }
    properties.end(mistakes);
    let display_name = display_name.unwrap_or_else(|| name.to_string());
    let mut document = json!({ "properties": document });
    if let Some(current) = current {
        keep_secret_defaults(&mut document, current.api_properties);
    }
    let swagger = swagger.unwrap_or_else(|| {
        mistakes.add("properties.swagger", "it is required");
        Value::Null
    });
    for (_, fault) in connector_faults(&display_name, &document, &swagger) {
        if !swagger.is_null() || !fault.to_string().starts_with("swagger") {
            mistakes.add(fault.at(), fault.why());
        }
    }
    Draft { display_name, api_properties: document, swagger, client_secret }
}
