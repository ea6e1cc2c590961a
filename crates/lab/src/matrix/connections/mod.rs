//! Executes what each event does to each kind of connection: a real flow in a temporary tenant,
//! the event, the next runs, the repair, and the run after it. The outcomes are compared with the
//! table in `expected.rs`.
//!
//! A row is a tenant with a flow of each column, because events of different rows would concern
//! each other, and columns do not.

mod authenticator_app;
mod caller;
mod cause;
mod cell_source;
mod columns;
mod expected;
mod html;
mod observe;
mod repair;
mod report;
mod rows;
mod setup;
mod source;
mod step;
mod subject;
mod text;
mod workshop;

use futures::stream::{StreamExt, TryStreamExt, iter};
use outlive_clock::{Instant, Span, Speed, wall_now};
use outlive_rules::{Edition, Ruleset};
use outlive_wire::counted;

pub use self::report::{ConnectionCell, ConnectionMatrix, ConnectionRepair, ConnectionRow, MatrixColumn};

use self::cause::Caused;
use self::cell_source::source;
use self::columns::{COLUMNS, Column, Kind};
use self::expected::{EXPECTED, ExpectedRow, Outcome, steps};
use self::observe::{Journals, Recorded, Run, observe};
use self::rows::Row;
use self::setup::EVERY_MINUTES;
use self::source::Source;
use self::subject::Subject;
use self::workshop::Workshop;
use super::temporary_tenant::TemporaryTenant;
use super::{BEGIN, MatrixError};
use crate::matrix::progress::CellCounter;
use crate::span_in_words::in_words;
use crate::tenants::{NewTenant, Tenants};

/// The edition of the revocation table for which the expected outcomes are written.
const EDITION: Edition = Edition::E2025_11;
/// Number of rows executed at once.
const ROWS_AT_ONCE: usize = 4;
/// When time starts where a certificate expires: the identity provider also accepts certificates
/// that are valid by the wall clock, so this is far from it.
const BEGIN_OF_CERTIFICATE: Instant = Instant::from_seconds(2_082_758_400);
/// How long the certificate of a connector is valid.
const CERTIFICATE: Span = Span::from_days(730);
/// From the first run to the event: shorter than an access token lives.
const BEFORE: Span = Span::from_minutes(10);
/// From the first run to an outage, so that every access token ends during it.
const BEFORE_OUTAGE: Span = Span::from_minutes(45);
/// From the event to the last run that is observed: every access token has ended by then.
const WATCH: Span = Span::from_hours(2);
/// The same where a sign-in becomes too old only after the event: the first refresh may be before.
const WATCH_FREQUENCY: Span = Span::from_hours(3);
/// From a repair to the run after it.
const AFTER_REPAIR: Span = Span::from_minutes(EVERY_MINUTES + 5);

/// The rows and columns to execute; all by default.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub rows: Vec<String>,
    pub columns: Vec<String>,
}

/// Returns the names that a selection can have: of events, and of connections.
#[must_use]
pub fn names() -> [Vec<&'static str>; 2] {
    let rows = EXPECTED.iter().map(|row| row.row.name()).collect();
    [rows, COLUMNS.iter().map(|column| column.name).collect()]
}

impl Selection {
    /// Checks that there is such a row or column for every name.
    ///
    /// # Errors
    /// The first unknown name, with those that exist.
    pub fn check(&self) -> Result<(), String> {
        let [rows, columns] = names();
        for (what, given, known) in [("event", &self.rows, rows), ("connection", &self.columns, columns)] {
            if let Some(name) = given.iter().find(|name| !known.contains(&name.as_str())) {
                let name: String = name.chars().take(80).collect();
                return Err(format!("There is no {what} '{name}'; use some of: {}.", known.join(", ")));
            }
        }
        Ok(())
    }

    /// Returns the number of selected cells.
    pub(crate) fn cells(&self) -> usize {
        self.rows().count() * self.columns().len()
    }

    fn rows(&self) -> impl Iterator<Item = &'static ExpectedRow> {
        EXPECTED.iter().filter(|row| Self::has(&self.rows, row.row.name()))
    }

    /// The positions of the selected columns.
    fn columns(&self) -> Vec<usize> {
        (0..COLUMNS.len()).filter(|at| Self::has(&self.columns, COLUMNS[*at].name)).collect()
    }

    fn has(names: &[String], name: &str) -> bool {
        names.is_empty() || names.iter().any(|given| given == name)
    }
}

/// Checks that the expected outcomes are those of these rules, but for changed cells.
///
/// # Errors
/// Another edition.
pub fn check_rules(rules: &Ruleset) -> Result<(), String> {
    if rules.edition() == EDITION {
        return Ok(());
    }
    Err(format!(
        "The expected outcomes of connections are those of edition {EDITION}, not of {}. Changed cells are possible: \
         {EDITION}+row.column=revoked.",
        rules.edition()
    ))
}

