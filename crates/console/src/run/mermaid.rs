//! A run as a sequence diagram in Mermaid's language.

use std::fmt::Write;

use outlive_wire::run_steps::{Party, RunSteps, StepKind};

use super::diagram::{parties, role_of};
use super::words::{carried, note_title, party_name};

/// Writes the diagram, with all steps.
pub(super) fn sequence(run: &RunSteps, domain: &str) -> String {
    let mut text = String::from("sequenceDiagram\n");
    for party in parties(run) {
        let role = plain(&role_of(run, domain, party));
        let role = if role.is_empty() { String::new() } else { format!(", {role}") };
        let _ = writeln!(text, "  participant {} as {}{role}", id(party), party_name(party));
    }
    for (step, number) in run.steps.iter().zip(1..) {
        let (from, to) = (id(step.from), id(step.to));
        let code = step.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
        let label = plain(&step.label);
        let _ = match step.kind {
            StepKind::Note => {
                writeln!(text, "  Note over {from}: {number} {}, {label}", plain(&note_title(step)))
            }
            StepKind::Request => {
                let credential = match carried(step.carries).0 {
                    "" => String::new(),
                    name => format!(" with {name}"),
                };
                writeln!(text, "  {from}->>{to}: {number} {label}{credential}")
            }
            StepKind::Response => {
                let arrow = if step.is_refused { "--x" } else { "-->>" };
                let status = step.status.filter(|status| !label.starts_with(&status.to_string()));
                let status = status.map(|status| format!("{status} ")).unwrap_or_default();
                writeln!(text, "  {from}{arrow}{to}: {number} {status}{label}{code}")
            }
        };
    }
    text
}

const fn id(party: Party) -> &'static str {
    match party {
        Party::Flow => "flow",
        Party::Hub => "hub",
        Party::Idp => "idp",
        Party::Resource => "api",
        Party::BackEnd => "backend",
    }
}

/// A text without what has a meaning in Mermaid.
fn plain(text: &str) -> String {
    let is_special =
        |letter: char| matches!(letter, ':' | ';' | '#' | '%' | '<' | '>') || letter.is_control();
    text.chars().map(|letter| if is_special(letter) { ' ' } else { letter }).collect()
}
