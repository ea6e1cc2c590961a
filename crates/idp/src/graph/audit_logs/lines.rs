//! Reads the journal for the audit logs.

use outlive_clock::{ClientId, UserId};
use outlive_journal::{LINES_MAX, Newest};
use outlive_wire::JournalLine;

use crate::graph::prelude::*;

/// Makes an entry from a journal line, if its event belongs to the log.
pub(super) type Entry = fn(&JournalLine) -> Option<Value>;

/// Returns a page of entries, newest first. For one page, at most [`LINES_MAX`] journal lines are
/// read: a page can contain fewer entries than requested and still have a next page.
pub(super) async fn newest_first(
    caller: &Caller,
    subject: Option<&str>,
    options: &Options,
    entry: Entry,
) -> Result<Page> {
    let before = if options.after.is_empty() {
        i64::MAX
    } else {
        options
            .after
            .parse()
            .ok()
            .ok_or_else(|| GraphError::bad_request("The $skiptoken is not valid for this request."))?
    };
    let journal = &caller.idp.chassis.journal;
    let lines = journal
        .newest_first(caller.tenant.id, Newest { subject, before, ..Newest::of_all(LINES_MAX) })
        .await?;
    let mut objects = Vec::new();
    let mut looked_at = None;
    for line in &lines {
        if objects.len() == options.top as usize {
            break;
        }
        looked_at = Some(line.seq);
        objects.extend(entry(line).filter(|object| options.filter.passes(object)));
    }
    let all = lines.last().map(|line| line.seq) == looked_at && lines.len() < LINES_MAX as usize;
    let more_after = looked_at.filter(|_| !all).map(|seq| seq.to_string());
    Ok(Page { objects, more_after })
}

/// The id of an entry: the journal line's number, combined with the tenant's id.
pub(super) fn id_of(line: &JournalLine) -> Uuid {
    Uuid::from_u128(line.tenant.uuid().as_u128() ^ u128::from(line.seq.unsigned_abs()))
}

/// Returns the journal line of the entry with this id.
pub(super) async fn with_id(caller: &Caller, id: &str) -> Result<Option<JournalLine>> {
    let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
    let Ok(seq) = i64::try_from(id.as_u128() ^ caller.tenant.id.uuid().as_u128()) else { return Ok(None) };
    let Some(before) = seq.checked_add(1) else { return Ok(None) };
    let lines = caller
        .idp
        .chassis
        .journal
        .newest_first(caller.tenant.id, Newest { before, ..Newest::of_all(1) })
        .await?;
    Ok(lines.into_iter().find(|line| line.seq == seq))
}

/// Adds the current names of users and applications to their ids.
pub(super) async fn name_things(caller: &Caller, object: &mut Value) -> Result<()> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    if let Some(name) = object["resourceDisplayName"].as_str() {
        let api = match name.parse::<ClientId>() {
            Ok(client) => directory.application(tenant, client).await?,
            Err(_) => directory.resource(tenant, name).await?,
        };
        if let Some(api) = api {
            object["resourceId"] = json!(api.client_id);
            object["resourceDisplayName"] = json!(api.name);
        }
    }
    if let Some(id) = object["userId"].as_str().and_then(|id| id.parse::<UserId>().ok())
        && let Some(user) = directory.user(tenant, id).await?
    {
        object["userDisplayName"] = json!(user.display_name);
        object["userPrincipalName"] = json!(user.upn);
    }
    let id = object.pointer("/initiatedBy/user/id").and_then(Value::as_str);
    if let Some(id) = id.and_then(|id| id.parse::<UserId>().ok())
        && let Some(user) = directory.user(tenant, id).await?
    {
        object["initiatedBy"]["user"]["displayName"] = json!(user.display_name);
        object["initiatedBy"]["user"]["userPrincipalName"] = json!(user.upn);
    }
    let app_id = object.pointer("/initiatedBy/app/appId").and_then(Value::as_str);
    if let Some(client) = app_id.and_then(|id| id.parse::<ClientId>().ok())
        && let Some(application) = directory.application(tenant, client).await?
    {
        object["initiatedBy"]["app"]["displayName"] = json!(application.name);
    }
    Ok(())
}
