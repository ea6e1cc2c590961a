//! `outlive health URL`: the health check of containers, which hold nothing but this program.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use outlive_chassis::StartError;
use url::Url;

/// Asks and answers whether the service says that it is well.
pub(crate) fn health(address: &str) -> Result<(), StartError> {
    let failed = |why: &dyn std::fmt::Display| {
        StartError::new(format!("{address} is not well"), why, "look at the service's log")
    };
    let url = Url::parse(address).map_err(|error| failed(&error))?;
    let host = url.host_str().ok_or_else(|| failed(&"it names no host"))?;
    let port = url.port_or_known_default().unwrap_or(80);
    let target = (host, port).to_socket_addrs().map_err(|error| failed(&error))?.next();
    let target = target.ok_or_else(|| failed(&"its host has no address"))?;
    let patience = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&target, patience).map_err(|error| failed(&error))?;
    let _ = stream.set_read_timeout(Some(patience));
    let request = format!("GET {} HTTP/1.0\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n", url.path());
    stream.write_all(request.as_bytes()).map_err(|error| failed(&error))?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).map_err(|error| failed(&error))?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status == "200" { Ok(()) } else { Err(failed(&format!("it answered with status '{status}'"))) }
}
