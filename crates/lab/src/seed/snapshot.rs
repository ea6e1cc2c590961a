//! The text of a seed with its connectors' documents, to read the same seed again.

use sha2::{Digest, Sha256};

use super::Seed;
use super::source::Source;
use crate::diagnostic::Diagnostic;

impl Seed {
    /// Returns the texts from which the seed was read, as JSON.
    pub fn snapshot(&self) -> String {
        // Plain data with text keys: serialization cannot fail.
        serde_json::to_string(&*self.source).unwrap_or_default()
    }

    /// Reads the seed of a snapshot.
    ///
    /// # Errors
    /// A snapshot that this version cannot read.
    pub fn from_snapshot(snapshot: &str) -> Result<Self, Vec<Diagnostic>> {
        let Source { name, text, documents } = serde_json::from_str(snapshot)
            .map_err(|error| vec![Diagnostic::unreadable("the kept seed", &error.into())])?;
        let beside = |path: &str| {
            documents.get(path).cloned().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))
        };
        let (seed, mistakes) = Self::parse(&name, &text, &beside)?;
        if mistakes.is_empty() { Ok(seed) } else { Err(mistakes) }
    }

    /// Names what a snapshot contains.
    pub fn hash_of(snapshot: &str) -> String {
        Sha256::digest(snapshot).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_of_a_snapshot_is_the_same() {
        let seed = Seed::contoso().expect("the built-in seed is valid");
        let snapshot = seed.snapshot();
        let again = Seed::from_snapshot(&snapshot).expect("it is read");
        assert_eq!(again.snapshot(), snapshot);
        assert_eq!(again.connectors.len(), seed.connectors.len());
        assert_ne!(Seed::hash_of(&snapshot), Seed::hash_of(""));
        for broken in ["", "{}", r#"{"name":"x","text":"seed: x","documents":{}}"#] {
            assert!(Seed::from_snapshot(broken).is_err(), "{broken}");
        }
    }
}
