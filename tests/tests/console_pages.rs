//! `benches/console/pages` reads every page of the console, on a journal that it makes longer.
//!
//! `scripts/test` runs it on SQLite only: the script writes SQLite files.

use std::path::Path;
use std::process::Command;

use outlive_tests::{free_base, program};

#[test]
fn the_script_reads_every_page_on_a_long_journal() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/console/pages");
    let read = Command::new("python3")
        .arg(script)
        .arg(program())
        .args(["--port-base", &free_base().to_string(), "--days", "2", "--events", "2000"])
        .output()
        .expect("python3 runs the script");
    let (table, errors) = (String::from_utf8_lossy(&read.stdout), String::from_utf8_lossy(&read.stderr));
    assert!(read.status.success(), "{table}{errors}");
    let events = table.split(' ').next().and_then(|number| number.replace(',', "").parse().ok());
    assert!(events.is_some_and(|events: u32| events >= 2_000), "{table}");
    for page in ["/", "/timeline?range=year", "/journal?show=all", "/directory/users"] {
        assert!(table.contains(&format!("\n| `{page}` |")), "{page}: {table}");
    }
}
