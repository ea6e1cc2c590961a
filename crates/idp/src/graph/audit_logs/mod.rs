//! `auditLogs`: entries made from journal events, newest first.

mod directory_audit;
mod lines;
mod sign_in;

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use outlive_wire::{JournalLine, Subject};
use serde_json::Value;

use self::directory_audit::DIRECTORY_AUDIT;
use self::sign_in::SIGN_IN;
use super::caller::Caller;
use super::error::GraphError;
use super::odata::{EntityType, entity, page};
use super::permissions::READ_LOGS;

/// `GET /auditLogs/signIns`.
pub(crate) async fn sign_ins(caller: Caller) -> Response {
    let result = list_entries(&caller, &SIGN_IN, "userId", sign_in::resource).await;
    caller.answer(result)
}

/// `GET /auditLogs/signIns/{id}`.
pub(crate) async fn one_sign_in(caller: Caller, Path(id): Path<String>) -> Response {
    let result = get_entry(&caller, &SIGN_IN, &id, sign_in::resource).await;
    caller.answer(result)
}

/// `GET /auditLogs/directoryAudits`.
pub(crate) async fn directory_audits(caller: Caller) -> Response {
    let result = list_entries(&caller, &DIRECTORY_AUDIT, "", directory_audit::resource).await;
    caller.answer(result)
}

/// `GET /auditLogs/directoryAudits/{id}`.
pub(crate) async fn one_directory_audit(caller: Caller, Path(id): Path<String>) -> Response {
    let result = get_entry(&caller, &DIRECTORY_AUDIT, &id, directory_audit::resource).await;
    caller.answer(result)
}

/// Makes an entry from a journal line, if its event belongs to the log.
type Entry = fn(&JournalLine) -> Option<Value>;

async fn list_entries(
    caller: &Caller,
    kind: &EntityType,
    user: &str,
    entry: Entry,
) -> Result<Response, GraphError> {
    caller.allowed(&READ_LOGS)?;
    let options = caller.uncountable_options(kind)?;
    let subject = options.filter.equal(user).map(|id| Subject::user(id.to_lowercase()).to_string());
    let mut found = lines::newest_first(caller, subject.as_deref(), &options, entry).await?;
    for object in &mut found.objects {
        lines::name_things(caller, object).await?;
    }
    Ok(page(caller, kind, &options, found))
}

async fn get_entry(
    caller: &Caller,
    kind: &EntityType,
    id: &str,
    entry: Entry,
) -> Result<Response, GraphError> {
    caller.allowed(&READ_LOGS)?;
    let options = caller.entity_options(kind)?;
    let line = lines::with_id(caller, id).await?;
    let mut object = line.as_ref().and_then(entry).ok_or_else(|| GraphError::no_such(id))?;
    lines::name_things(caller, &mut object).await?;
    Ok(entity(kind, StatusCode::OK, &object, &options))
}
