//! `shouwang demo`: a morning in a made-up village, in which everything but the people is real.
//!
//! ```text
//!  story ──▶ air, hub ──▶ broker, pty ──▶ the gateway ──▶ line ──▶ county's broker ──▶ the county ──▶ its page
//!    │         (frames)                     │   ▲                        │
//!    └──▶ neighbours ───────control socket──┘───┘                        └──▶ wire (counts by itself)
//! ```
//!
//! - The gateway, the county and its page are the daemon's and the console's own code, started as their verbs start them.
//! - **One clock for all**: gateway, county, story and telling share one `Tempo`; what is told as *real time* is measured
//!   by the kernel's clock between the device's word and what passes at the county's broker.
//! - What is counted at the end is counted apart: raised by the gateway's records, received by the county's database,
//!   receipts by a listener on the wire between them.

mod broker;

mod link;

mod hub;

mod client;

mod air;

mod wire;

mod village;

mod story;

mod news;

mod teller;

mod scene;

mod station;

mod script;

mod morning;

mod tally;

pub use morning::{DemoError, Settings, run};
pub use tally::Tally;
pub use teller::Stage;
