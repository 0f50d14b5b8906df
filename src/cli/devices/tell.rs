//! `shouwang devices tell`: ring, measure, report more often, for devices that keep a connection.

use std::process::ExitCode;

use clap::Subcommand;

use crate::cli::socket::{Socket, unexpected};
use crate::control::protocol::{Body, ErrandAnswer, Reply, Request};
use crate::core::errand::Errand;
use crate::core::id::DeviceId;
use crate::words;

/// 让设备做一件事 · Tells a device to do something
#[derive(Debug, Clone, clap::Args)]
pub struct Tell {
    /// 设备编号 · The device's id
    device: DeviceId,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// 响铃,好找到它 · Ring, so that it can be found
    Find,
    /// 现在测心率 · Measure the heart rate at once
    HeartRate,
    /// 每隔多少秒报一次位置;越密越费电 · Report the position every so many seconds; the more often, the sooner it must be charged
    Every {
        /// 秒 · Seconds
        #[arg(value_parser = clap::value_parser!(u32).range(10..=86_400))]
        seconds: u32,
    },
}

pub(super) fn tell(socket: &Socket, tell: &Tell) -> ExitCode {
    let errand = match tell.what {
        What::Find => Errand::Find,
        What::HeartRate => Errand::MeasureHeartRate,
        What::Every { seconds } => Errand::ReportEvery { seconds },
    };
    match socket.ask(&Request::Tell { device: tell.device, errand }) {
        Err(code) => code,
        Ok(Reply { body: Body::Errand(answer), .. }) => {
            let lang = socket.lang();
            println!("{}", why(answer).say(lang));
            if answer == ErrandAnswer::Sent { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Ok(_) => unexpected(),
    }
}

const fn why(answer: ErrandAnswer) -> words::Both {
    match answer {
        ErrandAnswer::Sent => words::device::ERRAND_SENT,
        ErrandAnswer::NotConnected => words::device::NOT_CONNECTED,
        ErrandAnswer::HasNone => words::device::NO_SUCH_ERRAND,
        ErrandAnswer::NotEnrolled => words::device::NO_SUCH_DEVICE,
    }
}
