//! `/lab/openapi.json`.

mod complete;
mod operations;

use axum::Json;
use outlive_wire::JournalEvent;
use outlive_wire::overlay::{ListedApplication, ListedUser, OverlayApplication, OverlayUser};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{Modify, OpenApi};

use self::complete::Complete;
use super::{
    classes, clock, connections, diagnose, directory, events, exports, faults, flows, forge, journal, matrix,
    outbox, phone, redeem, runs, sign_in, snapshots, story, tenants, timeline, twins, why,
};

/// The lab API's own description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Outlive lab API",
        description = "Tenants, their time, their journal, and what happens to them."
    ),
    modifiers(&Events, &Complete),
    // Referenced by schemas that are written by hand.
    components(schemas(ListedApplication, ListedUser, OverlayApplication, OverlayUser)),
    paths(
        classes::list,
        classes::open,
        classes::show,
        classes::change,
        classes::end,
        classes::join,
        classes::report,
        tenants::list,
        tenants::create,
        tenants::show,
        tenants::delete,
        tenants::reset,
        clock::show,
        clock::change,
        diagnose::explain,
        diagnose::scenario,
        connections::list,
        connections::fix,
        connections::confirm,
        connections::share,
        directory::users,
        directory::user,
        directory::credentials,
        directory::groups,
        directory::group,
        directory::applications,
        directory::application,
        directory::grants,
        directory::policies,
        directory::tenant,
        directory::keys,
        forge::forge,
        flows::show,
        flows::show_run,
        flows::start,
        flows::stop,
        flows::run,
        flows::share,
        journal::read,
        journal::follow,
        events::raise,
        exports::export,
        faults::list,
        faults::add,
        faults::remove_all,
        faults::show,
        faults::remove,
        matrix::list,
        matrix::of_rules,
        matrix::of_tenant,
        matrix::of_connections,
        outbox::show,
        phone::show,
        phone::add,
        phone::remove,
        phone::answer,
        phone::remove_passkeys,
        phone::remove_passkey,
        redeem::redeem,
        runs::show,
        runs::steps,
        sign_in::sign_in,
        snapshots::list,
        snapshots::take,
        snapshots::delete,
        snapshots::restore,
        story::show,
        timeline::show,
        twins::list,
        twins::execute,
        twins::of_run,
        why::ask,
        why::show
    )
)]
struct Description;

/// Describes the lines of journals: one schema for each kind of event.
struct Events;

impl Modify for Events {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let schemas = &mut api.components.get_or_insert_default().schemas;
        let mut line = OneOfBuilder::new().description(Some("A journal line, by its kind."));
        for event in JournalEvent::descriptions() {
            line = line.item(
                ObjectBuilder::new()
                    .title(Some(event.kind))
                    .description(Some(event.when))
                    .property(
                        "kind",
                        ObjectBuilder::new().schema_type(Type::String).enum_values(Some([event.kind])),
                    )
                    .required("kind")
                    .property("data", Ref::from_schema_name(event.name))
                    .required("data")
                    .property(
                        "words",
                        ObjectBuilder::new()
                            .schema_type(Type::String)
                            .description(Some("What happened, in one sentence."))
                            .examples([event.summary]),
                    )
                    .required("words"),
            );
            schemas.insert(event.name.to_owned(), event.schema);
            schemas.extend(event.references);
        }
        schemas.insert("JournalLine".to_owned(), RefOr::T(line.build().into()));
    }
}

