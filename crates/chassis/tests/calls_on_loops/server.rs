//! A server that follows a script.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the server receives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// The client opened a connection from this address.
    Connection(SocketAddr),
    /// A request, as text.
    Request(String),
    /// The server closed the connection, or the client did.
    End,
}

/// The URL of a server, and what it receives.
pub(crate) struct Server {
    pub(crate) url: String,
    received: UnboundedReceiver<Received>,
}

impl Server {
    /// Starts a server that accepts one connection after another. It sends one of these responses
    /// to each request of a connection. An empty response ends when the client closes the
    /// connection.
    pub(crate) async fn start(connections: Vec<Vec<&'static str>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (sender, received) = unbounded_channel();
        tokio::spawn(async move {
            for responses in connections {
                let (stream, peer) = listener.accept().await.expect("a connection");
                sender.send(Received::Connection(peer)).expect("a test");
                respond(stream, responses, &sender).await;
                sender.send(Received::End).expect("a test");
            }
        });
        Self { url, received }
    }

    pub(crate) async fn received(&mut self) -> Received {
        self.received.recv().await.expect("the server runs")
    }

    /// Returns the next request, and skips the beginnings and ends of connections.
    pub(crate) async fn request(&mut self) -> String {
        loop {
            if let Received::Request(text) = self.received().await {
                return text;
            }
        }
    }
}

async fn respond(mut stream: TcpStream, responses: Vec<&'static str>, sender: &UnboundedSender<Received>) {
    for response in responses {
        let Some(request) = read_request(&mut stream).await else { return };
        sender.send(Received::Request(request)).expect("a test");
        stream.write_all(response.as_bytes()).await.expect("sent");
        if response.is_empty() {
            read_request(&mut stream).await;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut received = Vec::new();
    while !is_complete(&received) {
        if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    Some(String::from_utf8(received).expect("a text"))
}

fn is_complete(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().expect("a number"))
}
