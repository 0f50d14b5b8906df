//! `shouwang drill`: a call that is none, the whole way, marked as a drill everywhere.

use std::process::ExitCode;

use super::socket::Socket;
use crate::core::effect::Order;
use crate::core::id::ResidentId;

/// 发起演练 · Raises a drill
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    /// 如同这位老人求助 · As if this resident had called
    #[arg(long, value_parser = |text: &str| text.parse::<ResidentId>().map_err(|error| error.to_string()))]
    resident: ResidentId,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    args.socket.order(Order::Drill { resident: args.resident })
}
