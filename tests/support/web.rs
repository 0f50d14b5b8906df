//! A web server that writes down what is posted to it, and answers what the test says.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use serde_json::Value;
use shouwang::notify::webhook::Server;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// What was posted.
#[derive(Debug, Clone)]
pub struct Posted {
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Posted {
    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).expect("the header is there").to_str().expect("the header is text")
    }

    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// What is answered: a status, headers and a body. None: nothing, ever.
pub type Reply = Option<(u16, &'static [(&'static str, &'static str)], &'static str)>;

/// The server.
pub struct WebServer {
    address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
    reply: Arc<Mutex<Reply>>,
    _task: AbortOnDropHandle<()>,
}

impl WebServer {
    /// Listens on a free port, and answers 200 with this body.
    pub async fn start(body: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let posted = Arc::new(Mutex::new(Vec::new()));
        let reply = Arc::new(Mutex::new(Some((200, &[] as &[_], body))));
        let (notes, told) = (Arc::clone(&posted), Arc::clone(&reply));
        let answer = async move |uri: Uri, headers: HeaderMap, body: Bytes| {
            notes.lock().expect("unpoisoned").push(Posted { uri, headers, body });
            let reply: Reply = *told.lock().expect("unpoisoned");
            let Some((status, headers, body)) = reply else { std::future::pending().await };
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            for (name, value) in headers {
                response.headers_mut().insert(*name, value.parse().expect("a header"));
            }
            response
        };
        let router = Router::new().fallback(answer);
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the server runs");
        }));
        Self { address, posted, reply, _task: task }
    }

    /// From here on it answers this.
    pub fn answers(&self, reply: Reply) {
        *self.reply.lock().expect("unpoisoned") = reply;
    }

    /// What was posted so far.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().expect("unpoisoned").clone()
    }

    /// As channels are told of it, under this path.
    pub fn at(&self, target: &str) -> Server {
        server(&format!("http://{}{target}", self.address), PathBuf::new())
    }
}

/// A server at this address.
pub fn server(url: &str, ca_file: PathBuf) -> Server {
    Server { url: url.parse().expect("an address"), ca_file }
}
