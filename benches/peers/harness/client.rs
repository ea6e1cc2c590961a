//! The load client: sends token requests over a fixed number of connections, one at a time on each.
//!
//! Usage: `client URL FORM CONNECTIONS SECONDS TOKENS BEARERS`. FORM is a file with the form's
//! fields, TOKENS one with a refresh token per connection; at the end, it has those to continue
//! with. BEARERS has an access token per connection for the Authorization header. Either can be
//! empty.
//! Prints one line of JSON. A response other than 200 ends it with status 1.
//!
//! It reads every kind of body, also one that ends with the connection, and has a thread per
//! connection and no dependencies: `rustc -O` builds it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

const TIMEOUT: Duration = Duration::from_secs(30);

type Outcome<T> = Result<T, String>;

struct Endpoint {
    host: String,
    path: String,
    form: String,
}

struct Connection {
    endpoint: Arc<Endpoint>,
    stream: TcpStream,
    /// The header that is the same in all its requests, if any.
    authorization: String,
    buffer: Vec<u8>,
}

/// The head of a response, and where its body begins in the buffer.
struct Head {
    text: String,
    body: usize,
}

impl Head {
    fn field(&self, name: &str) -> Option<&str> {
        self.text.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

fn connect(host: &str) -> Outcome<TcpStream> {
    let stream = TcpStream::connect(host).map_err(|error| format!("connecting to {host}: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(|error| error.to_string())?;
    Ok(stream)
}

impl Connection {
    fn open(endpoint: Arc<Endpoint>, bearer: Option<String>) -> Outcome<Self> {
        let authorization =
            bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let stream = connect(&endpoint.host)?;
        Ok(Self { stream, endpoint, authorization, buffer: Vec::with_capacity(16_384) })
    }

    /// Sends one request and returns the body of its response.
    fn exchange(&mut self, token: Option<&str>) -> Outcome<Vec<u8>> {
        let Endpoint { host, path, form } = &*Arc::clone(&self.endpoint);
        let token = token.map(|token| format!("&refresh_token={}", encode(token))).unwrap_or_default();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             {}Content-Length: {}\r\n\r\n{form}{token}",
            self.authorization,
            form.len() + token.len()
        );
        self.stream.write_all(request.as_bytes()).map_err(|error| format!("sending: {error}"))?;
        self.buffer.clear();
        let head = self.read_head()?;
        let body = if let Some(length) = head.field("content-length") {
            let length: usize = length.parse().map_err(|_| format!("the length is '{length}'"))?;
            self.read_until(head.body + length)?;
            self.buffer[head.body..head.body + length].to_vec()
        } else if head.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            self.read_chunks(head.body)?
        } else {
            while self.read_more()? > 0 {}
            self.buffer[head.body..].to_vec()
        };
        if head.text.split(' ').nth(1) != Some("200") {
            return Err(format!("refused: {}\n{}", head.text, String::from_utf8_lossy(&body)));
        }
        let is_closed = head.field("connection").is_some_and(|option| option.eq_ignore_ascii_case("close"));
        if is_closed || head.text.starts_with("HTTP/1.0") {
            self.stream = connect(host)?;
        }
        Ok(body)
    }

    fn read_more(&mut self) -> Outcome<usize> {
        let mut part = [0; 16_384];
        let read = self.stream.read(&mut part).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("no response within {TIMEOUT:?}"),
            _ => format!("reading: {error}"),
        })?;
        self.buffer.extend_from_slice(&part[..read]);
        Ok(read)
    }

    fn read_until(&mut self, length: usize) -> Outcome<()> {
        while self.buffer.len() < length {
            if self.read_more()? == 0 {
                return Err("the connection was closed within a response".to_owned());
            }
        }
        Ok(())
    }

    fn read_head(&mut self) -> Outcome<Head> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                return Ok(Head { text, body: end + 4 });
            }
            self.read_until(self.buffer.len() + 1)?;
        }
    }

    fn read_chunks(&mut self, mut at: usize) -> Outcome<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(end) = self.buffer[at..].windows(2).position(|two| two == b"\r\n") {
                    break String::from_utf8_lossy(&self.buffer[at..at + end]).into_owned();
                }
                self.read_until(self.buffer.len() + 1)?;
            };
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| format!("the chunk size is '{line}'"))?;
            at += line.len() + 2;
            self.read_until(at + size + 2)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&self.buffer[at..at + size]);
            at += size + 2;
        }
    }
}

fn encode(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Returns the refresh token of a token response, if it has one.
fn refresh_token(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("\"refresh_token\"")?;
    let (_, rest) = rest.split_once('"')?;
    rest.split_once('"').map(|(token, _)| token.to_owned())
}

/// Returns how long each request of one connection took, and the refresh token to continue with.
fn run(
    endpoint: Arc<Endpoint>,
    bearer: Option<String>,
    mut token: Option<String>,
    ready: &Barrier,
    window: Duration,
) -> Outcome<(Vec<Duration>, Option<String>)> {
    let connection = Connection::open(endpoint, bearer);
    ready.wait();
    let mut connection = connection?;
    let (mut took, begin) = (Vec::new(), Instant::now());
    while begin.elapsed() < window {
        let sent = Instant::now();
        let body = connection.exchange(token.as_deref())?;
        took.push(sent.elapsed());
        if token.is_some() {
            token = refresh_token(&body).or(token);
        }
    }
    Ok((took, token))
}

fn measure(arguments: &[String]) -> Outcome<String> {
    let [url, form, connections, seconds, kept, bearers] = arguments else {
        return Err("usage: client URL FORM CONNECTIONS SECONDS TOKENS BEARERS".to_owned());
    };
    let read = |path: &String| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let (host, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("not an http URL")?;
    let endpoint = Arc::new(Endpoint { host: host.to_owned(), path: format!("/{path}"), form: read(form)? });
    let connections: usize = connections.parse().map_err(|_| "CONNECTIONS is not a number")?;
    let window = Duration::from_secs(seconds.parse().map_err(|_| "SECONDS is not a number")?);
    let lines = |path| Ok::<_, String>(read(path)?.lines().map(str::to_owned).collect::<Vec<_>>());
    let (mut tokens, mut bearers) = (lines(kept)?, lines(bearers)?);
    if [&tokens, &bearers].iter().any(|given| !given.is_empty() && given.len() != connections) {
        return Err(format!("not one token for each of {connections} connections"));
    }
    let ready = Arc::new(Barrier::new(connections + 1));
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let (endpoint, ready) = (Arc::clone(&endpoint), Arc::clone(&ready));
            let (bearer, token) = (bearers.pop(), tokens.pop());
            thread::spawn(move || run(endpoint, bearer, token, &ready, window))
        })
        .collect();
    ready.wait();
    let began = Instant::now();
    let mut took = Vec::new();
    for client in clients {
        let (own, token) = client.join().map_err(|_| "a thread panicked")??;
        took.extend(own);
        tokens.extend(token);
    }
    let elapsed = began.elapsed().as_secs_f64();
    fs::write(kept, tokens.join("\n")).map_err(|error| format!("{kept}: {error}"))?;
    took.sort_unstable();
    let percentile = |hundredth: usize| took[took.len() * hundredth / 100].as_secs_f64() * 1e3;
    Ok(format!(
        r#"{{"requests": {}, "seconds": {elapsed:.6}, "p50_ms": {:.3}, "p99_ms": {:.3}}}"#,
        took.len(),
        percentile(50),
        percentile(99)
    ))
}

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match measure(&arguments) {
        Ok(line) => println!("{line}"),
        Err(reason) => {
            eprintln!("{reason}");
            process::exit(1);
        }
    }
}
