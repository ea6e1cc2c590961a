//! The causes of error responses, which the shell logs.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The error behind an error response. It travels in the response's extensions to the shell, which
/// logs it once, in the span of the request. Clients never see it. Never the cause: an error whose
/// text may quote a secret. Boxed, because errors contain it: a thin pointer keeps them small.
#[derive(Debug, Clone)]
pub struct Cause(Arc<Box<dyn Error + Send + Sync>>);

impl Cause {
    /// The cause for an error with its sources.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::new(error.into()))
    }
}

/// Displays the error and its sources (`cannot read a: no such file`).
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.to_string();
        f.write_str(&shown)?;
        let mut next = self.0.source();
        while let Some(source) = next {
            // Some errors display their source themselves.
            let text = source.to_string();
            if !shown.contains(&text) {
                write!(f, ": {text}")?;
            }
            shown = text;
            next = source.source();
        }
        Ok(())
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read {0}")]
    struct Unreadable(&'static str, #[source] std::io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Outer(#[from] Unreadable);

    #[test]
    fn sources_are_displayed_once() {
        let error = Outer(Unreadable("a", std::io::Error::other("no such file")));
        let cause = Cause::new(error);
        assert_eq!(cause.to_string(), "cannot read a: no such file");
        assert_eq!(cause.source().map(ToString::to_string).as_deref(), Some("no such file"));
        assert_eq!(Cause::new("plain").to_string(), "plain");
    }
}
