//! The sequence diagram of a run, as SVG. The page lists its steps, too.

use std::fmt::Write;

use outlive_wire::counted;
use outlive_wire::run_steps::{Carried, Party, RunStep, RunSteps, StepKind};

use super::words::{carried, note_title, party_name};
use crate::xml::escaped;

/// The most steps that are drawn; of more, the first and the last.
const DRAWN_MAX: usize = 40;
const DRAWN_LAST: usize = 12;
/// The places of the parties, in the drawing's units.
const PLACES: [f64; 5] = [84.0, 300.0, 520.0, 704.0, 900.0];
const HEAD: f64 = 152.0;
/// The width of a letter, on average.
const LETTER: f64 = 7.0;
/// The letters of a label.
const LABEL_LETTERS: usize = 30;
/// The letters of the title of a note.
const TITLE_LETTERS: usize = 40;

/// The diagram.
pub(super) struct Diagram<'a> {
    run: &'a RunSteps,
    domain: &'a str,
    parties: Vec<Party>,
    /// Rules of style that the image contains, if it stands alone.
    style: &'a str,
    svg: String,
    /// Where the next step begins.
    y: f64,
}

/// The parties of the diagram, in order. One that was not called is drawn pale.
pub(super) fn parties(run: &RunSteps) -> Vec<Party> {
    let is_called = |party| run.steps.iter().any(|step| step.from == party || step.to == party);
    let mut parties = vec![Party::Flow, Party::Hub, Party::Idp];
    if is_called(Party::BackEnd) {
        parties.extend(is_called(Party::Resource).then_some(Party::Resource));
        parties.push(Party::BackEnd);
    } else {
        parties.push(Party::Resource);
    }
    parties
}

/// What is below the name of a party.
pub(super) fn role_of(run: &RunSteps, domain: &str, party: Party) -> String {
    if !run.steps.iter().any(|step| step.from == party || step.to == party) {
        return "not called".to_owned();
    }
    match party {
        Party::Flow => run.flow_name.clone(),
        Party::Hub => run.connection.as_ref().map_or_else(String::new, |one| one.display_name.clone()),
        Party::Idp => domain.to_owned(),
        Party::Resource => {
            let carries = |kind| run.steps.iter().any(|step| step.to == party && step.carries == Some(kind));
            let what =
                [(Carried::AccessToken, "checks the token"), (Carried::Password, "checks the password")];
            let found = what.into_iter().find(|(kind, _)| carries(*kind));
            found.map_or_else(String::new, |(_, words)| words.to_owned())
        }
        Party::BackEnd => "writes no journal".to_owned(),
    }
}

/// Draws a run.
pub(super) fn draw(run: &RunSteps, domain: &str, style: &str) -> String {
    let parties = parties(run);
    let mut diagram = Diagram { run, domain, parties, style, svg: String::new(), y: 48.0 };
    diagram.steps();
    diagram.finish()
}

