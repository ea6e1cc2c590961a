//! Processor time of this process, on Linux only.

use std::fmt;
use std::time::Duration;

/// The kernel's unit, the same on all Linux systems: hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// User and kernel time.
    pub(crate) whole: Duration,
    /// Kernel time.
    pub(crate) kernel: Duration,
}

impl Cost {
    /// Since the start of the process.
    pub(crate) fn until_now() -> Option<Self> {
        let (user, kernel) = times(&std::fs::read_to_string("/proc/self/stat").ok()?)?;
        Some(Self { whole: user + kernel, kernel })
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            whole: self.whole.saturating_sub(before.whole),
            kernel: self.kernel.saturating_sub(before.kernel),
        }
    }

    /// Divides by `count`.
    pub(crate) fn each(&self, count: usize) -> Self {
        let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        Self { whole: self.whole / count, kernel: self.kernel / count }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0?} of processor time, {:.0?} of it in the kernel", self.whole, self.kernel)
    }
}

/// Parses user and system time from a `stat` file: the fields after the name, which is in
/// parentheses and may contain anything.
fn times(stat: &str) -> Option<(Duration, Duration)> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut next = || Some(TICK * fields.next()?.parse::<u32>().ok()?);
    Some((next()?, next()?))
}
