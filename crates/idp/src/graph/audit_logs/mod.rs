//! `auditLogs`: entries made from journal events, newest first.

mod directory_audit;
mod lines;
mod sign_in;

use self::directory_audit::DIRECTORY_AUDIT;
use self::lines::Entry;
use self::sign_in::SIGN_IN;
use super::permissions::READ_LOGS;
use super::prelude::*;

pub(super) fn router() -> Router<Idp> {
    routes("/auditLogs/signIns", Log { kind: &SIGN_IN, user: "userId", entry: sign_in::resource }).merge(
        routes(
            "/auditLogs/directoryAudits",
            Log { kind: &DIRECTORY_AUDIT, user: "", entry: directory_audit::resource },
        ),
    )
}

#[derive(Clone, Copy)]
struct Log {
    kind: &'static EntityType,
    /// The property with the id of the user, by which the journal finds lines.
    user: &'static str,
    entry: Entry,
}

fn routes(path: &str, log: Log) -> Router<Idp> {
    Router::new()
        .read_only(path, move |caller: Caller| list(caller, log))
        .route(&format!("{path}/{{id}}"), get(move |caller: Caller, id: Path<String>| show(caller, id, log)))
}

async fn list(caller: Caller, log: Log) -> Answer {
    caller.allowed(&READ_LOGS)?;
    let options = caller.uncountable_options(log.kind)?;
    let subject = options.filter.equal(log.user).map(|id| Subject::user(id.to_lowercase()).to_string());
    let mut found = lines::newest_first(&caller, subject.as_deref(), &options, log.entry).await?;
    for object in &mut found.objects {
        lines::name_things(&caller, object).await?;
    }
    Ok(options.envelope(&caller, found, None))
}

async fn show(caller: Caller, Path(id): Path<String>, log: Log) -> Answer {
    caller.allowed(&READ_LOGS)?;
    let options = caller.entity_options(log.kind)?;
    let line = lines::with_id(&caller, &id).await?;
    let mut object = line.as_ref().and_then(log.entry).ok_or_else(|| GraphError::not_found(&id))?;
    lines::name_things(&caller, &mut object).await?;
    Ok(options.entity(StatusCode::OK, &object))
}
