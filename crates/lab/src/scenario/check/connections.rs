//! Checks of steps about connections, flows and runs.

use outlive_clock::Span;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::Checker;
use super::names::{Kind, KnownConnection};
use crate::diagnostic::Position;
use crate::scenario::file::{ConnectionExpectation, CreateConnection, CreateFlow, RunsExpectation};

/// The statuses of runs, as the flow service returns them.
const RUN_STATUSES: &[&str] =
    &["Running", "Waiting", "Succeeded", "Failed", "Cancelled", "TimedOut", "Aborted"];

impl<'a> Checker<'a> {
    pub(super) fn create_connection(&mut self, step: &'a CreateConnection) {
        self.must(Kind::Connector, &step.connector);
        self.must(Kind::User, &step.owner);
        if self.known.holds(Kind::Connection, &step.name.value) {
            let message = format!("there is already a connection '{}'", step.name.value);
            self.wrong_at(Position::of(&step.name), message, "use another name");
        }
        self.known.add(Kind::Connection, &step.name);
        let connection = KnownConnection { owner: &step.owner.value, connector: &step.connector.value };
        self.known.connections.insert(&step.name.value, connection);
    }

    pub(super) fn expect_connection(&mut self, step: &ConnectionExpectation) {
        self.must(Kind::Connection, &step.connection);
        self.one_of("connection status", &step.status, &["Connected", "Error"]);
        if step.status.value == "Connected" && (step.target.is_some() || step.code.is_some()) {
            self.wrong("a connection that is connected has no error", "remove target and code");
        }
        self.texts(&step.message_has);
    }

    pub(super) fn create_flow(&mut self, step: &'a CreateFlow) {
        self.must(Kind::User, &step.owner);
        self.must(Kind::Connection, &step.connection);
        if step.every.is_some() == step.definition.is_some() {
            let remedy = "give every (the interval of its runs), or a whole definition";
            self.wrong("a flow needs exactly one of every and definition", remedy);
        }
        if let Some(every) = &step.every {
            let whole = Span::from_minutes(every.value.as_seconds() / 60) == every.value;
            if every.value <= Span::ZERO || !whole {
                let message = format!("a flow cannot run every {}", every.value);
                self.wrong_at(
                    Position::of(every),
                    message,
                    "write a whole number of minutes, for example PT1H",
                );
            }
        }
        let connection = self.known.connections.get(step.connection.value.as_str()).copied();
        if let Some(connection) = connection {
            if connection.owner != step.owner.value {
                let message =
                    format!("the connection '{}' belongs to '{}'", step.connection.value, connection.owner);
                self.wrong_at(
                    Position::of(&step.owner),
                    message,
                    "let the connection's owner create the flow",
                );
            }
            if step.definition.is_none() {
                self.operation(connection.connector, &step.operation);
            }
        }
        step.definition.iter().for_each(|definition| self.json(definition));
        self.known.add(Kind::Flow, &step.name);
    }

    /// Checks that a connector has an operation.
    fn operation(&mut self, connector: &str, operation: &Spanned<String>) {
        let Some(files) = self.seed.and_then(|seed| seed.connectors.get(connector)) else { return };
        let paths = files.swagger.get("paths").and_then(Value::as_object);
        let methods = paths.into_iter().flat_map(|paths| paths.values()).filter_map(Value::as_object);
        let operations = methods.flat_map(|methods| methods.values());
        let names: Vec<_> = operations.filter_map(|found| found.get("operationId")?.as_str()).collect();
        if !names.contains(&operation.value.as_str()) {
            let message = format!("{connector} has no operation '{}'", operation.value);
            self.wrong_at(Position::of(operation), message, format!("use one of: {}", names.join(", ")));
        }
    }

    pub(super) fn expect_runs(&mut self, step: &RunsExpectation) {
        self.must(Kind::Flow, &step.flow);
        self.must_if(Kind::Mark, step.since.as_ref());
        if step.counts.is_none()
            && step.at_least.values().all(|least| *least == 0)
            && step.every.is_none()
            && step.last.is_none()
        {
            self.wrong("this step checks nothing", "give counts, at_least of 1 or more, every or last");
        }
        for status in step.counts.iter().flatten().map(|(status, _)| status).chain(step.at_least.keys()) {
            self.run_status(self.at, status);
        }
        if let Some(every) = &step.every
            && every.value <= Span::ZERO
        {
            let message = format!("runs cannot start every {}", every.value);
            self.wrong_at(Position::of(every), message, "write a duration, for example PT1H");
        }
        let Some(last) = &step.last else { return };
        self.run_status(Position::of(&last.status), &last.status.value);
        let Some(action) = &last.failed_action else { return };
        if let Some(status) = &action.answered {
            self.http_status(status);
        }
        self.texts(&action.text_has);
    }

    fn run_status(&mut self, position: Position, status: &str) {
        if !RUN_STATUSES.contains(&status) {
            let message = format!("no run has the status '{status}'");
            self.wrong_at(position, message, format!("use one of: {}", RUN_STATUSES.join(", ")));
        }
    }
}