/// Executes the selected cells in tenants with `rules`, which [`check_rules`] accepts.
///
/// Dropping the future cancels the execution; the tenants are deleted nevertheless.
///
/// # Errors
/// A row could not be completed: a service did not respond, or rejected a valid request.
pub(crate) async fn execute(
    tenants: &Tenants,
    rules: &Ruleset,
    selection: &Selection,
    counter: &CellCounter,
) -> Result<ConnectionMatrix, MatrixError> {
    let started = wall_now();
    let columns = selection.columns();
    let mut rows = Vec::new();
    for row in selection.rows() {
        let columns = &columns;
        // The futures are large: they contain sign-ins.
        rows.push(Box::pin(async move {
            let executed = execute_row(tenants, rules, row, columns).await?;
            counter.add(executed.cells.len());
            Ok::<_, MatrixError>(executed)
        }));
    }
    let rows = iter(rows).buffered(ROWS_AT_ONCE).try_collect().await?;
    Ok(ConnectionMatrix {
        edition: EDITION.to_string(),
        rules: rules.to_string(),
        seconds: u64::try_from((wall_now() - started).as_seconds()).unwrap_or(0),
        columns: columns.iter().map(|at| described(&COLUMNS[*at])).collect(),
        rows,
    })
}

fn described(column: &Column) -> MatrixColumn {
    MatrixColumn {
        connection: column.name.to_owned(),
        title: column.title.to_owned(),
        short: column.short.to_owned(),
        label: column.label.to_owned(),
        group: column.group.title().to_owned(),
    }
}

async fn execute_row(
    tenants: &Tenants,
    rules: &Ruleset,
    row: &'static ExpectedRow,
    columns: &[usize],
) -> Result<ConnectionRow, MatrixError> {
    let begin = if row.row == Row::CertificateExpires { BEGIN_OF_CERTIFICATE } else { BEGIN };
    let new = NewTenant {
        rules: Some(rules.to_string()),
        now: Some(begin),
        speed: Some(Speed::FROZEN),
        bare: true,
        ..NewTenant::default()
    };
    let (tenant, credentials) = TemporaryTenant::create(tenants, new).await?;
    let executed = match Box::pin(Workshop::open(tenants, credentials, row.row, begin)).await {
        Ok(workshop) => Box::pin(execute_cells(workshop, row, columns)).await,
        Err(error) => Err(error),
    };
    let deleted = tenant.delete().await;
    let executed = executed?;
    deleted?;
    Ok(executed)
}

async fn execute_cells(
    mut workshop: Workshop<'_>,
    row: &'static ExpectedRow,
    columns: &[usize],
) -> Result<ConnectionRow, MatrixError> {
    let mut subjects = create(&mut workshop, columns).await?;
    let began = workshop.now;
    let outage = matches!(row.row, Row::IssuerDown | Row::TokenEndpointThrottled);
    let before = if outage { BEFORE_OUTAGE } else { BEFORE };
    let called = subjects.iter().position(|subject| subject.column.kind == Kind::OnBehalfOf);
    Box::pin(workshop.watch(called.map(|at| &subjects[at]), began, began + before)).await?;
    if called.is_some() {
        workshop.open_page().await?;
    }
    let caused = Box::pin(workshop.cause(&mut subjects)).await?;
    let watch = if row.row == Row::SignInFrequency { WATCH_FREQUENCY } else { WATCH };
    let until = workshop.now + watch;
    let closed = Box::pin(workshop.watch(called.map(|at| &subjects[at]), began, until)).await?;
    let mut journals = Journals::default();
    let recorded = journals.read(&workshop).await?;
    let mut cells: Vec<_> = columns
        .iter()
        .zip(&subjects)
        .map(|(at, subject)| cell(row, *at, subject, &recorded, &caused))
        .collect();
    if let (Some(at), Some(closed)) = (called, closed) {
        let since = in_words(closed - caused.at);
        cells[at].story.push(format!("{since} after it: the caller would have to sign in for another run."));
    }
    let mut repairs = Vec::new();
    for ((at, cell), subject) in columns.iter().zip(&mut cells).zip(&mut subjects) {
        let is_broken = cell.observed == Outcome::BreaksAtOnce.name()
            || cell.observed == Outcome::BreaksAtNextRefresh.name();
        let steps = steps(row, COLUMNS[*at].kind);
        if !is_broken || steps.is_empty() {
            continue;
        }
        let executed = steps.iter().all(|step| step.is_possible());
        let texts = steps.iter().map(|step| step.text(COLUMNS[*at].kind).to_owned()).collect();
        cell.repair = Some(ConnectionRepair { steps: texts, executed, works: false });
        if executed {
            Box::pin(workshop.repair(subject, &steps)).await?;
            repairs.push((*at, workshop.now));
            if subject.column.kind == Kind::OnBehalfOf {
                Box::pin(workshop.run_as_caller(subject)).await?;
            }
        }
    }
    if !repairs.is_empty() {
        workshop.advance(AFTER_REPAIR).await?;
        let after = journals.read(&workshop).await?;
        for (cell, subject) in cells.iter_mut().zip(&subjects) {
            let repaired = repairs.iter().find(|(at, _)| COLUMNS[*at].name == subject.column.name);
            if let Some((_, since)) = repaired {
                judge_repair(cell, &after.runs, &subject.flow, *since);
            }
        }
    }
    Ok(ConnectionRow {
        event: row.row.name().to_owned(),
        title: row.row.title().to_owned(),
        band: row.row.band().to_owned(),
        way: caused.way,
        cells,
    })
}

