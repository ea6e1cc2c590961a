//! When the service turns flows off: decisions over plain values. "How long flows remain turned on
//! before they expire and get turned off": Microsoft Learn, *Limits of automated, scheduled, and
//! instant flows*.

pub(crate) mod failing;
pub(crate) mod idle;

use std::str::FromStr;

/// A rule by which a flow is turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rule {
    /// Its trigger fails continuously.
    FailingTrigger,
    /// Its runs fail continuously.
    FailingActions,
    /// No trigger starts it.
    Idle,
}

impl Rule {
    const ALL: [Self; 3] = [Self::FailingTrigger, Self::FailingActions, Self::Idle];

    /// Returns the name in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FailingTrigger => "failing-trigger",
            Self::FailingActions => "failing-actions",
            Self::Idle => "idle",
        }
    }

    /// Returns the published name of the reason (`flowSuspensionReason`).
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::FailingTrigger | Self::FailingActions => "AlwaysFailingDetected",
            Self::Idle => "NeverTriggeringDetected",
        }
    }

    /// Returns why the flow was turned off, to be continued after "because".
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::FailingTrigger => "its trigger failed continuously for 14 days",
            Self::FailingActions => "its actions failed continuously for 14 days",
            Self::Idle => "its trigger started no run for 90 days, nor within 30 days after a mail about it",
        }
    }

    /// Returns what an owner can do about it.
    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::FailingTrigger | Self::FailingActions => {
                "Fix its trigger or actions, and turn it on again."
            }
            Self::Idle => "Turn it on again if you need it.",
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rule = Self::ALL.into_iter().find(|rule| rule.name() == text);
        rule.ok_or_else(|| format!("there is no rule '{text}'"))
    }
}
