//! Completes the description of each operation: id, summary, examples, and the responses that any
//! operation of its form can have.

use std::collections::BTreeMap;

use outlive_chassis::BODY_BYTES_MAX;
use outlive_wire::correct_optional_members;
use serde_json::{Map, Value, json};
use utoipa::Modify;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{OpenApi, PathItem, Ref, RefOr, Response};

use super::operations::OPERATIONS;

/// Requests and responses by method and path, as a system with the seed tenant had them.
const EXAMPLES: &str = include_str!("examples.json");

const JSON: &str = "application/json";
const PROBLEM: &str = "Problem";

/// Completes the description.
pub(super) struct Complete;

impl Modify for Complete {
    fn modify(&self, api: &mut OpenApi) {
        let schemas = &mut api.components.get_or_insert_default().schemas;
        schemas.insert(PROBLEM.to_owned(), problem_schema());
        schemas.values_mut().for_each(correct_optional_members);
        open_parts(schemas);
        // Embedded text, which a test reads.
        let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
        for (path, item) in &mut api.paths.paths {
            for (method, operation) in operations(item) {
                let name = format!("{method} {path}");
                if let Some((_, id, summary)) = OPERATIONS.iter().find(|(known, ..)| *known == name) {
                    operation.operation_id = Some((*id).to_owned());
                    operation.summary = Some((*summary).to_owned());
                }
                add_problems(operation, method, path);
                if let Some(example) = examples.get(&name) {
                    add_examples(operation, example);
                }
            }
        }
    }
}

/// Lets a structure have members beside those of a part that rejects others in requests: `Fault`
/// has those of `FaultSpec`.
fn open_parts(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let closed = schemas.clone();
    let of = |part: &RefOr<Schema>| {
        let RefOr::Ref(reference) = part else { return None };
        let name = reference.ref_location.rsplit('/').next()?;
        match closed.get(name)? {
            RefOr::T(Schema::Object(object)) if object.additional_properties.is_some() => {
                Some(object.clone())
            }
            _ => None,
        }
    };
    for schema in schemas.values_mut() {
        let RefOr::T(Schema::AllOf(all)) = schema else { continue };
        for part in &mut all.items {
            if let Some(mut object) = of(part) {
                object.additional_properties = None;
                *part = RefOr::T(object.into());
            }
        }
    }
}

/// The operations of a path, with the names of their methods.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let methods = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ];
    methods.into_iter().filter_map(|(name, operation)| Some((name, operation.as_mut()?)))
}

/// Adds the problems that are no matter of the single operation, and to all the form of a problem.
fn add_problems(operation: &mut Operation, method: &str, path: &str) {
    let has_body = operation.request_body.is_some();
    let is_of_tenant = path.contains("{tenant}");
    let calls_services = is_of_tenant || method != "GET";
    let too_large = format!("the body has more than {BODY_BYTES_MAX} bytes");
    let general = [
        (true, "400", "the request is not valid: its path, its query or its body"),
        (true, "403", "a page of another site sent the request"),
        (path.contains('{'), "404", "there is nothing of this name"),
        (true, "405", "the path has another method"),
        (calls_services && method != "GET", "409", "something else changes this at the same time"),
        (has_body, "413", &too_large),
        (has_body, "415", "the body is not sent as application/json"),
        (has_body, "422", "the body has another form; the message names the member"),
        (calls_services, "502", "a service does not answer; the message names it"),
        (true, "503", "the database does not answer, or the lab is stopping or busy"),
    ];
    let responses = &mut operation.responses.responses;
    for (_, status, description) in general.into_iter().filter(|(applies, ..)| *applies) {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
        let RefOr::T(Response { content, description, .. }) = response else { continue };
        let (first, rest) = description.split_at_checked(1).unwrap_or(("", description));
        let message = format!("{}{rest}.", first.to_uppercase());
        let example = json!({"error": {"code": code_of(status), "message": message}});
        let problem =
            ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).example(Some(example));
        content.entry(JSON.to_owned()).or_insert_with(|| RefOr::T(problem.build()));
    }
}

/// A code that problems of this status have.
fn code_of(status: &str) -> &'static str {
    match status {
        "403" => "Forbidden",
        "404" => "TenantNotFound",
        "405" => "MethodNotAllowed",
        "409" => "OperationInProgress",
        "413" => "PayloadTooLarge",
        "502" => "ServiceFailed",
        "503" => "ServiceUnavailable",
        "504" => "TwinsTimeout",
        _ => "BadRequest",
    }
}

fn add_examples(operation: &mut Operation, example: &Value) {
    if let Some(request) = example.get("request")
        && let Some(RefOr::T(body)) = &mut operation.request_body
        && let Some(RefOr::T(content)) = body.content.get_mut(JSON)
    {
        content.example = Some(request.clone());
    }
    let Some(answer) = example.get("response") else { return };
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
            && let Some(RefOr::T(content)) = response.content.get_mut(JSON)
        {
            content.example = Some(answer.clone());
        }
    }
}

/// An error response.
fn problem_schema() -> RefOr<Schema> {
    let text =
        |description: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    let error = ObjectBuilder::new()
        .property("code", text("What kind of problem it is, for programs."))
        .required("code")
        .property("message", text("What failed, why, and what to do."))
        .required("message");
    let problem = ObjectBuilder::new()
        .description(Some("Why a request was rejected."))
        .property("error", error)
        .required("error");
    RefOr::T(problem.build().into())
}
