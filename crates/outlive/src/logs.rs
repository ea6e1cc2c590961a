//! The log on standard error. A warning or error is printed when it first occurs; repetitions are
//! counted and reported together.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use outlive_chassis::{LogFormat, pause};
use outlive_clock::{Instant, Span, wall_now};
use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::progress::above;
use crate::terminal;

/// Standard error, above the line that shows progress.
struct AboveProgress;

impl std::io::Write for AboveProgress {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        above(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// The crates, without the prefix `outlive_` of their modules.
const CRATES: [&str; 13] = [
    "chassis", "clock", "console", "flow", "hub", "idp", "journal", "lab", "resource", "rules", "store",
    "tokens", "wire",
];
/// How long repetitions of a message are counted before they are reported (wall time).
const COUNTED_FOR: Span = Span::from_seconds(30);
/// How often counts are checked (wall time).
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Maximum number of different texts of one message (other tenants, other causes) that are printed
/// before the rest is counted.
const TEXTS_MAX: usize = 5;
/// Maximum length of the text in a report of a count, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Starts the log, with the levels of `OUTLIVE_LOG`; by default warnings and errors.
pub(crate) fn start() -> Repeats {
    let text = std::env::var("OUTLIVE_LOG").unwrap_or_default();
    let (wanted, invalid) = match filter(&text) {
        Ok(wanted) => (wanted, None),
        Err(error) => (default_filter(), Some(error)),
    };
    let repeats = Repeats::default();
    // Errors of the log itself would be printed by a macro that panics if standard error is closed.
    let printer = tracing_subscriber::fmt::layer()
        .with_writer(|| AboveProgress)
        .with_ansi(terminal::is_stderr_colored())
        .event_format(LogFormat)
        .log_internal_errors(false);
    tracing_subscriber::registry().with(printer.with_filter(repeats.clone())).with(wanted).init();
    if let Some(error) = invalid {
        tracing::warn!(%error, "OUTLIVE_LOG is not a list of levels by module (outlive=debug,idp::token=trace); it is ignored");
    }
    repeats
}

/// The filter without `OUTLIVE_LOG`.
fn default_filter() -> Targets {
    Targets::new().with_default(Level::WARN)
}

/// Parses levels by module: `outlive` means all crates, `idp::token` a module of one, and a level
/// without a module everything. By default, warnings and errors of other modules are printed as
/// well. (Patterns for spans and fields are not supported; they would require a large dependency.)
fn filter(text: &str) -> Result<Targets, ParseError> {
    let full = |directive: &str| {
        let name = directive.split([':', '=']).next().unwrap_or_default();
        let is_ours = CRATES.contains(&name);
        if is_ours { format!("outlive_{directive}") } else { directive.to_owned() }
    };
    let directives = text.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    let directives: Vec<_> = directives.map(full).collect();
    if directives.is_empty() {
        return Ok(default_filter());
    }
    let parsed: Targets = directives.join(",").parse()?;
    let is_complete = parsed.default_level().is_some();
    Ok(if is_complete { parsed } else { parsed.with_default(Level::WARN) })
}

/// Passes a warning or an error when it first occurs, and counts its repetitions. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Repeats(Arc<Mutex<HashMap<Identifier, Message>>>);

/// The state of a call site.
#[derive(Default)]
struct Message {
    texts: HashMap<u64, Repeated>,
}

/// The state of a message with its fields.
struct Repeated {
    since: Instant,
    count: u64,
    level: Level,
    text: String,
}

impl Repeats {
    /// Reports counts periodically.
    pub(crate) async fn keep_reporting(self) {
        loop {
            pause(LOOK_EVERY).await;
            self.report(wall_now());
        }
    }

    /// Reports the remaining counts, at the end of the program.
    pub(crate) fn finish(&self) {
        self.report(Instant::MAX);
    }

    fn report(&self, now: Instant) {
        let mut due = Vec::new();
        let mut messages = self.0.lock();
        for message in messages.values_mut() {
            message.texts.retain(|_, repeated| {
                if now < repeated.since + COUNTED_FOR {
                    return true;
                }
                if repeated.count == 0 {
                    return false;
                }
                due.push((repeated.level, std::mem::take(&mut repeated.count), repeated.text.clone()));
                repeated.since = now;
                true
            });
        }
        messages.retain(|_, message| !message.texts.is_empty());
        drop(messages);
        for (level, times, text) in due {
            if level == Level::ERROR {
                tracing::error!(target: REPORTS, "again, {times} times: {text}");
            } else {
                tracing::warn!(target: REPORTS, "again, {times} times: {text}");
            }
        }
    }

    /// Whether to print the event now.
    fn admit(&self, event: &Event<'_>, now: Instant) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::WARN || metadata.target() == REPORTS {
            return true;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let mut hasher = DefaultHasher::new();
        text.0.hash(&mut hasher);
        let mut messages = self.0.lock();
        let message = messages.entry(metadata.callsite()).or_default();
        let is_full = message.texts.len() >= TEXTS_MAX;
        if let Some(repeated) = message.texts.get_mut(&hasher.finish()) {
            repeated.count += 1;
            return false;
        }
        // Texts beyond the limit are counted together.
        let key = if is_full { REST } else { hasher.finish() };
        if let Some(rest) = message.texts.get_mut(&key) {
            rest.count += 1;
            return false;
        }
        let text = text.0.chars().take(TEXT_CHARS_MAX).collect();
        message
            .texts
            .insert(key, Repeated { since: now, count: u64::from(is_full), level: *metadata.level(), text });
        !is_full
    }
}

/// The target of reports, which are not counted themselves.
const REPORTS: &str = "outlive::repeated";
/// The key of the texts beyond the limit.
const REST: u64 = 0;

impl<S: Subscriber> Filter<S> for Repeats {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.admit(event, wall_now())
    }
}

/// An event's message and fields.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let rest = std::mem::take(&mut self.0);
            let _ = write!(self.0, "{value:?}{rest}");
        } else {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    impl Lines {
        fn take(&self) -> Vec<String> {
            let bytes = std::mem::take(&mut *self.0.lock());
            String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
        }
    }

    #[test]
    fn filters_name_modules_without_the_prefix_of_their_crates() {
        let enabled = |text: &str, target: &str, level: Level| {
            filter(text).expect("a filter").would_enable(target, &level)
        };
        let both = "outlive=debug, idp::token=trace";
        for (text, target, level, expected) in [
            ("", "outlive_idp::token", Level::WARN, true),
            ("", "outlive_idp::token", Level::INFO, false),
            (both, "outlive_idp::token::mint", Level::TRACE, true),
            (both, "outlive_idp::graph", Level::TRACE, false),
            (both, "outlive_hub::runtime", Level::DEBUG, true),
            (both, "outlive_chassis::current_request", Level::DEBUG, true),
            (both, "hyper::proto", Level::WARN, true),
            (both, "hyper::proto", Level::INFO, false),
            ("error,hub=info", "outlive_hub::runtime", Level::INFO, true),
            ("error,hub=info", "outlive_idp", Level::WARN, false),
            ("debug", "hyper::proto", Level::DEBUG, true),
        ] {
            assert_eq!(enabled(text, target, level), expected, "{text}: {target} {level}");
        }
        for bad in ["idp=loud", "idp=debug=trace"] {
            assert!(filter(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_repeats_is_logged_once_and_then_counted() {
        let (lines, repeats) = (Lines::default(), Repeats::default());
        let printer = tracing_subscriber::fmt::layer().with_writer(lines.clone()).with_ansi(false);
        let subscriber = tracing_subscriber::registry().with(printer.with_filter(repeats.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let outage = |cause: &str| tracing::error!(cause, "the store failed");
            for _ in 0..1_000 {
                outage("disk full");
                tracing::warn!("another message");
                tracing::info!("information is not counted");
            }
            outage("connection refused");
            let logged = lines.take();
            let of = |what: &str| logged.iter().filter(|line| line.contains(what)).count();
            assert_eq!((of("disk full"), of("connection refused"), of("another message")), (1, 1, 1));
            assert_eq!(of("information"), 1_000);

            repeats.report(wall_now());
            assert!(lines.take().is_empty(), "nothing is due yet");
            let later = wall_now() + COUNTED_FOR;
            repeats.report(later);
            let mut logged = lines.take();
            logged.sort_unstable();
            assert_eq!(logged.len(), 2, "{logged:?}");
            assert!(logged.iter().all(|line| line.contains("again, 999 times: ")), "{logged:?}");
            assert!(
                logged
                    .iter()
                    .any(|line| line.contains("ERROR")
                        && line.contains("the store failed cause=\"disk full\""))
            );

            // A field of the message itself stands once.
            lines.take();
            (0..3).for_each(|_| tracing::warn!(times = 7, "connections were closed"));
            repeats.report(wall_now() + COUNTED_FOR);
            let logged = lines.take();
            let report = logged.iter().find(|line| line.contains("again, 2 times: ")).expect("a report");
            assert_eq!(report.matches("times=").count(), 1, "{report}");

            // Every one of many different texts would be a flood as well.
            lines.take();
            for number in 0..1_000 {
                tracing::error!(number, "a tenant cannot be read");
            }
            assert_eq!(lines.take().len(), TEXTS_MAX);
            repeats.finish();
            let logged = lines.take();
            assert!(logged.iter().any(|line| line.contains("again, 995 times: ")), "{logged:?}");
        });
    }
}
