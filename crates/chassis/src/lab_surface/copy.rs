//! Copying all data of a tenant, and replacing it by a copy.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use outlive_clock::{Instant, Speed, TenantId, VirtualClock, wall_now};
use outlive_journal::{CopiedLine, copied_lines, copy_query, last_number_query, replace_lines};
use outlive_store::{Change, Row, Statement, StoreError, sql};
use outlive_wire::{COPY_BYTES_MAX, ClockChange, CopyAnswer, CopyState};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use super::surface::{Surface, tenant_of};
use super::tenants::LAB_BYTES_MAX;
use crate::copied_tables::{CopiedTable, TablesToCopy, table_versions};
use crate::{Chassis, Clocks, Problem, Service};

/// Tables whose rows of a tenant are not copied as they are: the clock and the journal are copied
/// in another form, and the others are about the process.
const NOT_COPIED: &[&str] = &[
    "clocks",
    "journal",
    "journal_blocks",
    "journal_indexed",
    "journal_merged_segments",
    "journal_segments",
    "probes",
    "starts",
];

/// How long a replacement waits for due work in progress (wall time); it would go on with the new
/// data.
const DUE_WORK_WITHIN: Duration = Duration::from_secs(10);

/// A copy of a tenant.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Copy {
    /// The versions of the tables, by set of migrations.
    versions: Vec<(String, i64)>,
    /// What the clock showed.
    now: Instant,
    speed: Speed,
    tables: Vec<CopiedTable>,
    journal: Vec<CopiedLine>,
}

/// A copy that replaces the data of a tenant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replacement {
    copy: Copy,
    /// The lab that creates the tenant; by default, the one that created it.
    lab: Option<String>,
    /// The clock afterwards; by default, that of the copy, of the present incarnation.
    #[serde(default)]
    clock: ClockChange,
    /// Whether the copy may be of another installation, and the tenant must not exist here.
    #[serde(default)]
    create: bool,
}

/// Returns the version of a tenant's data, without the data.
pub(crate) async fn state<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
) -> Result<Json<CopyState>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let chassis = &surface.chassis;
    chassis.clocks.clock(tenant).await?;
    // With what was deferred before.
    let results = chassis.store.read_together(&state_queries(tenant)).await?;
    Ok(Json(state_of(tenant, &results, table_versions(&chassis.store).await?)?))
}

pub(crate) async fn read<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&tenant)?;
    let chassis = &surface.chassis;
    let clock = chassis.clocks.clock(tenant).await?;
    let tables = tables_of::<S>(chassis).await?;
    let mut queries = tables.queries(tenant);
    let count = queries.len();
    queries.push(copy_query(tenant));
    queries.extend(state_queries(tenant));
    let results = chassis.store.read_together(&queries).await?;
    let (rows, rest) = results.split_at(count);
    let [lines, state @ ..] = rest else { return Err(Problem::unavailable()) };
    let state = state_of(tenant, state, table_versions(&chassis.store).await?)?;
    let copy = Copy {
        versions: state.versions.clone(),
        now: clock.at(wall_now()),
        speed: clock.speed(),
        tables: tables.copy(tenant, &chassis.sealer, rows)?,
        journal: copied_lines(lines)?,
    };
    let now = copy.now;
    let unexpected = |error| Problem::unavailable().caused_by(error);
    let copy = to_raw_value(&copy).map_err(unexpected)?;
    if copy.get().len() > COPY_BYTES_MAX {
        return Err(too_large(copy.get().len()));
    }
    let answer = serde_json::to_vec(&CopyAnswer { copy, state, now }).map_err(unexpected)?;
    Ok(([(CONTENT_TYPE, "application/json")], answer).into_response())
}

fn too_large(bytes: usize) -> Problem {
    let message = format!(
        "The tenant's data is too large for a copy here: {bytes} bytes of at most {COPY_BYTES_MAX}. Delete what is not \
         needed, such as flows with long histories, or reset the tenant."
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "CopyTooLarge", message)
}

