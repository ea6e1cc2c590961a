//! Diagnoses a text that people copy from the real product: an error of a token endpoint, the
//! status of a connection, a failed run, a token. Pure functions; nothing is stored or sent.

mod answer;
mod cause;
mod causes;
mod reading;
mod reproduction;
mod revoked;
#[cfg(test)]
mod tests;
mod token;

use outlive_rules::aadsts::Aadsts;

pub use answer::{Certainty, Client, Diagnosis, Finding, State};
pub use reproduction::reproduction;

use self::cause::{Cause, Sign};
use self::reading::Reading;

/// Maximum length of a text, in bytes.
pub const TEXT_BYTES_MAX: usize = 65_536;

/// The code of a revoked grant, and what its description says.
const REVOKED: u32 = 50_173;
const REVOKED_PHRASES: [&str; 2] = ["tokensvalidfrom", "grant has expired due to it being revoked"];

/// Says what happened, how certain that is, and what repairs it.
pub fn diagnose(text: &str, client: Client) -> Diagnosis {
    let reading = Reading::of(text);
    let is_revoked = |phrase| reading.has_all(&[phrase]);
    let mut diagnosis = if let Some(cause) = causes::of_errors().find(|cause| cause.has_code(&reading)) {
        cause.explain()
    } else if reading.codes.contains(&REVOKED) || REVOKED_PHRASES.into_iter().any(is_revoked) {
        revoked::revoked(&reading, client)
    } else if let Some(entry) = reading.codes.iter().find_map(|code| Aadsts::from_number(*code)) {
        catalogued(entry)
    } else if let Some(cause) = find_by_words(&reading) {
        cause.explain()
    } else if let Some(token) = &reading.token {
        token::explain(token)
    } else {
        cannot_tell(&reading)
    };
    diagnosis.read = facts(&reading);
    diagnosis
}

/// Finds a cause by its words. A text with an error is no question, whatever words it has.
fn find_by_words(reading: &Reading) -> Option<&'static Cause> {
    let questions = causes::of_questions().filter(|_| reading.is_empty());
    causes::of_errors().chain(questions).find(|cause| cause.has_words(reading))
}

impl Cause {
    fn has_code(&self, reading: &Reading) -> bool {
        self.signs.iter().any(|sign| match sign {
            Sign::Codes(codes) => codes.iter().all(|code| reading.codes.contains(code)),
            Sign::Words(_) => false,
        })
    }

    fn has_words(&self, reading: &Reading) -> bool {
        self.signs.iter().any(|sign| match sign {
            Sign::Words(words) => reading.has_all(words),
            Sign::Codes(_) => false,
        })
    }

    fn explain(&self) -> Diagnosis {
        let finding = |(certainty, text): &(Certainty, &str)| Finding {
            certainty: *certainty,
            text: (*text).to_owned(),
        };
        Diagnosis {
            cause: self.name.to_owned(),
            title: self.title.to_owned(),
            happened: self.happened.to_owned(),
            state: self.state,
            rule: self.rule.to_owned(),
            read: Vec::new(),
            findings: self.findings.iter().map(finding).collect(),
            repair: self.repair.to_owned(),
            avoided_by: self.avoided_by.iter().map(|way| (*way).to_owned()).collect(),
            reports: self.reports.iter().map(|report| format!("R{report}")).collect(),
            scenario: self.scenario.map(str::to_owned),
        }
    }
}

/// An error that the catalogue has, without a cause of its own here.
fn catalogued(entry: Aadsts) -> Diagnosis {
    Diagnosis {
        cause: format!("aadsts{}", entry.number),
        title: format!(
            "AADSTS{} is for {} to fix; no token was revoked",
            entry.number,
            entry.fixed_by.as_str()
        ),
        happened: entry.text.replace(['{', '}'], ""),
        state: State::Refused,
        rule: format!("AADSTS{}, {}", entry.number, entry.error.as_str()),
        read: Vec::new(),
        findings: vec![Finding {
            certainty: Certainty::Certain,
            text: "The code names the check that failed; the description says with which values.".to_owned(),
        }],
        repair: entry.remedy.to_owned(),
        avoided_by: Vec::new(),
        reports: Vec::new(),
        scenario: None,
    }
}

fn cannot_tell(reading: &Reading) -> Diagnosis {
    let (title, text) = if reading.is_empty() {
        (
            "Nothing in this text names a token, a code or a connection",
            "Anything. Paste the answer of a token endpoint, a line with AADSTS, the status of a connection, the error of a run, or a token.",
        )
    } else {
        (
            "This text does not say why the token was refused",
            "The cause. The error's description has an AADSTS number that names it; paste the whole answer.",
        )
    };
    Diagnosis {
        cause: "cannot_tell".to_owned(),
        title: title.to_owned(),
        happened: "No rule applies to what was read.".to_owned(),
        state: State::Unknown,
        rule: String::new(),
        read: Vec::new(),
        findings: vec![Finding { certainty: Certainty::CannotTell, text: text.to_owned() }],
        repair: "Paste more of the error: the answer depends on the code.".to_owned(),
        avoided_by: Vec::new(),
        reports: Vec::new(),
        scenario: None,
    }
}

/// What was read, for people.
fn facts(reading: &Reading) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.push((name.to_owned(), value));
        }
    };
    let codes: Vec<_> = reading.codes.iter().map(|code| format!("AADSTS{code}")).collect();
    let time = |at: outlive_clock::Instant| at.strftime("%-d %b %Y %H:%M:%S").to_string();
    add("Service", reading.service.clone());
    add("Code", Some(codes.join(", ")).filter(|codes| !codes.is_empty()));
    add("Error", reading.error.clone());
    add("Granted", reading.granted.map(time));
    add("Revocation cutoff", reading.cutoff.map(time));
    add("Noticed", reading.noticed.map(time));
    if let Some(token) = &reading.token {
        add("Token for", token.audience.clone());
        add("Issued", token.issued.map(time));
        add("Expires", token.expires.map(time));
    }
    facts
}
