//! PUBACKs in the order of receipt, each when it is due.
//!
//! MQTT 5.0 section 4.6 wants PUBACKs in the order of the PUBLISHes, so a routine message, ready at once, does not
//! overtake an urgent one that waits for the disk. But the order must not become a way to fall silent: a broker
//! sends only so many messages ahead of their PUBACKs, and if a broken disk held those back for ever, no help call
//! could come in. So the wait is bounded, what is not durable by then is *withheld* (the broker keeps it for the
//! next connection, and those behind it go on), and of the withheld only so many are kept back: people were told
//! of each, and hearing the next one is worth more than being told of the first a second time.

use std::collections::VecDeque;
use std::sync::Arc;

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::limits::{PUBACK_PATIENCE, PUBACK_WITHHELD_MAX};
use crate::source::counters::{Counters, Scope};
use crate::source::lanes::Acknowledged;

/// A PUBACK that is owed.
#[derive(Debug)]
pub(super) struct Ticket {
    pkid: u16,
    qos: QoS,
    ready: Ready,
}

/// When a PUBACK is due.
#[derive(Debug)]
pub(super) enum Ready {
    /// At once.
    Now,
    /// When the station says that it is on disk.
    OnDisk { kept: Acknowledged, received: Instant },
}

impl Ticket {
    pub(super) const fn new(publish: &Publish, ready: Ready) -> Self {
        Self { pkid: publish.pkid, qos: publish.qos, ready }
    }
}

/// Gives PUBACKs until no more tickets come. A task of its own, because it may wait for room in the client, which
/// the pump must never do.
pub(super) async fn in_order(
    mut tickets: mpsc::Receiver<Ticket>,
    client: AsyncClient,
    counters: Arc<Counters>,
    source: Scope,
) {
    let mut withheld: VecDeque<(u16, QoS)> = VecDeque::with_capacity(PUBACK_WITHHELD_MAX + 1);
    while let Some(Ticket { pkid, qos, ready }) = tickets.recv().await {
        let durable = match ready {
            Ready::Now => true,
            Ready::OnDisk { kept, received } => {
                matches!(timeout_at(received + PUBACK_PATIENCE, kept).await, Ok(Ok(_)))
            }
        };
        let due = if durable {
            Some((pkid, qos))
        } else {
            if counters.add(source, "puback_withheld", "") == 1 {
                warn!(source = %source, "an urgent message is not on disk in time; the broker is to deliver it again");
            }
            withheld.push_back((pkid, qos));
            if withheld.len() > PUBACK_WITHHELD_MAX {
                counters.add(source, "puback_given_up", "");
                withheld.pop_front()
            } else {
                None
            }
        };
        if let Some((pkid, qos)) = due {
            // The client looks at packet id and QoS only.
            let publish = Publish { pkid, qos, ..Publish::default() };
            if client.ack(&publish).await.is_err() {
                // The connection has ended, and the session with all it owes is the broker's.
                return;
            }
        }
    }
}
