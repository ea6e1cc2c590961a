//! Checks that the services accept a seed file, before any of them runs: each applies the rules
//! with which it checks the specification of a tenant.

use outlive_chassis::SpecMistake;
use outlive_clock::{Randomness, TenantId};
use outlive_lab::Diagnostic;
use outlive_lab::seed::{DrawnSecrets, Seed, SeedApplication, SeedFile, TenantPlan, derived};
use outlive_rules::scopes::GRAPH_APP_ID;
use outlive_rules::{Ruleset, platform};
use serde_json::{Map, Value, json};

/// Example origins of the same form as those of the services.
const HUB: &str = "http://127.0.0.1:8702";
const RESOURCE: &str = "http://127.0.0.1:8703";

/// Returns the mistakes in a seed for which a service would reject it, in the order of the file.
pub(crate) fn rejected_by_services(seed: &Seed) -> Vec<Diagnostic> {
    let own = seed.file.tenant.id;
    // Other tenants of the seed have different ids and longer domains.
    let another = TenantId::from_uuid(derived(own, own.uuid()));
    let mut found: Vec<SpecMistake> = Vec::new();
    for mistake in [own, another].into_iter().flat_map(|tenant| mistakes_of(seed, tenant)) {
        if !found.iter().any(|known| known.at == mistake.at) {
            found.push(mistake);
        }
    }
    found.extend(layout_mistakes(seed));
    let mut diagnostics: Vec<_> = found
        .into_iter()
        .map(|SpecMistake { at, message, remedy }| seed.mistake_at(&at, &message, &remedy))
        .collect();
    diagnostics.sort_by_key(|diagnostic| diagnostic.position);
    diagnostics.dedup();
    diagnostics
}

/// Returns the problems for which the identity provider would reject a new tenant of a seed, with
/// places in the specification of the tenant.
pub(crate) fn rejected_by_directory(seed: &Seed) -> Vec<SpecMistake> {
    let own = seed.file.tenant.id;
    let tenant = TenantId::from_uuid(derived(own, own.uuid()));
    let secrets = DrawnSecrets::draw(&seed.file, &Randomness::from_seed(0));
    let edition = Ruleset::default().to_string();
    outlive_idp::spec_mistakes(TenantPlan::draw(seed, tenant, None, &edition, &secrets, HUB, RESOURCE).idp)
}

/// Returns the mistakes in the names of a seed and those that services find, in the order of the
/// file.
pub(crate) fn all_mistakes(seed: &Seed, mut mistakes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut rejected = rejected_by_services(seed);
    // A service's error at the position of a wrong name is a consequence of it.
    rejected.retain(|rejected| {
        !mistakes.iter().any(|known| (&known.file, known.position) == (&rejected.file, rejected.position))
    });
    mistakes.append(&mut rejected);
    mistakes.sort_by(|one, other| (&one.file, one.position).cmp(&(&other.file, other.position)));
    mistakes
}

/// Returns the mistakes that the services find in the specification of one tenant, with positions
/// in the seed file.
fn mistakes_of(seed: &Seed, tenant: TenantId) -> Vec<SpecMistake> {
    let secrets = DrawnSecrets::draw(&seed.file, &Randomness::from_seed(0));
    let edition = Ruleset::default().to_string();
    let plan = TenantPlan::draw(seed, tenant, None, &edition, &secrets, HUB, RESOURCE);
    let of = |mistakes: Vec<SpecMistake>, place: &dyn Fn(&str) -> String| {
        let moved = mistakes.into_iter().map(|mistake| SpecMistake { at: place(&mistake.at), ..mistake });
        moved.collect::<Vec<_>>()
    };
    [
        of(outlive_idp::spec_mistakes(plan.idp), &place_of_directory),
        of(outlive_hub::spec_mistakes(plan.hub), &|at| place_of_connector(seed, at)),
        of(outlive_resource::spec_mistakes(plan.resource), &|at| place_of_resource(seed, at)),
        of(outlive_flow::spec_mistakes(plan.flow), &|_| "/flow_service".to_owned()),
    ]
    .concat()
}