pub(crate) async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_event_is_described_with_its_kind_and_payload() {
        let described = serde_json::to_value(Description::openapi()).expect("JSON");
        let schemas = &described["components"]["schemas"];
        assert_eq!(
            schemas["JournalAnswer"]["properties"]["lines"]["items"]["$ref"],
            "#/components/schemas/JournalLine"
        );
        let lines = schemas["JournalLine"]["oneOf"].as_array().expect("a list");
        assert_eq!(lines.len(), JournalEvent::KINDS.len());
        for (line, event) in lines.iter().zip(JournalEvent::descriptions()) {
            assert_eq!(line["properties"]["kind"]["enum"], serde_json::json!([event.kind]));
            let payload = line["properties"]["data"]["$ref"].as_str().expect("a reference");
            let payload = described.pointer(payload.trim_start_matches('#')).expect(event.name);
            assert_eq!(payload, &serde_json::to_value(&event.schema).expect("JSON"));
            assert_eq!(line["properties"]["words"]["examples"], serde_json::json!([event.summary]));
            assert_eq!(line["required"], serde_json::json!(["kind", "data", "words"]));
        }
        let text = described.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(described.pointer(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn an_item_of_a_list_in_an_overlay_needs_its_name() {
        let described = serde_json::to_value(Description::openapi()).expect("JSON");
        let overlay = &described["components"]["schemas"]["Overlay"]["properties"];
        for (member, name) in [("users", "role"), ("applications", "name")] {
            let [by_name, list] = &overlay[member]["oneOf"].as_array().expect("two forms")[..] else {
                panic!("{}", overlay[member]);
            };
            let of = |reference: &Value| {
                let reference = reference["$ref"].as_str().expect("a reference");
                described.pointer(reference.trim_start_matches('#')).expect(reference).clone()
            };
            let (mut unnamed, named) = (of(&by_name["additionalProperties"]), of(&list["items"]));
            let required = unnamed["required"].as_array().cloned().unwrap_or_default();
            assert!(!required.contains(&name.into()), "{unnamed}");
            unnamed["required"] = [required, vec![name.into()]].concat().into();
            assert_eq!(named, unnamed, "they differ in more than the name");
            assert_eq!(named["additionalProperties"], false);
        }
    }

    /// Everything that the description of an operation lacks.
    fn faults_of(name: &str, operation: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{name}: {what}"));
            }
        };
        let is_text = |text: &Value| text.as_str().is_some_and(|text| !text.is_empty());
        expect(is_text(&operation["summary"]), "no summary");
        expect(is_text(&operation["operationId"]), "no id");
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let in_path: Vec<_> = parameters.iter().filter(|parameter| parameter["in"] == "path").collect();
        for parameter in &in_path {
            let written = format!("{{{}}}", parameter["name"].as_str().unwrap_or_default());
            expect(name.contains(&written), &format!("{written} is not in the path"));
        }
        expect(in_path.len() == name.matches('{').count(), "a part of the path is not described");
        expect(
            parameters.iter().all(|parameter| is_text(&parameter["description"])),
            "a parameter has no description",
        );
        let responses = operation["responses"].as_object().expect("responses");
        let body = &operation["requestBody"]["content"]["application/json"];
        let mut statuses = vec!["400", "403", "405", "503"];
        statuses.extend(name.contains('{').then_some("404"));
        statuses.extend(name.contains("{tenant}").then_some("502"));
        if !body.is_null() {
            expect(!body["example"].is_null(), "no example of the request");
            statuses.extend(["413", "415", "422"]);
        }
        for status in statuses {
            expect(responses.contains_key(status), &format!("{status} is not described"));
        }
        expect(responses.keys().any(|status| status.starts_with('2')), "no success");
        for (status, response) in responses {
            let content = &response["content"]["application/json"];
            expect(is_text(&response["description"]) || status.starts_with('2'), "no description");
            if status.starts_with('2') {
                expect(content.is_null() || !content["example"].is_null(), "no example of the response");
            } else {
                let problem = "#/components/schemas/Problem";
                expect(content["schema"]["$ref"] == problem, &format!("{status} is no problem document"));
                expect(!content["example"].is_null(), &format!("{status} has no example"));
            }
        }
        faults
    }

    #[test]
    fn every_operation_has_a_summary_examples_and_all_its_responses() {
        let described = serde_json::to_value(Description::openapi()).expect("JSON");
        let mut ids = std::collections::BTreeSet::new();
        let mut faults = Vec::new();
        let mut count = 0;
        for (path, item) in described["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                faults.extend(faults_of(&format!("{} {path}", method.to_uppercase()), operation));
                assert!(
                    ids.insert(operation["operationId"].to_string()),
                    "{} is twice",
                    operation["operationId"]
                );
                count += 1;
            }
        }
        assert!(faults.is_empty(), "{faults:#?}");
        assert_eq!(operations::OPERATIONS.len(), count, "a summary is of no operation");
    }

    #[test]
    fn an_operation_without_documentation_is_found() {
        let whole = serde_json::to_value(Description::openapi()).expect("JSON");
        let whole = &whole["paths"]["/lab/tenants/{tenant}/forge"]["post"];
        let name = "POST /lab/tenants/{tenant}/forge";
        assert_eq!(faults_of(name, whole), [""; 0]);
        for (pointer, fault) in [
            ("/summary", "no summary"),
            ("/requestBody/content/application~1json/example", "no example of the request"),
            ("/responses/200/content/application~1json/example", "no example of the response"),
            ("/responses/422/content", "422 is no problem document"),
            ("/parameters/0/description", "a parameter has no description"),
            ("/parameters", "a part of the path is not described"),
        ] {
            let mut broken = whole.clone();
            *broken.pointer_mut(pointer).expect(pointer) = Value::Null;
            let found = faults_of(name, &broken);
            assert!(found.iter().any(|found| found.contains(fault)), "{pointer}: {found:?}");
        }
        let mut broken = whole.clone();
        broken["responses"].as_object_mut().expect("responses").remove("502");
        assert_eq!(faults_of(name, &broken), ["POST /lab/tenants/{tenant}/forge: 502 is not described"]);
        let mut broken = whole.clone();
        broken["parameters"][0]["name"] = "limit".into();
        assert_eq!(
            faults_of(name, &broken),
            ["POST /lab/tenants/{tenant}/forge: {limit} is not in the path"]
        );
    }

    #[test]
    fn every_route_is_described() {
        let described = Description::openapi();
        let paths: Vec<_> = described.paths.paths.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "/lab/classes",
                "/lab/classes/{code}",
                "/lab/classes/{code}/join",
                "/lab/classes/{code}/seats/{seat}",
                "/lab/diagnose",
                "/lab/diagnose/scenarios/{name}",
                "/lab/matrix",
                "/lab/matrix/connections",
                "/lab/matrix/credentials",
                "/lab/tenants",
                "/lab/tenants/{tenant}",
                "/lab/tenants/{tenant}/clock",
                "/lab/tenants/{tenant}/connections",
                "/lab/tenants/{tenant}/connections/{name}/confirm",
                "/lab/tenants/{tenant}/connections/{name}/fix",
                "/lab/tenants/{tenant}/connections/{name}/share",
                "/lab/tenants/{tenant}/directory/applications",
                "/lab/tenants/{tenant}/directory/applications/{client}",
                "/lab/tenants/{tenant}/directory/grants",
                "/lab/tenants/{tenant}/directory/groups",
                "/lab/tenants/{tenant}/directory/groups/{group}",
                "/lab/tenants/{tenant}/directory/keys",
                "/lab/tenants/{tenant}/directory/policies",
                "/lab/tenants/{tenant}/directory/tenant",
                "/lab/tenants/{tenant}/directory/users",
                "/lab/tenants/{tenant}/directory/users/{user}",
                "/lab/tenants/{tenant}/directory/users/{user}/credentials",
                "/lab/tenants/{tenant}/events",
                "/lab/tenants/{tenant}/export",
                "/lab/tenants/{tenant}/faults",
                "/lab/tenants/{tenant}/faults/{id}",
                "/lab/tenants/{tenant}/flows/{flow}",
                "/lab/tenants/{tenant}/flows/{flow}/run",
                "/lab/tenants/{tenant}/flows/{flow}/runs/{run}",
                "/lab/tenants/{tenant}/flows/{flow}/share",
                "/lab/tenants/{tenant}/flows/{flow}/start",
                "/lab/tenants/{tenant}/flows/{flow}/stop",
                "/lab/tenants/{tenant}/forge",
                "/lab/tenants/{tenant}/journal",
                "/lab/tenants/{tenant}/journal/stream",
                "/lab/tenants/{tenant}/matrix/credentials",
                "/lab/tenants/{tenant}/outbox",
                "/lab/tenants/{tenant}/phone/{user}",
                "/lab/tenants/{tenant}/phone/{user}/authenticator",
                "/lab/tenants/{tenant}/phone/{user}/passkey-requests/{request}",
                "/lab/tenants/{tenant}/phone/{user}/passkeys",
                "/lab/tenants/{tenant}/phone/{user}/passkeys/{passkey}",
                "/lab/tenants/{tenant}/redeem",
                "/lab/tenants/{tenant}/reset",
                "/lab/tenants/{tenant}/runs",
                "/lab/tenants/{tenant}/runs/{run}/replays",
                "/lab/tenants/{tenant}/runs/{run}/steps",
                "/lab/tenants/{tenant}/sign_in",
                "/lab/tenants/{tenant}/snapshots",
                "/lab/tenants/{tenant}/snapshots/{id}",
                "/lab/tenants/{tenant}/snapshots/{id}/restore",
                "/lab/tenants/{tenant}/story",
                "/lab/tenants/{tenant}/timeline",
                "/lab/tenants/{tenant}/why",
                "/lab/tenants/{tenant}/why/{id}",
                "/lab/twins",
            ]
        );
    }
}