/// Replaces all data of a tenant, or creates the tenant, in one transaction.
pub(crate) async fn replace<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    body: Result<Json<Replacement>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(Replacement { copy, lab, clock: change, create }) = body?;
    let (now, speed) = (change.now.unwrap_or(copy.now), change.speed.unwrap_or(copy.speed));
    super::clock::shown_by_clocks(Some(now), Some(speed))?;
    let chassis = &surface.chassis;
    if copy.versions != table_versions(&chassis.store).await? {
        let message = "The copy was made by another version of Outlive. Make it again with this version.";
        return Err(match create {
            true => Problem::new(StatusCode::PRECONDITION_FAILED, "CopyOfOtherVersion", message),
            false => Problem::bad_request(message),
        });
    }
    let tables = tables_of::<S>(chassis).await?;
    match chassis.clocks.check_until(tenant, change.incarnation).await {
        Err(error) if !error.is_unknown_tenant() => return Err(error.into()),
        _ => {}
    }
    let present =
        chassis.store.row(sql!("SELECT lab, incarnation_us FROM clocks WHERE tenant = $1", tenant)).await?;
    if create && present.is_some() {
        return Err(Problem::conflict(format!("Tenant {tenant} exists already.")));
    }
    let (lab, incarnation) = match &present {
        Some(row) => {
            (lab.unwrap_or(row.text("lab")?), change.incarnation.unwrap_or(row.instant("incarnation_us")?))
        }
        None => (lab.unwrap_or_default(), change.incarnation.unwrap_or(Instant::EPOCH)),
    };
    if lab.len() > LAB_BYTES_MAX {
        return Err(Problem::bad_request("The lab is a text of at most 100 bytes."));
    }
    // Replicas compare the revision with the one that they know.
    let has_faults = copy.tables.iter().any(|table| table.has_rows_of("faults"));
    let revision = if has_faults { wall_now().as_micros() } else { 0 };
    let mut stream = chassis.random.of(tenant).stream("copied-nonce");
    let mut rows = tables.replace(tenant, &chassis.sealer, &mut stream, copy.tables)?;
    rows.append(replace_lines(tenant, copy.journal));
    rows.append(surface.service.state_replaced(tenant));
    if create {
        rows.append(surface.service.state_imported(tenant, now));
    }
    // In its own task, like a deletion.
    let replacing = tokio::spawn(async move {
        let _due_work = match &present {
            Some(_) => tokio::time::timeout(DUE_WORK_WITHIN, surface.due_work(tenant)).await.ok(),
            None => None,
        };
        let wall = change.wall.map_or_else(wall_now, |anchor| anchor.min(wall_now()));
        let clock = VirtualClock::new(now, wall, speed);
        let mut statements = Change::from(sql!(
            "DELETE FROM clocks WHERE tenant = $1 AND incarnation_us <= $2",
            tenant,
            incarnation
        ));
        // Conflicts if newer data came meanwhile.
        statements.add(Clocks::insert(tenant, &clock, incarnation, &lab));
        statements.add(sql!("UPDATE clocks SET faults = $1 WHERE tenant = $2", revision, tenant));
        statements.append(rows);
        surface.chassis.store.commit(statements).await?;
        surface.forget_data(tenant);
        surface.chassis.clocks.remember(tenant, clock, incarnation);
        surface.chassis.clocks.fault_revisions().set(tenant, revision);
        Ok::<_, StoreError>(())
    });
    replacing.await.map_err(|panic| Problem::unavailable().caused_by(panic))?.map_err(|error| {
        if error.is_conflict() {
            let message = format!(
                "The data of tenant {tenant} cannot be replaced: it has changed meanwhile, or the copy has something \
                 twice or that another tenant has (its domain, an API key)."
            );
            return Problem::conflict(message).caused_by(error);
        }
        error.into()
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the tables to copy.
async fn tables_of<S: Service>(chassis: &Chassis) -> Result<TablesToCopy, Problem> {
    let all = chassis.store.tables().await?;
    let named: Vec<_> = S::TENANT_TABLES.iter().chain(&["faults"]).copied().collect();
    let excepted: Vec<_> = NOT_COPIED.iter().chain(S::INSTALLATION_TABLES).copied().collect();
    TablesToCopy::of(all, &named, &excepted, S::SEALED_COLUMNS).map_err(|table| {
        let cause = format!("the table {table} is neither listed as a table of tenants nor excepted");
        Problem::unavailable().caused_by(cause)
    })
}

fn state_queries(tenant: TenantId) -> [Statement; 2] {
    [
        sql!("SELECT shows_us, wall_us, speed, incarnation_us FROM clocks WHERE tenant = $1", tenant),
        last_number_query(tenant),
    ]
}

fn state_of(
    tenant: TenantId,
    results: &[Vec<Row>],
    versions: Vec<(String, i64)>,
) -> Result<CopyState, Problem> {
    let row = |index: usize| results.get(index).and_then(|rows| rows.first());
    let (Some(clock), Some(journal)) = (row(0), row(1)) else {
        // Deleted since the clock was read.
        return Err(Problem::not_found("TenantNotFound", format!("There is no tenant {tenant} here.")));
    };
    Ok(CopyState {
        versions,
        journal: journal.int("last")?,
        shows: clock.instant("shows_us")?,
        wall: clock.instant("wall_us")?,
        speed: Speed::times(u32::try_from(clock.int("speed")?).unwrap_or(0)),
        incarnation: clock.instant("incarnation_us")?,
    })
}
