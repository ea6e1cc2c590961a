//! Checks that the services accept a seed file, before any of them runs: each applies the rules
//! with which it checks the specification of a tenant.

use outlive_chassis::SpecMistake;
use outlive_clock::{Randomness, TenantId};
use outlive_lab::Diagnostic;
use outlive_lab::seed::{DrawnSecrets, Seed, TenantPlan, derived};
use outlive_rules::Ruleset;
use serde_json::json;

/// Origins that stand for those of the services: addresses of the same form.
const HUB: &str = "http://127.0.0.1:8702";
const RESOURCE: &str = "http://127.0.0.1:8703";

/// Everything in a seed that some service would reject, in the order of the file.
pub(crate) fn rejected_by_services(seed: &Seed) -> Vec<Diagnostic> {
    let own = seed.file.tenant.id;
    // Other tenants of the seed have ids and domains of their own, which are longer.
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

/// What the services reject in the description of one tenant; the places are those of the seed
/// file.
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

/// What hub and flow service reject when the connections and flows of the seed are created.
fn layout_mistakes(seed: &Seed) -> Vec<SpecMistake> {
    let mut found = Vec::new();
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
        let connector = connection.map_or("", |connection| connection.connector.value.as_str());
        let references = json!({ connector: {
            "runtimeSource": "embedded",
            "connection": {"name": flow.connection.value},
            "api": {"name": connector},
        }});
        let mistakes = outlive_flow::flow_mistakes(&flow.display_name, &flow.definition, &references);
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

/// Where the seed file has what stands at `at` in the description for the identity provider.
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
        ["users" | "groups" | "applications", ..] => {}
        _ => segments.insert(0, "tenant"),
    }
    format!("/{}", segments.join("/"))
}

/// The same for the description for the hub.
fn place_of_connector(seed: &Seed, at: &str) -> String {
    let segments: Vec<&str> = at.split('/').skip(1).collect();
    let ["connectors", index, document] = segments.as_slice() else { return at.to_owned() };
    let connector = index.parse::<usize>().ok().and_then(|index| seed.file.connectors.get(index));
    let has_own_swagger = connector.is_some_and(|connector| connector.definition_from.is_none());
    let name = match *document {
        "api_properties" => "folder",
        "swagger" if has_own_swagger => "folder",
        "swagger" => "definition_from",
        name => name,
    };
    format!("/connectors/{index}/{name}")
}

/// The same for the description for the resource.
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
