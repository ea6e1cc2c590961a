//! The machine on which the bench runs.

use serde_json::{Value, json};

/// What the figures depend on.
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) model: String,
    pub(crate) memory_mib: u64,
    pub(crate) database: &'static str,
    /// The load average of the last minute, before the first round.
    pub(crate) load: f64,
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Machine {
    pub(crate) fn here() -> Self {
        let field = |path: &str, name: &str| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
            line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
        };
        let memory = field("/proc/meminfo", "MemTotal");
        let memory = memory.split(' ').next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let postgres = std::env::var("OUTLIVE_TEST_DATABASE").is_ok_and(|kind| kind == "postgres");
        Self {
            cores: cores(),
            model: field("/proc/cpuinfo", "model name"),
            memory_mib: memory / 1024,
            database: if postgres { "PostgreSQL" } else { "SQLite" },
            load: load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
        }
    }

    /// Whether other programs hardly used the processor in the minute before.
    pub(crate) fn was_quiet(&self) -> bool {
        self.load < 0.5
    }

    pub(crate) fn describe(&self) -> String {
        let Self { cores, model, memory_mib, database, load } = self;
        let quiet = if self.was_quiet() { "quiet" } else { "NOT quiet: do not publish these figures" };
        format!("{cores} cores, {model}, {memory_mib} MiB, {database}; load before {load:.2} ({quiet})")
    }

    pub(crate) fn json(&self) -> Value {
        let Self { cores, model, memory_mib, database, load } = self;
        json!({"cores": cores, "model": model, "memory_mib": memory_mib, "database": database, "load_before": load})
    }
}
