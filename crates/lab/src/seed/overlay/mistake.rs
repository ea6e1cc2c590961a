//! Why an overlay does not fit a seed.

use std::fmt;

/// Why an overlay does not fit a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayMistake {
    /// The path to the member, as written: `["users", "owner"]`.
    pub place: Vec<String>,
    /// What is wrong, one sentence without a period.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl OverlayMistake {
    pub(super) fn new(place: &[&str], message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let place = place.iter().map(|&segment| segment.to_owned()).collect();
        Self { place, message: message.into(), remedy: remedy.into() }
    }
}

/// Shows the member and two sentences, for answers of the lab API.
impl fmt::Display for OverlayMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("overlay")?;
        for segment in &self.place {
            match segment.bytes().all(|byte| byte.is_ascii_digit()) {
                true => write!(f, "[{segment}]")?,
                // A name as it is written, unless that would break the line.
                false if segment.contains(char::is_control) => write!(f, ".{}", segment.escape_debug())?,
                false => write!(f, ".{segment}")?,
            }
        }
        write!(f, ": {}. {}.", capitalized(&self.message), capitalized(&self.remedy))
    }
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}
