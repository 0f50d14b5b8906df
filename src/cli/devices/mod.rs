//! `shouwang devices`: every device's standing, what is heard on the air, the faults; and enrolling, replacing, removing.

mod list;

mod enrol;

mod pair;

mod tell;

use std::process::ExitCode;

use clap::Subcommand;

use super::socket::Socket;

/// 查看、登记、更换、停用设备 · Lists devices and what is heard on the air; enrols, replaces and removes them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// 所有已登记的设备 · Every enrolled device
    List,
    /// 收到的信号,未登记的在前,附登记命令 · What was heard on the air, the unassigned first, with the command to enrol them
    Heard,
    /// 有故障或连不上的设备 · Devices with a fault, and what cannot be reached
    Faults,
    /// 登记一个设备 · Enrols a device
    Enrol(enrol::Enrol),
    /// 更换设备:编号、位置和历史不变 · Puts another thing in a device's place, which keeps its id, place and history
    Replace(enrol::Replace),
    /// 停用设备 · Takes a device out of service
    Remove(enrol::Remove),
    /// 让新的 Zigbee 设备入网 · Lets new Zigbee devices in
    Pair(pair::Pair),
    /// 让手表响铃、测心率、改上报间隔 · Tells a watch to ring, to measure, or how often to report
    Tell(tell::Tell),
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let socket = &args.socket;
    match args.what.as_ref().unwrap_or(&What::List) {
        What::List => list::devices(socket, false),
        What::Faults => list::devices(socket, true),
        What::Heard => list::heard(socket),
        What::Enrol(enrol) => enrol::enrol(socket, enrol),
        What::Replace(replace) => enrol::replace(socket, replace),
        What::Remove(remove) => enrol::remove(socket, remove),
        What::Pair(wish) => pair::pair(socket, wish),
        What::Tell(errand) => tell::tell(socket, errand),
    }
}
