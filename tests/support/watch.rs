//! A watch on a real socket, and the port that it connects to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::soon;

/// A port of this machine that nobody listens on.
pub fn free_port() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it has an address")
}

/// A frame of the `[3G*…]` protocol.
pub fn setracker(id: &str, content: &str) -> String {
    format!("[3G*{id}*{:04X}*{content}]", content.len())
}

/// The content of an alarm with that status.
pub fn alarm(status: &str) -> String {
    format!("AL,031026,131415,V,0.0,N,0.0,E,0,0,0,0,80,64,0,0,{status},0,0")
}

/// A connection of a watch.
pub struct Watch(TcpStream);

impl Watch {
    /// Connects from this machine's usual address.
    pub async fn connect(to: SocketAddr) -> Self {
        Self::connect_from(1, to).await
    }

    /// Connects from 127.0.0.`from`.
    pub async fn connect_from(from: u8, to: SocketAddr) -> Self {
        Self::try_connect_from(from, to).await.expect("the port is open")
    }

    /// The same, and may fail.
    pub async fn try_connect_from(from: u8, to: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4 * 1024)?;
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, from)), 0))?;
        let stream = socket.connect(to).await?;
        // A byte that is to go alone goes alone.
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Sends bytes.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_say(bytes).await.expect("the connection stands");
    }

    /// The same, and may fail.
    pub async fn try_say(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.0.write_all(bytes.as_ref()).await
    }

    /// Reads these bytes and no others.
    pub async fn hear(&mut self, want: impl AsRef<[u8]>) {
        let want = want.as_ref();
        let mut got = vec![0; want.len()];
        let read = soon("the watch is answered", self.0.read_exact(&mut got)).await;
        read.unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&got)));
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(want));
    }

    /// Reads until these bytes came; `None` when the connection ended before.
    pub async fn until_heard(&mut self, want: &[u8]) -> Option<()> {
        let mut got = Vec::new();
        while !got.windows(want.len()).any(|window| window == want) {
            if self.0.read_buf(&mut got).await.ok()? == 0 {
                return None;
            }
        }
        Some(())
    }

    /// Reads so many bytes.
    pub async fn take(&mut self, count: usize) -> Vec<u8> {
        let mut got = vec![0; count];
        soon("the watch is answered", self.0.read_exact(&mut got)).await.expect("the connection stands");
        got
    }

    /// Waits until it is closed, however long that takes, and gives what still came.
    pub async fn until_closed(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A connection that is cut off instead of closed is closed too.
        let _ = self.0.read_to_end(&mut rest).await;
        rest
    }
}