impl Diagram<'_> {
    fn x(&self, party: Party) -> f64 {
        let place = self.parties.iter().position(|one| *one == party).unwrap_or_default();
        PLACES[place.min(PLACES.len() - 1)]
    }

    fn width(&self) -> f64 {
        PLACES[self.parties.len().clamp(1, PLACES.len()) - 1] + HEAD / 2.0 + 10.0
    }

    fn steps(&mut self) {
        let steps = &self.run.steps;
        let folded = steps.len().saturating_sub(DRAWN_MAX);
        let first = if folded == 0 { steps.len() } else { DRAWN_MAX - DRAWN_LAST };
        for (place, step) in steps.iter().enumerate() {
            if place == first {
                self.fold(folded);
            }
            if place < first || place >= first + folded {
                self.step(place + 1, step);
            }
        }
    }

    fn step(&mut self, number: usize, step: &RunStep) {
        match step.kind {
            StepKind::Note => self.note(number, step),
            StepKind::Request | StepKind::Response => self.message(number, step),
        }
    }

    fn fold(&mut self, count: usize) {
        self.y += 34.0;
        let (x, y) = (self.width() / 2.0, self.y);
        let _ = write!(
            self.svg,
            "<g><rect class=\"q-dot\" x=\"{:.0}\" y=\"{:.0}\" width=\"240\" height=\"24\"/>\
             <text class=\"d-role\" x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"middle\">{count} more steps, in the list below</text></g>",
            x - 120.0,
            y - 16.0
        );
        self.y += 12.0;
    }

    fn message(&mut self, number: usize, step: &RunStep) {
        let (from, to) = (self.x(step.from), self.x(step.to));
        let y = self.y + 42.0;
        self.y = y + 20.0;
        let style = match (step.is_refused, step.carries) {
            (true, _) => "k-no",
            (false, carries) => carried(carries).1,
        };
        let forward = if to > from { 1.0 } else { -1.0 };
        let (begin, end) = (11.0f64.mul_add(forward, from), (-9.0f64).mul_add(forward, to));
        let tip = (-2.0f64).mul_add(forward, to);
        let turned = if forward > 0.0 { 0 } else { 180 };
        let middle = f64::midpoint(begin, end);
        let (kind, role) = texts(step);
        let _ = write!(
            self.svg,
            "<g class=\"{style}\"><circle cx=\"{from:.0}\" cy=\"{y:.0}\" r=\"9\" class=\"q-dot\"/><path class=\"q-msg\" d=\"M{begin:.0} {y:.0}H{end:.0}\"/>\
             <path class=\"q-tip\" transform=\"translate({tip:.0} {y:.0}) rotate({turned})\" d=\"M0 0l-9-5v10z\"/>\
             <text class=\"q-num\" x=\"{from:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{number}</text>",
            y + 4.0
        );
        // A line of life between the two must not cross the words.
        let crossed = self.parties.iter().any(|other| {
            let x = self.x(*other);
            (from.min(to) + 1.0..from.max(to)).contains(&x)
        });
        for (class, text, below) in [("q-kind", &kind, -8.0), ("d-role", &role, 17.0)] {
            if text.is_empty() {
                continue;
            }
            if crossed {
                let width = length(text) + 12.0;
                let _ = write!(
                    self.svg,
                    "<rect class=\"q-dot\" x=\"{:.0}\" y=\"{:.0}\" width=\"{width:.0}\" height=\"16\"/>",
                    middle - width / 2.0,
                    y + below - 12.0
                );
            }
            let _ = write!(
                self.svg,
                "<text class=\"{class}\" x=\"{middle:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                y + below,
                escaped(text)
            );
        }
        self.svg.push_str("</g>");
    }

    fn note(&mut self, number: usize, step: &RunStep) {
        let style = match step.from {
            Party::Hub if !step.is_refused => "is-expired",
            _ if step.is_refused => "is-revoked",
            Party::Idp => "is-alive",
            _ => "is-idle",
        };
        let title = short(&format!("{number}  {}", note_title(step)), TITLE_LETTERS);
        let label = cut(&step.label);
        // A title is bold.
        let width = ((length(&title) * 1.1).max(length(&label)) + 24.0).max(150.0);
        let center = self.x(step.from).clamp(width / 2.0 + 2.0, self.width() - width / 2.0 - 2.0);
        let top = self.y + 14.0;
        self.y = top + 46.0;
        let _ = write!(
            self.svg,
            "<g class=\"{style}\"><rect class=\"q-note\" x=\"{:.0}\" y=\"{top:.0}\" width=\"{width:.0}\" height=\"46\" rx=\"6\"/>\
             <text class=\"q-notetext is-strong\" x=\"{center:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>\
             <text class=\"q-notetext\" x=\"{center:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text></g>",
            center - width / 2.0,
            top + 19.0,
            escaped(&title),
            top + 36.0,
            escaped(&label)
        );
    }

    /// Puts the parties and their lines of life below the steps.
    fn finish(self) -> String {
        let (width, height) = (self.width(), self.y + 24.0);
        let size = if self.style.is_empty() {
            String::new()
        } else {
            format!(" width=\"{width:.0}\" height=\"{height:.0}\"")
        };
        let mut svg = String::new();
        let steps = counted(self.run.steps.len(), "step");
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"draw sq\" viewBox=\"0 0 {width:.0} {height:.0}\"{size} role=\"img\" \
             aria-labelledby=\"sq-t sq-d\"><title id=\"sq-t\">What happened in this run</title>\
             <desc id=\"sq-d\">{steps}, repeated as a list below the diagram.</desc>{}",
            self.style
        );
        if !self.style.is_empty() {
            let _ = write!(svg, "<rect class=\"q-dot\" width=\"{width:.0}\" height=\"{height:.0}\"/>");
        }
        for party in &self.parties {
            let x = self.x(*party);
            let role = role_of(self.run, self.domain, *party);
            let is_off = role == "not called";
            let (off, pale) = if is_off { (" is-off", " q-off") } else { ("", "") };
            let _ = write!(
                svg,
                "<path class=\"q-life{off}\" d=\"M{x:.0} 48V{:.0}\"/>\
                 <rect class=\"q-head{off}\" x=\"{:.0}\" y=\"4\" width=\"{HEAD:.0}\" height=\"44\" rx=\"8\"/>\
                 <text class=\"d-name{pale}\" x=\"{x:.0}\" y=\"23\" text-anchor=\"middle\">{}</text>\
                 <text class=\"d-role\" x=\"{x:.0}\" y=\"39\" text-anchor=\"middle\">{}</text>",
                height - 4.0,
                x - HEAD / 2.0,
                party_name(*party),
                escaped(&short(&role, 22))
            );
        }
        svg.push_str(&self.svg);
        svg.push_str("</svg>");
        svg
    }
}

/// The bold words above an arrow, and those below it.
fn texts(step: &RunStep) -> (String, String) {
    let kind = match (step.kind, &step.code, step.status) {
        (StepKind::Request, ..) => carried(step.carries).0.to_owned(),
        (_, Some(code), _) => code.clone(),
        (_, None, Some(status)) => match http::StatusCode::from_u16(status) {
            Ok(status) => status.to_string(),
            Err(_) => status.to_string(),
        },
        (_, None, None) => String::new(),
    };
    let is_repeated = step.status.is_some_and(|status| step.label == status.to_string());
    let role = if is_repeated { first_words(&step.detail) } else { step.label.clone() };
    (cut(&kind), cut(&role))
}

fn first_words(detail: &str) -> String {
    if detail.chars().count() <= LABEL_LETTERS { detail.to_owned() } else { String::new() }
}

fn cut(text: &str) -> String {
    short(text, LABEL_LETTERS)
}

fn short(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters - 1).chain(['…']).collect()
}

#[expect(clippy::cast_precision_loss, reason = "letters of a label")]
fn length(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}
