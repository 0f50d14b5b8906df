//! A browser that is a few lines of HTTP.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::soon;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In small letters.
    pub head: String,
    /// As it was sent, for what is written in capitals.
    pub raw_head: String,
    pub body: String,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.starts_with(&format!("{name}: ")))?;
        let at = line.len() - line.split_once(": ")?.1.len();
        let raw = self.raw_head.lines().nth(self.head.lines().position(|other| other == line)?)?;
        raw.get(at..)
    }
}

/// The answer to a request that ends its connection.
pub async fn ask(address: SocketAddr, request: &str) -> Answer {
    let mut stream = send(address, request).await;
    let mut bytes = Vec::new();
    soon("the answer ends", stream.read_to_end(&mut bytes)).await.expect("it can be read");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_ascii_lowercase(), raw_head: head.to_owned(), body: body.to_owned() }
}

/// Sends a request and leaves the connection open.
pub async fn send(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the page is served");
    stream.write_all(request.as_bytes()).await.expect("it takes requests");
    stream
}

/// The first line of what comes on a connection that stays open.
pub async fn first_line(mut stream: TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(soon("a line", stream.read_u8()).await.expect("it can be read"));
    }
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

/// What comes on a connection that stays open, up to this text.
pub async fn until(stream: &mut TcpStream, text: &str) -> String {
    let mut heard = Vec::new();
    loop {
        let so_far = String::from_utf8_lossy(&heard).into_owned();
        if so_far.contains(text) {
            return so_far;
        }
        let mut more = [0; 4096];
        let count = soon(text, stream.read(&mut more)).await.expect("it can be read");
        assert!(count > 0, "it ended before {text}: {so_far}");
        heard.extend_from_slice(&more[..count]);
    }
}
