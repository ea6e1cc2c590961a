//! Wall time and processor time, on Linux.

use outlive_clock::{Instant, wall_now};

/// The kernel's unit of processor time, the same on all Linux systems: hundredths of a second.
const TICK_US: u32 = 10_000;

/// The time that one operation took, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Each {
    pub(crate) wall: f64,
    /// Of the system and of the load generator.
    pub(crate) cpu: f64,
}

impl Each {
    /// The time of `count` such operations.
    pub(crate) fn times(self, count: f64) -> Self {
        Self { wall: self.wall * count, cpu: self.cpu * count }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }
}

/// Measures this process, its children that have ended, and the process of a system.
pub(crate) struct Meter {
    system: Option<u32>,
    begun: Instant,
    used: u32,
}

impl Meter {
    pub(crate) fn start(system: Option<u32>) -> Self {
        Self { system, begun: wall_now(), used: ticks(system) }
    }

    /// Returns the time since the start, divided by a number of operations.
    pub(crate) fn each(&self, operations: u64) -> Each {
        assert!(operations > 0, "nothing was measured");
        let wall = number((wall_now() - self.begun).as_micros());
        let cpu = f64::from((ticks(self.system) - self.used) * TICK_US);
        let operations = number(i64::try_from(operations).expect("few"));
        Each { wall: wall / operations, cpu: cpu / operations }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn number(value: i64) -> f64 {
    value as f64
}

/// The processor time of this process and its ended children, and of a system.
fn ticks(system: Option<u32>) -> u32 {
    let own: u32 = times("/proc/self/stat").iter().sum();
    let system = system.map_or(0, |pid| times(&format!("/proc/{pid}/stat"))[..2].iter().sum());
    own + system
}

/// User and system time of a process, then those of its ended children: the fields after the name,
/// which is in parentheses and may contain anything.
fn times(path: &str) -> [u32; 4] {
    let stat = std::fs::read_to_string(path).expect("this bench needs the /proc of Linux");
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    let mut fields = fields.split_ascii_whitespace().skip(11);
    [(); 4].map(|()| fields.next().and_then(|ticks| ticks.parse().ok()).expect("a number of ticks"))
}

/// The middle value, by `of`.
pub(crate) fn median<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = values.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(lower, upper)
}