/// Returns the mistakes for which the creation of the seed's connections and flows would be
/// rejected.
fn layout_mistakes(seed: &Seed) -> Vec<SpecMistake> {
    let mut found: Vec<_> = seed
        .file
        .connectors
        .iter()
        .enumerate()
        .filter_map(|(index, _)| resource_mistake(seed, index))
        .collect();
    let connectors = || seed.file.connectors.iter().map(|connector| connector.name.value.as_str());
    let mut add = |place: String, mistakes: Vec<SpecMistake>| {
        found.extend(
            mistakes
                .into_iter()
                .map(|mistake| SpecMistake { at: format!("{place}{}", mistake.at), ..mistake }),
        );
    };
    for (index, connection) in seed.file.connections.iter().enumerate() {
        let mistakes = outlive_hub::connection_mistakes(&connection.name.value, &connection.display_name);
        add(format!("/connections/{index}"), mistakes);
    }
    for (index, flow) in seed.file.flows.iter().enumerate() {
        let connection = seed.file.connections.iter().find(|c| c.name.value == flow.connection.value);
        let connector = connection
            .and_then(|connection| connectors().find(|name| *name == connection.connector.value.as_str()));
        // A wrong name of a connection or connector is reported elsewhere.
        let references: Map<String, Value> = connectors()
            .filter(|name| connector.is_none_or(|connector| connector == *name))
            .map(|name| {
                let connection = json!({"name": flow.connection.value});
                let api = json!({"name": name});
                let reference = json!({"runtimeSource": "embedded", "connection": connection, "api": api});
                (name.to_owned(), reference)
            })
            .collect();
        let references = Value::Object(references);
        let mut mistakes = outlive_flow::flow_mistakes(&flow.display_name, &flow.definition, &references);
        if let Some(files) = connector.and_then(|connector| seed.connectors.get(connector)) {
            unknown_operations(&flow.definition, &files.swagger, "/definition", &mut mistakes);
        }
        add(format!("/flows/{index}"), mistakes);
    }
    let mut ids = std::collections::HashSet::new();
    for (index, flow) in seed.file.flows.iter().enumerate().filter(|(_, flow)| !ids.insert(flow.id)) {
        let message = format!("the flow id '{}' is given twice", flow.id);
        let mistake = SpecMistake::new("/id", message, "give every one a value of its own");
        add(format!("/flows/{index}"), vec![mistake]);
    }
    found
}

/// Returns why the identity provider would reject token requests of a connector for its resource.
fn resource_mistake(seed: &Seed, index: usize) -> Option<SpecMistake> {
    let SeedFile { applications, connectors, .. } = &seed.file;
    let connector = connectors.get(index)?;
    let files = seed.connectors.get(&connector.name.value)?;
    let resource = outlive_hub::connector_resource(&files.api_properties)?;
    let application = &connector.application.as_ref()?.value;
    let client = applications.iter().position(|app| app.name.value == *application)?;
    let is_named = |application: &&SeedApplication| {
        application.client_id.to_string().eq_ignore_ascii_case(&resource)
            || application.identifier_uris.iter().any(|uri| platform::is_same_identifier(uri, &resource))
    };
    let own = applications.iter().find(is_named);
    let shown = resource.escape_debug();
    let (names, client_id) = match (own, platform::resource(&resource)) {
        (Some(own), _) => (vec![own.name.value.as_str()], own.client_id.to_string()),
        (None, Some(known)) => {
            (std::iter::once(known.name).chain(known.alias).collect(), known.client_id.to_owned())
        }
        (None, None) => {
            return Some(SpecMistake::new(
                format!("/connectors/{index}/folder"),
                format!(
                    "the connector requests tokens for '{shown}' (resourceUri), which is no identifier URI or client id of an \
                     application"
                ),
                "correct resourceUri in apiProperties.json, or identifier_uris of the API's application",
            ));
        }
    };
    let application = &applications[client];
    // An application may use its own permissions and those of Graph without requiring them.
    let needs_no_requirement =
        own.is_some_and(|own| own.client_id == application.client_id) || client_id == GRAPH_APP_ID;
    let is_required = application
        .requires
        .iter()
        .any(|requirement| names.contains(&requirement.api.value.as_str()) && !requirement.scopes.is_empty());
    (!needs_no_requirement && !is_required).then(|| {
        let (name, api) = (application.name.value.escape_debug(), names[0].escape_debug());
        SpecMistake::new(
            format!("/applications/{client}/requires"),
            format!(
                "the connector '{}' signs in as '{name}', which requires no delegated permission of '{api}'",
                connector.name.value.escape_debug()
            ),
            format!("add {{api: {api}, scopes: [...]}} to requires of the application"),
        )
    })
}

