//! One HTTP POST: a connection of its own, a deadline outside of it, a bounded answer, and no redirects.
//!
//! Constraints:
//! - No connection is kept: alarms are seldom, and one that was left open is dead when it is needed.
//! - TLS believes the authorities of one file, read anew each time, and nobody else.
//! - Path, headers and body are private: an error says host and port and no more.

use std::path::PathBuf;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::channel::{Ailment, Failure};
use super::letters::Setback;
use crate::broker::{TlsFileError, believing};
use crate::config::web::WebUrl;
use crate::limits::channels::{POST_ANSWER_BYTES_MAX, POST_HEAD_BYTES_MAX};
use crate::private::Private;

/// A web server, and whom we believe it to be.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where it listens, and what is posted to.
    pub url: WebUrl,
    /// PEM file of the authorities that may have signed its certificate, for `https://`.
    pub ca_file: PathBuf,
}

/// What is posted.
#[derive(Debug, Default)]
pub(super) struct Post {
    /// Besides `Host`, `Content-Type` and the length.
    pub(super) headers: Vec<(&'static str, Private<String>)>,
    /// JSON.
    pub(super) body: Vec<u8>,
}

/// What a server answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
enum PostError {
    #[error("{0}")]
    CaFile(#[from] TlsFileError),
    #[error("no connection to {to} ({why}): is there a network, and are name and port right?")]
    NotThere { to: String, why: std::io::Error },
    #[error("no encrypted connection to {to} ({why}): is the clock right, and is the authority in ca_file theirs?")]
    Tls { to: String, why: std::io::Error },
    #[error("what answers at {to} does not speak HTTP as it should ({why})")]
    Http { to: String, why: String },
    #[error("a header holds signs that none may: look at the secret's file")]
    Header,
}

impl Server {
    /// Posts, and waits for the answer. The caller bounds the time.
    pub(super) async fn post(&self, post: Post) -> Result<Answer, Setback> {
        let sent = async {
            let request = self.request(post)?;
            let stream = self.connect().await?;
            if self.url.tls {
                self.exchange(self.encrypt(stream).await?, request).await
            } else {
                self.exchange(stream, request).await
            }
        };
        sent.await.map_err(|why: PostError| why.into())
    }

    /// Connects, and sends nothing.
    pub(super) async fn probe(&self) -> Result<(), Setback> {
        let connected = async {
            let stream = self.connect().await?;
            if self.url.tls {
                self.encrypt(stream).await?;
            }
            Ok(())
        };
        connected.await.map_err(|why: PostError| why.into())
    }

    fn request(&self, post: Post) -> Result<Request<Full<Bytes>>, PostError> {
        let mut request = Request::post(self.url.target.reveal().as_str())
            .header(HOST, self.url.authority())
            .header(CONTENT_TYPE, "application/json; charset=utf-8");
        for (name, value) in post.headers {
            let mut value = HeaderValue::from_str(value.reveal()).map_err(|_| PostError::Header)?;
            value.set_sensitive(true);
            request = request.header(HeaderName::from_static(name), value);
        }
        request.body(Full::new(Bytes::from(post.body))).map_err(|_| PostError::Header)
    }

    async fn connect(&self) -> Result<TcpStream, PostError> {
        let not_there = |why| PostError::NotThere { to: self.url.authority(), why };
        let stream = TcpStream::connect((self.url.host.as_str(), self.url.port)).await.map_err(not_there)?;
        stream.set_nodelay(true).map_err(not_there)?;
        Ok(stream)
    }

    async fn encrypt(
        &self,
        stream: TcpStream,
    ) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>, PostError> {
        let failed = |why| PostError::Tls { to: self.url.authority(), why };
        let connector = TlsConnector::from(believing(&self.ca_file).await?);
        let name = ServerName::try_from(self.url.host.clone()).map_err(|why| failed(std::io::Error::other(why)))?;
        connector.connect(name, stream).await.map_err(failed)
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, PostError> {
        let broken = |why: &dyn std::fmt::Display| PostError::Http { to: self.url.authority(), why: why.to_string() };
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(POST_HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|why| broken(&why))?;
        // What it ends with shows at the sender too.
        let _connection = AbortOnDropHandle::new(tokio::spawn(async move { drop(connection.await) }));
        let answer = sender.send_request(request).await.map_err(|why| broken(&why))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), POST_ANSWER_BYTES_MAX).collect().await;
        Ok(Answer { status, body: body.map_err(|why| broken(&why))?.to_bytes() })
    }
}

impl From<PostError> for Setback {
    fn from(error: PostError) -> Self {
        let ailment = match error {
            PostError::Header => Ailment::NotLetIn,
            _ => Ailment::NotThere,
        };
        Setback::trouble(ailment, error.to_string())
    }
}

impl Answer {
    /// Whether the server took it, by its status alone.
    ///
    /// # Errors
    /// A refusal, or trouble that another try may mend.
    pub(super) fn judge(&self) -> Result<(), Setback> {
        let why = format!("the server answered {}", self.status.as_u16());
        let (failure, ailment) = match self.status.as_u16() {
            200..=299 => return Ok(()),
            // Too early, too slow, too much: the letter is not to blame, and neither is the way.
            408 | 425 | 429 => (Failure::Trouble, None),
            // Not let in, nothing there, or moved away: it would be the same for every letter.
            300..=399 | 401 | 403 | 404 | 405 | 407 | 410 => (Failure::Refused, Some(Ailment::NotLetIn)),
            400..=499 => (Failure::Refused, None),
            _ => (Failure::Trouble, Some(Ailment::NotThere)),
        };
        Err(Setback { failure, ailment, why })
    }
}
