//! The entries of a line in the index.

use outlive_store::{Row, StoreError};
use sha2::{Digest as _, Sha256};

/// What lines are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Criterion {
    /// Its kind, and each prefix of it that ends in a dot.
    Kind = 1,
    /// The same of a notable line.
    NotableKind = 2,
    Subject = 3,
    Trace = 4,
    /// The id or fingerprint of a credential that the line is about.
    Name = 5,
}

/// An entry: a line has a value of a criterion. In the order of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// The hash of tenant, criterion and value ([`hash_of`]).
    pub(crate) hash: u64,
    /// The number of the line.
    pub(crate) seq: i64,
}

impl Entry {
    /// Its place in the order of the index, as a text that is in the same order. It has only
    /// digits: in some languages, and in databases of them, "aa" comes after "f".
    pub(crate) fn key(self) -> String {
        format!("{:013}{:019}", self.hash, self.seq)
    }
}

/// Returns the hash under which lines of a tenant with a value are found, of 40 bits. One other
/// value in a trillion has the same, so the value of a line that was found is compared.
pub(crate) fn hash_of(tenant: &str, criterion: Criterion, value: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(tenant);
    hash.update([criterion as u8]);
    hash.update(value);
    hash.finalize().iter().take(5).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Adds the entries of a stored line, which has its tenant, kind, subject, trace, names, number and
/// whether it is notable.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub(crate) fn add_entries(entries: &mut Vec<Entry>, line: &Row) -> Result<(), StoreError> {
    let (seq, tenant, kind) = (line.int("seq")?, line.text("tenant")?, line.text("kind")?);
    let mut add = |criterion, value: &str| {
        entries.push(Entry { hash: hash_of(&tenant, criterion, value), seq });
    };
    let prefixes = kind.match_indices('.').map(|(dot, _)| &kind[..=dot]);
    for kind in prefixes.chain([kind.as_str()]) {
        add(Criterion::Kind, kind);
        if line.opt_int("notable")?.is_some() {
            add(Criterion::NotableKind, kind);
        }
    }
    add(Criterion::Subject, &line.text("subject")?);
    add(Criterion::Trace, &line.text("trace")?);
    for name in names_of(line)? {
        add(Criterion::Name, &name);
    }
    Ok(())
}

/// The names of a stored line.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub(crate) fn names_of(line: &Row) -> Result<Vec<String>, StoreError> {
    if line.opt_text("names")?.is_some() { line.json("names") } else { Ok(Vec::new()) }
}