/// Finds the connector calls of a definition whose operation the connector does not have.
fn unknown_operations(within: &Value, swagger: &Value, at: &str, mistakes: &mut Vec<SpecMistake>) {
    let operation = within.pointer("/inputs/host/operationId").and_then(Value::as_str);
    if let Some(operation) = operation.filter(|operation| !operation.is_empty())
        && !outlive_flow::has_operation(swagger, operation)
    {
        mistakes.push(SpecMistake::new(
            format!("{at}/inputs/host/operationId"),
            format!("the connector has no operation '{}'", operation.escape_debug()),
            "name an operationId of its apiDefinition.swagger.json",
        ));
        return;
    }
    for (name, value) in within.as_object().into_iter().flatten() {
        let name = name.replace('~', "~0").replace('/', "~1");
        unknown_operations(value, swagger, &format!("{at}/{name}"), mistakes);
    }
}

/// Returns the pointer in the seed file for `at` in the specification for the identity provider.
fn place_of_directory(at: &str) -> String {
    let mut segments: Vec<&str> = at.split('/').skip(1).collect();
    match segments.as_mut_slice() {
        ["users", _, name @ "upn", ..] => *name = "role",
        ["groups", _, name @ "display_name", ..] => *name = "name",
        ["applications", _, name @ "secrets", ..] => *name = "secret",
        ["applications", _, name @ "required", rest @ ..] => {
            *name = "requires";
            if let [_, api @ "resource"] = rest {
                *api = "api";
            }
        }
        ["users" | "groups" | "applications" | "policies", ..] => {}
        _ => segments.insert(0, "tenant"),
    }
    format!("/{}", segments.join("/"))
}

/// Returns the pointer in the seed file for `at` in the specification for the hub.
fn place_of_connector(seed: &Seed, at: &str) -> String {
    let segments: Vec<&str> = at.split('/').skip(1).collect();
    let ["connectors", index, document] = segments.as_slice() else { return at.to_owned() };
    // The specification omits connectors whose files cannot be read.
    let described = seed.file.connectors.iter().enumerate();
    let mut described =
        described.filter(|(_, connector)| seed.connectors.contains_key(&connector.name.value));
    let connector = index.parse().ok().and_then(|index| described.nth(index));
    let Some((index, connector)) = connector else { return at.to_owned() };
    let has_own_swagger = connector.definition_from.is_none();
    let name = match *document {
        "api_properties" => "folder",
        "swagger" if has_own_swagger => "folder",
        "swagger" => "definition_from",
        name => name,
    };
    format!("/connectors/{index}/{name}")
}

/// Returns the pointer in the seed file for `at` in the specification for the resource.
fn place_of_resource(seed: &Seed, at: &str) -> String {
    let Some(audience) = at.strip_prefix("/audiences") else { return at.to_owned() };
    let name = &seed.file.resource.value;
    let application = seed.file.applications.iter().position(|application| application.name.value == *name);
    application.map_or_else(
        || "/resource".to_owned(),
        |index| format!("/applications/{index}/identifier_uris{audience}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_that_comes_with_the_program_is_accepted() {
        let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"));
        assert_eq!(rejected_by_services(&seed), []);
    }

    #[test]
    fn places_of_descriptions_are_places_of_the_seed_file() {
        for (described, seeded) in [
            ("/domain", "/tenant/domain"),
            ("/users/2/upn", "/users/2/role"),
            ("/groups/0/members/1", "/groups/0/members/1"),
            ("/applications/3/required/0/resource", "/applications/3/requires/0/api"),
            ("/applications/3/required/0/scopes/1", "/applications/3/requires/0/scopes/1"),
            ("/applications/3/redirect_uris/1", "/applications/3/redirect_uris/1"),
        ] {
            assert_eq!(place_of_directory(described), seeded);
        }
    }
}
