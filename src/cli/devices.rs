//! `shouwang devices`: every device's standing, what is heard on the air, and the faults.

use std::process::ExitCode;

use clap::ValueEnum;

use super::socket::{Socket, print_json, unexpected};
use crate::control::protocol::{Body, DeviceRow, HeardRow, Reply, Request};
use crate::core::condition::Condition;
use crate::core::time::Moment;
use crate::words::{self, Lang, Say as _};

/// 查看设备、收到的信号和故障 · Lists devices, what is heard on the air, and faults
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    /// 列出什么 · What to list
    #[arg(value_enum, default_value = "list")]
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// 所有已登记的设备 · Every enrolled device
    List,
    /// 收到的信号,未登记的在前 · What was heard on the air, the unassigned first
    Heard,
    /// 有故障或连不上的设备 · Devices with a fault, and what cannot be reached
    Faults,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let request = if args.what == What::Heard { Request::Heard } else { Request::Devices };
    let lang = args.socket.lang();
    match args.socket.ask(&request) {
        Err(code) => code,
        Ok(Reply { body: Body::Heard(heard), .. }) => {
            if args.socket.json {
                print_json(&heard);
            } else {
                if heard.is_empty() {
                    println!("{}", words::device::NOTHING_HEARD.say(lang));
                }
                for row in &heard {
                    print_heard(row, lang);
                }
            }
            ExitCode::SUCCESS
        }
        Ok(Reply { now, body: Body::Devices(mut devices) }) => {
            if args.what == What::Faults {
                devices.retain(|row| !row.removed && (row.fault.is_some() || !row.reachable));
            }
            if args.socket.json {
                print_json(&devices);
            } else {
                for row in &devices {
                    print_device(row, now, lang);
                }
            }
            ExitCode::SUCCESS
        }
        Ok(_) => unexpected(),
    }
}

fn print_device(row: &DeviceRow, now: Moment, lang: Lang) {
    use words::device as say;
    let whose = row.resident.map_or_else(|| "-".to_owned(), |resident| resident.to_string());
    let heard = match row.heard {
        Some(at) => words::time::span(now.mono.since(at.mono), lang),
        None => say::NEVER_HEARD.say(lang).to_owned(),
    };
    let mut battery = row.battery.map_or_else(String::new, |percent| format!(" · {percent} %"));
    if let Some(outlook) = row.outlook {
        battery = format!("{battery} · {}", say::outlook(outlook, lang));
    }
    let standing = match (&row.fault, row.reachable, row.removed) {
        (_, _, true) => say::REMOVED.say(lang).to_owned(),
        (Some(fault), _, _) => {
            let fault = Condition::from_word(fault).map_or("?", |fault| fault.say(lang));
            row.why.map_or_else(|| fault.to_owned(), |why| format!("{fault}({})", why.say(lang)))
        }
        (None, false, _) => say::UNREACHABLE.say(lang).to_owned(),
        (None, true, _) => String::new(),
    };
    println!("{:<12} {:<10} {:<10} {heard}{battery} {standing}", row.id, row.role, whose);
}

fn print_heard(row: &HeardRow, lang: Lang) {
    let whose = match row.device {
        Some(device) => device.to_string(),
        None => words::device::NOT_ENROLLED.say(lang).to_owned(),
    };
    let heard = row.heard_s_ago.map_or_else(
        || words::device::NEVER_HEARD.say(lang).to_owned(),
        |seconds| words::time::span(std::time::Duration::from_secs(seconds), lang),
    );
    let model = row.model.as_deref().unwrap_or("");
    println!(
        "{whose:<12} {:<12} {} · {} × · {heard} · {} {model}",
        row.format,
        row.address,
        row.count,
        row.kinds.join(" ")
    );
}
