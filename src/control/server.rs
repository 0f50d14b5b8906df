//! The socket's listening side (tokio).

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::login;
use super::protocol::{Reply, Request};
use crate::core::id::Slug;
use crate::limits;

/// A request on its way to the station task, with the way back.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// Who asks, as far as the kernel knows.
    pub asker: Slug,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Reply>,
}

/// Opens the socket. A left-over socket of an earlier run is replaced; only its owner and group may open the new one.
///
/// # Errors
/// The directory is missing or not writable.
pub fn listen(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Serves the socket until told to stop.
pub async fn serve(listener: UnixListener, asked: mpsc::Sender<Asked>, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(limits::CONTROL_CONNECTIONS_MAX));
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    warn!(%error, "the control socket could not take a connection");
                    tokio::time::sleep(limits::CONTROL_ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            debug!("the control socket is busy: a connection was turned away");
            continue;
        };
        let asked = asked.clone();
        tokio::spawn(async move {
            let _slot = slot;
            let served = tokio::time::timeout(limits::CONTROL_CONNECTION_TIME, converse(stream, &asked)).await;
            if let Ok(Err(error)) = served {
                debug!(%error, "a control connection ended early");
            }
        });
    }
}

async fn converse(stream: UnixStream, asked: &mpsc::Sender<Asked>) -> std::io::Result<()> {
    let who = login::of_user(stream.peer_cred()?.uid());
    let (reading, mut writing) = stream.into_split();
    let bounded = reading.take(limits::CONTROL_REQUEST_BYTES_MAX);
    let mut line = String::new();
    BufReader::new(bounded).read_line(&mut line).await?;
    let text = match serde_json::from_str::<Request>(&line) {
        Err(error) => trouble(&format!("the request could not be read: {error}")),
        Ok(request) => {
            let (reply, answer) = oneshot::channel();
            let sent = asked.send(Asked { request, asker: who, reply }).await;
            match (sent, answer.await) {
                (Ok(()), Ok(reply)) => serde_json::to_string(&reply)?,
                _ => trouble("the station is stopping"),
            }
        }
    };
    writing.write_all(text.as_bytes()).await?;
    writing.write_all(b"\n").await?;
    writing.shutdown().await
}

fn trouble(sentence: &str) -> String {
    serde_json::json!({ "now": null, "body": { "trouble": sentence } }).to_string()
}
