//! `shouwang alarms`: what is open, and what people do about it.

use std::process::ExitCode;

use clap::Subcommand;

use super::argument::disposition;
use super::socket::{Socket, print_json};
use crate::core::alarm::life_cycle::State;
use crate::core::alarm::{Alarm, Disposition};
use crate::core::effect::Order;
use crate::core::id::{HomeId, ResponderId};
use crate::core::time::Moment;
use crate::words::{self, Lang, Say as _};

/// 查看报警,以某人的名义接单、到场、办结 · Lists alarms; accepts, sets on site and closes them in a person's name
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    #[command(subcommand)]
    what: Option<What>,
    /// 也列出最近办结的 · Closed ones of late too
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 接单:有人去 · Somebody goes
    Accept(Named),
    /// 退单:去不了了 · They cannot go after all
    Withdraw(Named),
    /// 到场 · Somebody has arrived
    Onsite {
        #[command(flatten)]
        named: Named,
        /// 门内卡片上的号码,报得出则记为已核实 · The code on the card inside of the door; with it the arrival is proven
        #[arg(long, value_name = "CODE")]
        door: Option<String>,
    },
    /// 办结,或说明为何没有办成 · It ended, or did not
    Close {
        #[command(flatten)]
        named: Named,
        /// 处置结果 · How it ended
        #[arg(long = "as", value_parser = disposition())]
        disposition: Disposition,
        /// 与本人的通话,几个字,不写姓名 · The conversation with the resident, in a few words without names
        #[arg(long, default_value = "")]
        spoke: String,
    },
    /// 正忙:马上叫下一位 · Busy: the next rung at once
    Busy(Named),
    /// 需要 120;要由人拨打 · An ambulance is needed; a person has to dial
    Need120(Named),
    /// 120 已拨出 · Somebody has dialled 120
    Dialled120(Named),
    /// 警号静音一段时间,呼叫继续 · Silences the siren for this alarm for a while; the calls go on
    Mute(Named),
    /// 确认:有人处理这个故障 · Somebody takes care of a fault
    Acknowledge(Named),
    /// 加备注 · Adds a remark
    Note {
        #[command(flatten)]
        named: Named,
        /// 内容,不写姓名 · The words, without names
        #[arg(long)]
        text: String,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// 报警编号,或只符合一个未办结报警的一段 · The alarm's id, or a part that fits only one open alarm, as resident-r04.help_call
    alarm: String,
    /// 谁:village.toml 里的编号 · Who: an id from village.toml
    #[arg(long)]
    by: ResponderId,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let socket = &args.socket;
    let Some(what) = &args.what else { return list(socket, args.all) };
    let named = match what {
        What::Accept(named)
        | What::Busy(named)
        | What::Need120(named)
        | What::Dialled120(named)
        | What::Mute(named)
        | What::Withdraw(named)
        | What::Onsite { named, .. }
        | What::Acknowledge(named)
        | What::Close { named, .. }
        | What::Note { named, .. } => named,
    };
    let (alarm, by) = match socket.find(&named.alarm) {
        Ok(alarm) => (alarm, named.by),
        Err(code) => return code,
    };
    if let What::Onsite { door, .. } = what {
        return socket.order_at_the_door(Order::OnSite { alarm, by, door: None }, door.clone());
    }
    socket.order(match what {
        What::Accept(_) => Order::Accept { alarm, by },
        What::Withdraw(_) => Order::Withdraw { alarm, by },
        What::Busy(_) => Order::Busy { alarm, by },
        What::Need120(_) => Order::Want120 { alarm, by },
        What::Dialled120(_) => Order::Dialled120 { alarm, by },
        What::Mute(_) => Order::Mute { alarm, by },
        What::Onsite { .. } => Order::OnSite { alarm, by, door: None },
        What::Acknowledge(_) => Order::Acknowledge { alarm, by: Some(by) },
        What::Close { disposition, spoke, .. } => {
            Order::Close { alarm, by: Some(by), disposition: *disposition, conversation: spoke.clone() }
        }
        What::Note { text, .. } => Order::Note { alarm, by: Some(by), text: text.clone() },
    })
}

fn list(socket: &Socket, all: bool) -> ExitCode {
    let (now, alarms) = match socket.alarms(all) {
        Ok(answer) => answer,
        Err(code) => return code,
    };
    if socket.json {
        print_json(&alarms.into_iter().map(crate::relay::message::AlarmBody::from).collect::<Vec<_>>());
        return ExitCode::SUCCESS;
    }
    let lang = socket.lang();
    if alarms.is_empty() {
        println!("{}", words::shell::NOTHING_OPEN.say(lang));
    }
    for alarm in &alarms {
        println!("{}", line(alarm, now, lang));
    }
    ExitCode::SUCCESS
}

/// One alarm in one line: how urgent, what, whose, where it stands and for how long, and its id.
fn line(alarm: &Alarm, now: Moment, lang: Lang) -> String {
    let priority = alarm.priority.say(lang);
    let condition = alarm.id.condition.say(lang);
    let age = words::time::span(now.mono.since(alarm.id.onset), lang);
    let state = words::alarm::state(&alarm.state, alarm.id.condition, lang);
    let who = match alarm.state {
        State::Accepted { by, .. } | State::OnSite { by, .. } => format!(" {by}"),
        State::PreAlarm { .. } | State::Raised { .. } | State::Closed { .. } => String::new(),
    };
    let marks = [
        (alarm.id.drill, words::alarm::DRILL),
        (!alarm.durable, words::alarm::UNDURABLE),
        (alarm.visit_due, words::alarm::VISIT_DUE),
    ];
    let arrival = alarm.present().map(|arrival| (true, words::alarm::arrival(arrival.proven)));
    let marks: Vec<&str> = marks.iter().chain(&arrival).filter(|(is, _)| *is).map(|(_, mark)| mark.say(lang)).collect();
    let marks = if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join("] [")) };
    let home = alarm.home.map(|home| format!(" {home}")).unwrap_or_default();
    let room = alarm.room.map(|room| format!(" {}", words::device::room(&room, lang))).unwrap_or_default();
    let place = format!("{}{home}{room}", alarm.id.subject);
    let homes: Vec<String> = alarm.homes.iter().map(HomeId::to_string).collect();
    let extent =
        words::power::extent(alarm.left, &homes, lang).map(|extent| format!("\n    {extent}")).unwrap_or_default();
    format!("[{priority}] {condition} · {place} · {state}{who} · {age}{marks}{extent}\n    {}", alarm.id)
}
