//! What a step says about a refusal.

use outlive_wire::events::TokenIssued;
use outlive_wire::run_steps::StepKind;
use outlive_wire::{EventPayload, JournalEvent};
use uuid::Uuid;

use super::lines::{forwarded_refused, revoked};
use crate::run_steps::steps::steps_of;
use crate::why::lines::Line;

#[test]
fn a_refusal_names_its_row_its_code_and_the_token() {
    let mut lines: Vec<Line> = revoked().into();
    let question = {
        let mut issued = TokenIssued::example();
        let mut question = issued.question.take().expect("a question");
        question.user.events.record(outlive_rules::Event::PasswordChangedByUser, question.at);
        question
    };
    if let JournalEvent::TokenRefused(refused) = &mut lines[0].event {
        refused.verdict = Some(question.decide());
    }
    lines.push(forwarded_refused(401));
    let steps = steps_of(&lines, None, &[]);
    let row = steps.iter().find_map(|step| step.row.clone());
    assert_eq!(row.as_deref(), Some("Password changed by user"), "{steps:#?}");
    let codes: Vec<_> = steps.iter().filter_map(|step| step.code.as_deref()).collect();
    assert_eq!(codes, ["AADSTS50173"]);
    let token = steps.iter().find_map(|step| step.credential.clone());
    assert_eq!(token, Some(Uuid::from_u128(7).to_string()));
    let decided = steps.iter().find(|step| step.row.is_some()).expect("a decision");
    assert!(decided.detail.starts_with("Refused: ") && !decided.detail.contains("Source:"), "{decided:?}");
    assert!(steps.last().expect("an answer").detail.ends_with("; the API was never called"), "{steps:#?}");
    // No time is invented: a request has none but that of the decision about it.
    assert!(steps.iter().all(|step| step.wall.is_none() == (step.kind == StepKind::Request)));
}