/// Creates the applications, connectors, connections and flows.
async fn create(workshop: &mut Workshop<'_>, columns: &[usize]) -> Result<Vec<Subject>, MatrixError> {
    let mut subjects = Vec::new();
    if workshop.row == Row::MfaRequired {
        Box::pin(workshop.register_authenticator()).await?;
    }
    if workshop.row == Row::CertificateExpires {
        // The certificate is almost as old as it becomes when the other columns begin.
        let certificate = workshop.now;
        for at in columns.iter().filter(|at| COLUMNS[**at].takes_certificate()) {
            subjects.push(Box::pin(setup::register(workshop, &COLUMNS[*at])).await?);
        }
        workshop.advance_to(certificate + CERTIFICATE - BEFORE).await?;
    }
    for (position, at) in columns.iter().enumerate() {
        let column = &COLUMNS[*at];
        if !subjects.iter().any(|subject| subject.column.name == column.name) {
            let subject = Box::pin(setup::register(workshop, column)).await?;
            subjects.insert(position.min(subjects.len()), subject);
        }
    }
    subjects.sort_by_key(|subject| COLUMNS.iter().position(|column| column.name == subject.column.name));
    for subject in &mut subjects {
        Box::pin(setup::connect(workshop, subject)).await?;
    }
    Ok(subjects)
}

/// Compares what became of a flow with what was expected.
fn cell(
    row: &ExpectedRow,
    at: usize,
    subject: &Subject,
    recorded: &Recorded,
    caused: &Caused,
) -> ConnectionCell {
    let runs: Vec<_> = recorded.runs.iter().filter(|run| run.flow == subject.flow).collect();
    let seen = observe(&runs, &recorded.without_token, caused.at);
    let expected = row.cells[at];
    let (source, own_choice) = match source(row, at, subject.column) {
        Source::Public(text) | Source::Independent(text) => (text, false),
        Source::Choice(reason) => (reason, true),
    };
    ConnectionCell {
        connection: subject.column.name.to_owned(),
        expected: expected.outcome.name().to_owned(),
        expected_code: expected.code(),
        observed: seen.outcome.map_or("no_run", Outcome::name).to_owned(),
        agrees: seen.outcome == Some(expected.outcome) && seen.code == expected.code(),
        story: story(&runs, caused),
        code: seen.code,
        text: seen.text,
        noticed: seen.noticed,
        repair: None,
        source: source.to_owned(),
        own_choice,
    }
}

/// Tells the runs since shortly before the event.
fn story(runs: &[&Run], caused: &Caused) -> Vec<String> {
    let mut story = Vec::new();
    let (before, after): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| run.at < caused.at);
    let good = before.iter().filter(|run| run.succeeded).count();
    story.push(format!("Before the event, {good} of {} succeeded.", counted(before.len(), "run")));
    story.push(format!("{}: the event, by {}.", caused.at, caused.way));
    for run in &after {
        let how = if run.succeeded { "succeeded" } else { "failed" };
        story.push(format!("{} after it: the run {how}.", in_words(run.at - caused.at)));
    }
    story
}

/// Adds the outcome of a repair: the runs of the flow since then.
fn judge_repair(cell: &mut ConnectionCell, runs: &[Run], flow: &str, since: Instant) {
    let runs: Vec<_> = runs.iter().filter(|run| run.flow == flow && run.at >= since).collect();
    let works = !runs.is_empty() && runs.iter().all(|run| run.succeeded);
    let Some(repair) = &mut cell.repair else { return };
    repair.works = works;
    cell.story.extend(repair.steps.iter().map(|step| format!("Repair: {step}")));
    cell.story.push(match runs.first() {
        Some(_) if works => "The next run succeeded.".to_owned(),
        Some(run) => format!("The next run failed: {}", run.message().unwrap_or("no reason given")),
        None => "No run followed.".to_owned(),
    });
    cell.agrees &= works;
}
