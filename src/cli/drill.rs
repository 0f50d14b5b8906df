//! `shouwang drill` and `shouwang test`: a call that is none, the whole way, marked as such everywhere.

use std::process::ExitCode;

use super::socket::Socket;
use crate::core::effect::Order;
use crate::core::id::{HomeId, ResidentId, ResponderId};

/// 发起演练 · Raises a drill
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    /// 如同这位老人求助 · As if this resident had called
    #[arg(long, value_parser = |text: &str| text.parse::<ResidentId>().map_err(|error| error.to_string()))]
    resident: ResidentId,
}

/// 测试一户的设备:10 分钟内第一次按下只通知测试人(CARE-RULES 19) · Tests a home's devices: the first press goes to the tester alone
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    #[command(flatten)]
    socket: Socket,
    /// 哪一户 · Which home
    home: HomeId,
    /// 测试人:village.toml 里的编号 · The tester: an id from village.toml
    #[arg(long)]
    by: ResponderId,
}

/// Opens a test window.
#[must_use]
pub fn test(args: &TestArgs) -> ExitCode {
    args.socket.order(Order::Test { home: args.home, by: args.by })
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    args.socket.order(Order::Drill { resident: args.resident })
}
