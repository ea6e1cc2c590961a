//! The range of a timeline, as its address names it.

use outlive_clock::{Instant, Span};

/// How long a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Range {
    pub(super) const ALL: [Self; 6] =
        [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The range of this name; a day for any other.
    pub(super) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|range| range.name() == name).unwrap_or(Self::Day)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Hour => "Hour",
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "30 days",
            Self::Quarter => "90 days",
            Self::Year => "Year",
        }
    }

    pub(super) const fn length(self) -> Span {
        match self {
            Self::Hour => Span::from_hours(1),
            Self::Day => Span::from_hours(24),
            Self::Week => Span::from_days(7),
            Self::Month => Span::from_days(30),
            Self::Quarter => Span::from_days(90),
            Self::Year => Span::from_days(365),
        }
    }

    /// The distance of lines of the grid.
    pub(super) const fn tick(self) -> Span {
        match self {
            Self::Hour => Span::from_minutes(10),
            Self::Day => Span::from_hours(3),
            Self::Week => Span::from_days(1),
            Self::Month => Span::from_days(5),
            Self::Quarter => Span::from_days(14),
            Self::Year => Span::from_days(35),
        }
    }

    /// How the axis shows an instant.
    pub(super) fn axis(self, at: Instant) -> String {
        let form = match self {
            Self::Hour | Self::Day => "%H:%M",
            _ => "%-d %b",
        };
        at.strftime(form).to_string()
    }
}
