//! A replay as a self-contained page.

use askama::Template;

use super::text::{lines, row};
use super::{NEXT, Replay};

#[derive(Template)]
#[template(path = "replay.html")]
struct Page<'a> {
    replay: &'a Replay,
    summary: String,
    skipped: String,
    entries: Vec<Shown<'a>>,
    next: &'a str,
}

struct Shown<'a> {
    place: &'a str,
    request: &'a str,
    result: &'static str,
    lines: Vec<String>,
    rows: Vec<[String; 4]>,
}

impl Replay {
    /// Returns an HTML page without scripts or external resources.
    #[must_use]
    pub fn html(&self) -> String {
        let entries = self.entries.iter().map(|entry| Shown {
            place: &entry.place,
            request: &entry.request,
            result: entry.result(),
            lines: lines(entry),
            rows: entry.differences.iter().map(row).collect(),
        });
        Page {
            replay: self,
            summary: self.summary(),
            skipped: self.skipped_because().unwrap_or_default(),
            entries: entries.collect(),
            next: NEXT,
        }
        .to_string()
    }
}
