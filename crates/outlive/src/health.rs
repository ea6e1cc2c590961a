//! `outlive health URL`: the health check of containers, which hold nothing but this program.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use outlive_chassis::StartError;
use url::Url;

/// The path at which services report their health.
const HEALTH_PATH: &str = "/healthz";

/// Requests the health of the service at `address`.
///
/// # Errors
/// The address cannot be used, or the service is not healthy.
pub(crate) fn health(address: &str) -> Result<(), StartError> {
    let url = health_url(address).map_err(|why| {
        StartError::new(
            format!("cannot request the health of '{}'", address.escape_debug()),
            why,
            "give the address of a service, for example http://127.0.0.1:8701",
        )
    })?;
    let failed = |why: &dyn std::fmt::Display| {
        StartError::new(
            format!("the service at {address} is not healthy"),
            why,
            "check that it runs at this address; its log says more",
        )
    };
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let bare_host = host.trim_start_matches('[').trim_end_matches(']');
    let target = (bare_host, port).to_socket_addrs().ok().and_then(|mut found| found.next());
    let target = target.ok_or_else(|| failed(&format!("the name {host} has no address")))?;
    let patience = Duration::from_secs(2);
    let mut stream =
        TcpStream::connect_timeout(&target, patience).map_err(|error| failed(&refusal(&error)))?;
    let _ = stream.set_read_timeout(Some(patience));
    let request = format!("GET {} HTTP/1.0\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n", url.path());
    stream.write_all(request.as_bytes()).map_err(|error| failed(&refusal(&error)))?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).map_err(|error| failed(&refusal(&error)))?;
    let answer = String::from_utf8_lossy(&answer);
    match answer.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)) {
        Some("200") => Ok(()),
        Some(status) => Err(failed(&format!("it answered with status {status}"))),
        None => Err(failed(&"what answers there does not speak HTTP")),
    }
}

/// Returns the URL of the health check of a base address, or the URL itself.
fn health_url(address: &str) -> Result<Url, String> {
    let Ok(mut url) = Url::parse(address) else { return Err("it is not a URL".to_owned()) };
    if url.scheme() != "http" || url.host_str().is_none_or(str::is_empty) {
        return Err("it is not an http address; services answer by http, also those that have TLS".to_owned());
    }
    match url.path().trim_end_matches('/') {
        "" => url.set_path(HEALTH_PATH),
        HEALTH_PATH => url.set_path(HEALTH_PATH),
        other => return Err(format!("no service reports its health at {other}, only at {HEALTH_PATH}")),
    }
    Ok(url)
}

/// Describes why there is no response.
fn refusal(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "it did not answer within 2 seconds".to_owned(),
        ErrorKind::ConnectionReset => "it closed the connection".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_stands_for_its_health_check() {
        for (address, url) in [
            ("http://127.0.0.1:8701", "http://127.0.0.1:8701/healthz"),
            ("http://127.0.0.1:8701/", "http://127.0.0.1:8701/healthz"),
            ("http://idp:8701/healthz", "http://idp:8701/healthz"),
            ("http://[::1]:8701/healthz/", "http://[::1]:8701/healthz"),
        ] {
            assert_eq!(health_url(address).map(String::from), Ok(url.to_owned()));
        }
        for (address, why) in [
            ("127.0.0.1:8701", "not a URL"),
            ("https://localhost:8743", "not an http address"),
            ("idp:8701", "not an http address"),
            ("http://127.0.0.1:8701/lab", "no service reports its health at /lab"),
        ] {
            let error = health_url(address).expect_err(address);
            assert!(error.contains(why), "{address}: {error}");
        }
    }
}
