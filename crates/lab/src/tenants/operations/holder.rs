//! Names for processes of the lab that hold operations. A name shows whether its process still
//! runs.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use outlive_clock::wall_now;

/// Identifies the boot of the machine and the namespace of its process ids (Linux). A namespace
/// exists as long as its processes, so its number is not reused while one runs.
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.to_str()?))
}

/// Returns the start of a process in the kernel's ticks, which with the id identifies the process.
/// `None` if it does not exist or is a zombie.
fn began(process: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // `PID (NAME) STATE …`, where NAME can contain anything; the start is field 22
    // (proc_pid_stat(5)).
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18).map(str::to_owned) }
}

/// Returns a name for a lab of this process: `PROCESS#NUMBER`. It differs between processes even
/// where all randomness is seeded.
pub(super) fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let process =
        this_process().unwrap_or_else(|| format!("{}-{}", std::process::id(), wall_now().as_micros()));
    format!("{process}#{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Returns the name of this process; `None` where processes cannot be identified.
fn this_process() -> Option<String> {
    name_of(&std::process::id().to_string())
}

fn name_of(process: &str) -> Option<String> {
    Some(format!("{}/{process}/{}", place()?, began(process)?))
}

/// Whether the process with this name has certainly ended. Unknown (false) for processes of another
/// machine or container.
pub(super) fn has_ended(name: &str) -> bool {
    let process = name.split_once('#').map_or(name, |(process, _)| process);
    let mut parts = process.rsplitn(3, '/');
    let (Some(start), Some(process), Some(of)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    is_number && place().is_some_and(|here| here == of) && began(process).as_deref() != Some(start)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_that_lives_has_not_ended() {
        let name = new_name();
        assert!(name.starts_with(&this_process().expect("Linux has /proc")), "{name}");
        assert!(!has_ended(&name), "{name}");
    }

    #[test]
    fn a_process_has_ended_when_it_is_killed_and_another_one_of_its_id_is_not_it() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("it is there");
        let name = name_of(&child.id().to_string()).expect("it lives");
        assert!(!has_ended(&name), "{name}");
        child.kill().expect("it lives");
        // It stays in the list of processes until it is waited for.
        while !has_ended(&name) {}
        child.wait().expect("it has ended");
        assert!(has_ended(&name), "{name}");
        let earlier = this_process().expect("Linux has /proc");
        let (of, _) = earlier.rsplit_once('/').expect("with a start");
        for earlier in [format!("{of}/1"), format!("{of}/1#0")] {
            assert!(has_ended(&earlier), "an earlier process of the same id");
        }
    }

    #[test]
    fn of_processes_elsewhere_nothing_is_known() {
        let name = this_process().expect("Linux has /proc");
        let elsewhere = name.replacen(|c: char| c.is_ascii_hexdigit(), "x", 1);
        for name in [elsewhere.as_str(), "4711-1767603600000000", "", "///", "a/b/c/d"] {
            assert!(!has_ended(name), "{name}");
        }
    }
}
