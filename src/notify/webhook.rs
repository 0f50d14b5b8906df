//! A webhook: one signed POST a notice, to whatever program the village or the township runs.
//!
//! ```text
//! POST /…                                    Content-Type: application/json; charset=utf-8
//! Idempotency-Key: st1.….help_call/9f3a61c08b24d75e-41
//! X-Shouwang-Timestamp: 1795317125           seconds since 1970; 0 while this box's clock is unset
//! X-Shouwang-Signature: v1=6f0c…             HMAC-SHA256 over "1795317125." and the body, in hexadecimal
//! ```
//!
//! Constraints:
//! - The time is signed with the body, so that a receiver can refuse what somebody recorded and sends again.
//! - Any 2xx is taken for *sent*, and nothing of the answer is believed beyond that.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::body::{self, Run};
use super::channel::{Errand, Letter, Said};
use super::letters::{self, Carrier, Setback};
use super::post::Post;
use super::ready::{Around, NotReady};
use crate::config::channels::WebhookLink;
use crate::core::id::Slug;
use crate::private::Private;

pub use super::letters::Utc;
pub use super::post::Server;

/// A webhook as it is configured.
#[derive(Clone)]
pub struct Settings {
    /// The channel's name, for the journal.
    pub name: Slug,
    /// To whom is posted.
    pub server: Server,
    /// The secret that both ends share.
    pub secret: Private<String>,
    /// The wall time.
    pub utc: Utc,
}

impl Settings {
    /// As it is configured, with its secrets.
    pub(super) fn of(name: Slug, link: &WebhookLink, around: &Around) -> Result<Self, NotReady> {
        let server = around.server(&link.url, &link.ca_file)?;
        Ok(Self { name, server, secret: around.read(&link.secret)?, utc: around.utc.clone() })
    }
}

/// Posts until `stop`, or until nobody gives errands any more.
pub async fn run(
    settings: Settings,
    errands: mpsc::Receiver<Errand>,
    said: mpsc::Sender<Said>,
    stop: CancellationToken,
) {
    let name = settings.name;
    let webhook = Webhook { settings, run: Run(letters::random()) };
    letters::run(name, webhook, errands, said, stop).await;
}

struct Webhook {
    settings: Settings,
    run: Run,
}

impl Carrier for Webhook {
    async fn carry(&mut self, errand: &Errand, letter: &Letter) -> Result<(), Setback> {
        let id = self.run.id(errand, letter);
        let sent = (self.settings.utc)();
        let body = body::json(errand, letter, &id, sent);
        let timestamp = sent.unwrap_or(0).to_string();
        let signature = format!("v1={}", signature(self.settings.secret.reveal(), &timestamp, &body));
        let headers = vec![
            ("idempotency-key", Private::new(id)),
            ("x-shouwang-timestamp", Private::new(timestamp)),
            ("x-shouwang-signature", Private::new(signature)),
        ];
        self.settings.server.post(Post { headers, body }).await?.judge()
    }

    async fn probe(&mut self) -> Result<(), Setback> {
        self.settings.server.probe().await
    }
}

/// The signature in hexadecimal.
fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    for piece in [timestamp.as_bytes(), b".", body] {
        mac.update(piece);
    }
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        // A string takes whatever is written to it.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `printf '1795317125.{"schema":1}' | openssl dgst -sha256 -hmac made-up`.
    #[test]
    fn a_signature_is_the_one_that_another_program_makes() {
        let made = signature("made-up", "1795317125", b"{\"schema\":1}");
        assert_eq!(made, "9a98339275ffbd77a55fe66f7ea6ebac2586837748aa49bd9e10963ccf774545");
    }
}
