//! Pages of lists.

use outlive_chassis::Problem;
use serde::Deserialize;

/// The number of objects of a page, unless another is requested.
const LENGTH: u32 = 50;
/// The maximum number.
const LENGTH_MAX: u32 = 100;
/// The longest position, in bytes.
const POSITION_BYTES_MAX: usize = 200;

/// The page that is requested.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// The `next` of the page before.
    after: Option<String>,
    limit: Option<u32>,
    /// Only objects of this kind.
    pub(super) of: Option<String>,
}

/// A valid page.
pub(super) struct Page {
    pub(super) after: String,
    length: u32,
}

impl PageQuery {
    pub(super) fn page(&self) -> Result<Page, Problem> {
        let after = self.after.clone().unwrap_or_default();
        if after.len() > POSITION_BYTES_MAX || after.chars().any(char::is_control) {
            return Err(Problem::bad_request("'after' is the 'next' of the page before."));
        }
        let length = self.limit.unwrap_or(LENGTH);
        if !(1..=LENGTH_MAX).contains(&length) {
            return Err(Problem::bad_request(format!("'limit' is between 1 and {LENGTH_MAX}.")));
        }
        Ok(Page { after, length })
    }

    /// Returns the kind, which is one of `known`, the first by default.
    pub(super) fn kind<'k>(&self, known: &[&'k str]) -> Result<&'k str, Problem> {
        let Some(asked) = &self.of else { return Ok(known.first().copied().unwrap_or_default()) };
        known
            .iter()
            .find(|kind| *kind == asked)
            .copied()
            .ok_or_else(|| Problem::bad_request(format!("'of' is one of {}.", known.join(", "))))
    }
}

impl Page {
    /// The number of objects to read: one more, which shows whether there is a next page.
    pub(super) const fn to_read(&self) -> u32 {
        self.length + 1
    }

    /// Keeps the objects of the page. Returns the position of the last one if there are more.
    pub(super) fn cut<T>(&self, objects: &mut Vec<T>, position: impl Fn(&T) -> String) -> Option<String> {
        let length = self.length as usize;
        let has_more = objects.len() > length;
        objects.truncate(length);
        objects.last().filter(|_| has_more).map(position)
    }
}
