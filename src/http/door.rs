//! The front door of a page: how many connections stand open at a time, for how long a silent one does, and TLS where it is wanted.
//!
//! TLS is agreed on beside the accepting, so that whoever connects and says nothing holds up nobody but themselves.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::limits::web::{GREETING_TIME, SILENCE_MAX};

/// A listener that takes no further connection while all places are taken.
pub struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    seal: Option<TlsAcceptor>,
    greeting: JoinSet<Option<(Guest, SocketAddr)>>,
}

impl Door {
    /// With so many places, and without TLS.
    #[must_use]
    pub fn new(listener: TcpListener, places: usize) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(places)), seal: None, greeting: JoinSet::new() }
    }

    /// The same with TLS.
    #[must_use]
    pub fn sealed(self, seal: TlsAcceptor) -> Self {
        Self { seal: Some(seal), ..self }
    }
}

impl Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        loop {
            let (place, stream, from) = tokio::select! {
                Some(greeted) = self.greeting.join_next() => match greeted {
                    Ok(Some(guest)) => return guest,
                    _ => continue,
                },
                come = come(&self.places, &mut self.listener) => come,
            };
            let Some(seal) = self.seal.clone() else { return (Guest::new(Line::Plain(stream), place), from) };
            self.greeting.spawn(async move {
                let stream = timeout(GREETING_TIME, seal.accept(stream)).await.ok()?.ok()?;
                Some((Guest::new(Line::Sealed(Box::new(stream)), place), from))
            });
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The next connection, once there is a place for it.
async fn come(places: &Arc<Semaphore>, listener: &mut TcpListener) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let place = places.clone().acquire_owned().await.expect("the places are never closed");
    // Waits a moment after a failure, such as too many open files, and tries again.
    let (stream, from) = Listener::accept(listener).await;
    (place, stream, from)
}

/// A connection with its place.
pub struct Guest {
    line: Line,
    silent: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

enum Line {
    Plain(TcpStream),
    Sealed(Box<TlsStream<TcpStream>>),
}

impl Guest {
    fn new(line: Line, place: OwnedSemaphorePermit) -> Guest {
        Guest { line, silent: Box::pin(sleep(SILENCE_MAX)), _place: place }
    }

    fn heard(&mut self) {
        self.silent.as_mut().reset(Instant::now() + SILENCE_MAX);
    }
}

impl AsyncRead for Guest {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_read(cx, to),
            Line::Sealed(stream) => Pin::new(stream).poll_read(cx, to),
        };
        if read.is_ready() {
            self.heard();
            return read;
        }
        ready!(self.silent.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)))
    }
}

impl AsyncWrite for Guest {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Line::Sealed(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        if written.is_ready() {
            self.heard();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Line::Sealed(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Line::Sealed(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
