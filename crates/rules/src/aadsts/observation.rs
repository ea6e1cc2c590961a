//! Evidence: where the members of an error's response were seen in public.

/// A part of an error response that public reports show or show to be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Member {
    /// The number, for this cause.
    Number,
    /// The `error` that goes with the number.
    Error,
    /// The HTTP status.
    Status,
    /// `suberror`, or that the body ends without one.
    Suberror,
    /// `error_uri`, or that the body ends without one.
    ErrorUri,
}

impl Member {
    /// The word for it in `docs/errors.md`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Error => "error",
            Self::Status => "status",
            Self::Suberror => "suberror",
            Self::ErrorUri => "error_uri",
        }
    }
}

/// Where a row of the catalogue was seen. What no public report shows is our reading of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// Public reports show these members as the row has them. The other members are our reading.
    Observed {
        /// The members that are visible in the reports, the number first.
        members: &'static [Member],
        /// The places: `owner/repository#issue`, or the title of a published page.
        places: &'static [&'static str],
    },
    /// No public report was found: the row is our reading of this document.
    Unobserved {
        /// The title of the document.
        document: &'static str,
    },
}

impl Observation {
    /// Public reports in `places` that show `members`.
    ///
    /// # Panics
    ///
    /// If one of the lists is empty. In the catalogue, that fails to compile.
    #[must_use]
    pub const fn observed(members: &'static [Member], places: &'static [&'static str]) -> Self {
        assert!(!members.is_empty() && !places.is_empty(), "an observation shows something somewhere");
        Self::Observed { members, places }
    }

    /// No public report, but `document`.
    ///
    /// # Panics
    ///
    /// If the title is empty. In the catalogue, that fails to compile.
    #[must_use]
    pub const fn unobserved(document: &'static str) -> Self {
        assert!(!document.is_empty(), "a reading is of a document");
        Self::Unobserved { document }
    }
}
