//! The format of log messages: one that belongs to a request shows the request.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::current_request::with_current;

/// Formats a message as wall time, level, [request](crate::app), module, text and fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFormat;

impl<S, N> FormatEvent<S, N> for LogFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let [dim, level, bold, end] = match writer.has_ansi_escapes() {
            true => ["\x1b[2m", color_of(*metadata.level()), "\x1b[1m", "\x1b[0m"],
            false => [""; 4],
        };
        writer.write_str(dim)?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "{end} {level}{:>5}{end} ", metadata.level())?;
        with_current(|request| write!(writer, "{bold}{request}{end}: ")).unwrap_or(Ok(()))?;
        write!(writer, "{dim}{}:{end} ", metadata.target())?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// The color of a level.
fn color_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}
