//! The line to the county, which can be cut: a relay of bytes between the gateway and the county's broker.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// The line; it is gone when this is dropped.
#[derive(Debug)]
pub struct Link {
    port: u16,
    whole: watch::Sender<bool>,
    _task: AbortOnDropHandle<()>,
}

impl Link {
    /// Lays a line to that port of this machine.
    ///
    /// # Errors
    /// No port is free.
    pub async fn lay(to: u16) -> io::Result<Link> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (whole, state) = watch::channel(true);
        let task = tokio::spawn(async move {
            // A connection that could not be taken is tried again by the gateway.
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, to, state.clone()));
            }
        });
        Ok(Link { port, whole, _task: AbortOnDropHandle::new(task) })
    }

    /// Where the gateway finds it, on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the line or mends it. A cut ends every connection, and new ones at once.
    pub fn set_whole(&self, whole: bool) {
        self.whole.send_replace(whole);
    }
}

async fn carry(mut near: TcpStream, to: u16, mut whole: watch::Receiver<bool>) {
    let through = async {
        let mut far = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await?;
        // Small messages must not wait for each other's acknowledgements.
        far.set_nodelay(true)?;
        near.set_nodelay(true)?;
        copy_bidirectional(&mut near, &mut far).await
    };
    tokio::select! {
        _ = through => {}
        _ = whole.wait_for(|whole| !whole) => {}
    }
}
