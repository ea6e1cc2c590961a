//! What a diagnosis says.

use anstyle::Style;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::style::{BAD, DOUBTFUL, GOOD, STRONG};

/// A diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diagnosis {
    /// The cause (`revoked`, `connector_secret_wrong`); `cannot_tell` if no rule applies.
    pub cause: String,
    /// One sentence that answers the question of what happened.
    pub title: String,
    /// What happened, and by which rule.
    pub happened: String,
    /// The state of the credential or connection.
    pub state: State,
    /// The rows of the published table or the rule that decides it.
    pub rule: String,
    /// What was read in the text, by name.
    pub read: Vec<(String, String)>,
    /// What is certain, likely, and undecidable.
    pub findings: Vec<Finding>,
    /// What repairs it.
    pub repair: String,
    /// What would have avoided it.
    pub avoided_by: Vec<String>,
    /// The public reports that it resembles (`R6`).
    pub reports: Vec<String>,
    /// The scenario that reproduces it, without its extension.
    pub scenario: Option<String>,
}

/// The state of what a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is valid.
    Alive,
    /// It is revoked.
    Revoked,
    /// It has expired.
    Expired,
    /// It was refused for another reason, and is not lost.
    Refused,
    /// The text does not tell.
    Unknown,
}

/// How certain a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The text contains it, or a rule leaves nothing else.
    Certain,
    /// The stronger source says so, or other causes are rare.
    Likely,
    /// The text does not decide it; the finding says what would.
    CannotTell,
}

impl Certainty {
    /// As shown to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::CannotTell => "cannot tell",
        }
    }

    const fn style(self) -> Style {
        match self {
            Self::Certain => GOOD,
            Self::Likely => DOUBTFUL,
            Self::CannotTell => BAD,
        }
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// How certain it is.
    pub certainty: Certainty,
    /// What is known, or what would tell.
    pub text: String,
}

/// What the reader knows about the client that held the token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Client {
    /// What the text says.
    #[default]
    AsRead,
    /// A confidential client, such as the hub with a secret or certificate.
    Confidential,
    /// A public client, such as a desktop application.
    Public,
    /// Not known.
    Unknown,
}

/// Plain; in colors with `{:#}`.
impl std::fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colored = f.alternate();
        let style = |style: Style| if colored { style } else { Style::new() };
        let strong = style(STRONG);
        writeln!(f, "{strong}{}{strong:#}\n\n{}", self.title, self.happened)?;
        if !self.rule.is_empty() {
            writeln!(f, "By: {}", self.rule)?;
        }
        if !self.read.is_empty() {
            writeln!(f, "\n{strong}Read in the text{strong:#}")?;
            for (name, value) in &self.read {
                writeln!(f, "  {name}: {value}")?;
            }
        }
        if !self.findings.is_empty() {
            writeln!(f, "\n{strong}How certain{strong:#}")?;
            for finding in &self.findings {
                let certainty = style(finding.certainty.style());
                writeln!(f, "  {certainty}{:<12}{certainty:#} {}", finding.certainty.name(), finding.text)?;
            }
        }
        writeln!(f, "\n{strong}What repairs it{strong:#}\n  {}", self.repair)?;
        if !self.avoided_by.is_empty() {
            writeln!(f, "\n{strong}What would have avoided it{strong:#}")?;
            for way in &self.avoided_by {
                writeln!(f, "  {way}")?;
            }
        }
        if !self.reports.is_empty() {
            writeln!(f, "\nLike the public reports {}.", self.reports.join(", "))?;
        }
        Ok(())
    }
}
