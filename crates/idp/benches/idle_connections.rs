//! Memory cost of an idle connection: `cargo bench -p outlive-idp --bench idle_connections`.
//!
//! Opens connections over loopback, requests one small document on each, and keeps them open. The
//! clients run in the same process; a client is a socket without buffers. Resident memory is read
//! from `/proc`, so there are no figures on systems other than Linux.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/http/installation.rs"]
mod installation;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::installation::Installation;

const CONNECTIONS: usize = 2_000;
/// Maximum cost of an idle connection, in bytes.
const BYTES_MAX: usize = 20_000;

#[expect(clippy::disallowed_methods, reason = "this measures wall time")]
fn now() -> Instant {
    Instant::now()
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok().map(|kibibytes| kibibytes * 1_024)
}

fn open(host: &str, count: usize) -> Vec<TcpStream> {
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n");
    let mut buffer = [0; 4_096];
    let connections = (0..count).map(|_| {
        let mut stream = TcpStream::connect(host).expect("a connection");
        stream.write_all(request.as_bytes()).expect("it is sent");
        let read = stream.read(&mut buffer).expect("an answer");
        assert!(buffer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..read]));
        stream
    });
    connections.collect()
}

#[expect(clippy::print_stdout, reason = "figures for people")]
fn main() {
    outlive_chassis::raise_descriptor_limit();
    let installation = Installation::start();
    let host = installation.url.trim_start_matches("http://").to_owned();
    // Allocates what all connections share.
    drop(open(&host, 50));
    let (before, started) = (resident(), now());
    let connections = open(&host, CONNECTIONS);
    let (took, after) = (started.elapsed(), resident());
    println!(
        "{CONNECTIONS} connections: {:?} each, first request included",
        took / u32::try_from(CONNECTIONS).unwrap_or(1)
    );
    let (Some(before), Some(after)) = (before, after) else { return };
    let each = after.saturating_sub(before) / CONNECTIONS;
    println!("an idle connection: {each} bytes");
    drop(connections);
    assert!(each < BYTES_MAX, "an idle connection costs {each} bytes, more than {BYTES_MAX}");
}
