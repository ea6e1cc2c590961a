//! Triggers: a recurrence, or a request.

use outlive_clock::Instant;
use serde_json::Value;

use super::limits;
use super::node::{Node, QUOTED_MAX};
use super::refusal::DefinitionError;
use crate::recurrence::{Frequency, Recurrence};

/// The trigger of a definition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trigger {
    /// Its name (`Recurrence`, `manual`).
    pub name: String,
    pub kind: TriggerKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TriggerKind {
    Recurrence(Recurrence),
    /// A manual request; `kind` is `Button`, `Http`, `PowerAppV2` …
    Request {
        /// The kind of request, as written.
        kind: Option<String>,
    },
}

impl Trigger {
    pub(super) fn read(triggers: &Node<'_>) -> Result<Self, DefinitionError> {
        let mut members = triggers.members()?;
        if members.len() != 1 {
            let what = format!("a flow has one trigger, not {}", members.len());
            return Err(triggers.refuse(&what, "keep one Recurrence or Request trigger"));
        }
        let (name, node) = members.swap_remove(0);
        limits::name(&node, &name)?;
        let kind = node.required("type", "use Recurrence or Request")?;
        let kind = match kind.text()? {
            "Recurrence" => {
                node.only(&[
                    "type",
                    "recurrence",
                    "evaluatedRecurrence",
                    "metadata",
                    "description",
                    "runtimeConfiguration",
                ])?;
                TriggerKind::Recurrence(recurrence(
                    &node.required("recurrence", "give frequency and interval")?,
                )?)
            }
            "Request" => {
                node.only(&[
                    "type",
                    "kind",
                    "inputs",
                    "metadata",
                    "description",
                    "operationOptions",
                    "runtimeConfiguration",
                ])?;
                if let Some(inputs) = node.optional("inputs") {
                    inputs.object()?;
                }
                TriggerKind::Request {
                    kind: node.optional("kind").map(|kind| kind.text().map(str::to_owned)).transpose()?,
                }
            }
            other => {
                let other: String = other.chars().take(QUOTED_MAX).collect();
                return Err(kind.refuse(
                    &format!("the trigger type '{other}' is not supported"),
                    "use Recurrence or Request",
                ));
            }
        };
        Ok(Self { name, kind })
    }
}

fn recurrence(node: &Node<'_>) -> Result<Recurrence, DefinitionError> {
    node.only(&["frequency", "interval", "startTime", "timeZone", "schedule"])?;
    let written = node.required("frequency", "use Second, Minute, Hour, Day, Week or Month")?;
    let text = written.text()?;
    let Some((_, frequency)) = Frequency::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text))
    else {
        return Err(written.refuse("this is not a frequency", "use Second, Minute, Hour, Day, Week or Month"));
    };
    let (low, high) = frequency.intervals();
    let written = node.required("interval", &format!("give a whole number from {low} to {high}"))?;
    let interval =
        written.value().as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (low..=high).contains(n));
    let Some(interval) = interval else {
        let what = format!("this interval of {frequency:?} is out of range");
        return Err(written.refuse(&what, &format!("give a whole number from {low} to {high}")));
    };
    if let Some(zone) = node.optional("timeZone")
        && !["UTC", "Etc/UTC", "Coordinated Universal Time"].contains(&zone.text()?)
    {
        return Err(
            zone.refuse("time zones are not supported", "use UTC, or write the offset into startTime")
        );
    }
    if let Some(schedule) = node.optional("schedule")
        && *schedule.value() != Value::Object(serde_json::Map::new())
    {
        return Err(
            schedule.refuse("schedules within a recurrence are not supported", "use startTime and interval")
        );
    }
    let start = node.optional("startTime").map(|written| start_time(&written)).transpose()?;
    Ok(Recurrence { frequency, interval, start })
}

/// Parses an instant as RFC 3339 or, as the platform also writes it, without an offset (UTC).
fn start_time(written: &Node<'_>) -> Result<Instant, DefinitionError> {
    let text = written.text()?;
    text.parse()
        .or_else(|_| format!("{text}Z").parse())
        .ok()
        .filter(|start| (Instant::EPOCH..=Instant::MAX).contains(start))
        .ok_or_else(|| written.refuse("this is not an instant", "write it as 2026-01-05T09:00:00Z"))
}
