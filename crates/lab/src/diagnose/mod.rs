//! Diagnoses a text that people copy from the real product: an error of a token endpoint, the
//! status of a connection, a failed run, a token. Pure functions; nothing is stored or sent.

mod answer;
mod cause;
mod causes;
mod codes;
mod field;
mod pasted_token;
mod plain;
mod reading;
mod reproduction;
mod revoked;
#[cfg(test)]
mod tests;
mod token;

use outlive_clock::Instant;
use outlive_rules::aadsts::Aadsts;

pub use answer::{Certainty, Client, Diagnosis, Finding, State};
pub use reproduction::reproduction;

use self::cause::{Cause, Sign};
use self::reading::Reading;

/// Maximum length of a text, in bytes.
pub const TEXT_BYTES_MAX: usize = 65_536;

/// The older code of an expired token, and the one of a token that expired because it was not used.
const EXPIRED: u32 = 70_008;
const INACTIVE: u32 = 700_082;

/// The code of a revoked grant, and what its description says.
const REVOKED: u32 = 50_173;
const REVOKED_PHRASES: [&str; 2] = ["tokensvalidfrom", "grant has expired due to it being revoked"];

/// Says what happened, how certain that is, and what repairs it.
pub fn diagnose(text: &str, client: Client) -> Diagnosis {
    diagnose_at(text, client, None)
}

/// Like [`diagnose`]; with the present time, it says whether a token has expired.
pub fn diagnose_at(text: &str, client: Client, now: Option<Instant>) -> Diagnosis {
    let reading = Reading::of(text);
    let is_revoked = |phrase| reading.has_all(&[phrase]);
    let mut diagnosis = if let Some(diagnosis) = of_codes(&reading, client) {
        diagnosis
    } else if REVOKED_PHRASES.into_iter().any(is_revoked) {
        revoked::revoked(&reading, client)
    } else if let Some(cause) = find_by_words(&reading) {
        cause.explain()
    } else if let Some(token) = &reading.token {
        token::explain(token, now.max(reading.noticed), now.is_some())
    } else {
        cannot_tell(&reading)
    };
    diagnosis.read = facts(&reading);
    diagnosis
}

/// Explains the first known code of a text, or several that have a cause together, and says which
/// others are there.
fn of_codes(reading: &Reading, client: Client) -> Option<Diagnosis> {
    let together = causes::of_errors().find_map(|cause| Some((cause, cause.codes_of(reading)?)));
    let (mut diagnosis, explained) = if let Some((cause, codes)) = together {
        (cause.explain(), codes.to_vec())
    } else {
        let explain = |code: &u32| Some((explain_code(*code, reading, client)?, vec![*code]));
        reading.codes.iter().find_map(explain)?
    };
    keep_scenario_of(&mut diagnosis, &explained);
    let others: Vec<_> = reading.codes.iter().filter(|code| !explained.contains(code)).collect();
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|code| format!("AADSTS{code}")).collect();
        let text = format!("The text also has {}: paste each error alone.", names.join(", "));
        diagnosis.findings.push(Finding { certainty: Certainty::CannotTell, text });
    }
    Some(diagnosis)
}

fn explain_code(code: u32, reading: &Reading, client: Client) -> Option<Diagnosis> {
    let is_old_inactivity = code == EXPIRED && reading.has_all(&["has expired due to inactivity"]);
    let sought = if is_old_inactivity { INACTIVE } else { code };
    if let Some(cause) = causes::of_errors().find(|cause| cause.has_code(sought)) {
        return Some(cause.explain());
    }
    match code {
        REVOKED => Some(revoked::revoked(reading, client)),
        _ => Aadsts::from_number(code).map(catalogued),
    }
}

/// Withdraws the scenario if it does not expect the codes that were pasted, and says so.
fn keep_scenario_of(diagnosis: &mut Diagnosis, codes: &[u32]) {
    let Some(file) = diagnosis.scenario.as_deref().and_then(reproduction) else { return };
    let is_expected = |code: &u32| {
        let number = code.to_string();
        let mut steps =
            file.lines().filter(|line| !line.trim_start().starts_with('#') && !line.contains("title:"));
        steps.any(|line| {
            let mut numbers = line.split(|letter: char| !letter.is_ascii_digit());
            line.to_lowercase().contains("aadsts") && numbers.any(|found| found == number)
        })
    };
    if let Some(missing) = codes.iter().find(|code| !is_expected(code)) {
        diagnosis.scenario = None;
        let text = format!("No reported case reproduces AADSTS{missing}, so there is no scenario.");
        diagnosis.findings.push(Finding { certainty: Certainty::Certain, text });
    }
}

/// Finds a cause by its words. A text with an error is no question, whatever words it has.
fn find_by_words(reading: &Reading) -> Option<&'static Cause> {
    let questions = causes::of_questions().filter(|_| reading.is_empty());
    causes::of_errors().chain(questions).find(|cause| cause.has_words(reading))
}

impl Cause {
    fn has_code(&self, code: u32) -> bool {
        self.signs.iter().any(|sign| matches!(sign, Sign::Codes([only]) if *only == code))
    }

    /// The codes that together show this cause, if the text has them all.
    fn codes_of(&self, reading: &Reading) -> Option<&'static [u32]> {
        self.signs.iter().find_map(|sign| match sign {
            Sign::Codes(codes) if codes.len() > 1 => {
                Some(*codes).filter(|codes| codes.iter().all(|code| reading.codes.contains(code)))
            }
            _ => None,
        })
    }

    fn has_words(&self, reading: &Reading) -> bool {
        self.signs.iter().any(|sign| match sign {
            Sign::Text(parts) => reading.has_all(parts),
            Sign::Words(words) => reading.is_of_field && reading.has_all(words),
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
        title: format!("AADSTS{} is for {} to fix", entry.number, entry.fixed_by.as_str()),
        happened: without_values(entry.text),
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

/// The text of the catalogue with an ellipsis for each `{value}`, which only an error has.
fn without_values(text: &str) -> String {
    let mut parts = text.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push('…');
        out.push_str(part.split_once('}').map_or(part, |(_, rest)| rest));
    }
    out
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
    let time = |at: Instant| at.strftime("%-d %b %Y %H:%M:%S").to_string();
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
