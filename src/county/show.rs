//! The lists as text, a line a thing. Pure: rows and the time in, lines out.
//!
//! Everything has its age, and what is not known is said to be not known.

use serde_json::Value;

use super::board::{AlarmRow, DeviceRow, Listening, ResidentRow, StationRow};
use super::words::{self, Lang, ago};
use crate::core::alarm::Subject;
use crate::core::effect::Answer;
use crate::core::time::{Moment, Trust};
use crate::core::watch::Watch;
use crate::relay::message::{AlarmBody, CommandResult, DeviceState, ResultMessage};

/// First line when the service does not listen: every list below it is old.
#[must_use]
pub fn deaf(listening: Listening, now_ms: i64, lang: Lang) -> Option<String> {
    let age = listening.deaf_for(now_ms)?;
    Some(match (listening.last_ms, lang) {
        (None, Lang::Zh) => "! 县级服务从未接收:以下内容不可作为现状".to_owned(),
        (None, Lang::En) => "! the county service has never listened: this is not how things stand".to_owned(),
        (Some(_), Lang::Zh) => format!("! 县级服务已 {} 未接收:以下是当时的情况", words::span(age, lang)),
        (Some(_), Lang::En) => format!("! the county service has not listened for {}", words::span(age, lang)),
    })
}

/// A line for alarms that are not on the board because they were refused.
#[must_use]
pub fn refused_alarms(count: i64, lang: Lang) -> Option<String> {
    (count > 0).then(|| match lang {
        Lang::Zh => format!("! 另有 {count} 条报警消息读不懂或有冲突,已拒收并留存(数据库 rejects 表)"),
        Lang::En => format!("! {count} more alarm messages were refused and are kept in the table rejects"),
    })
}

/// Alarms, a line each.
#[must_use]
pub fn alarms(rows: &[AlarmRow], now_ms: i64, lang: Lang) -> Vec<String> {
    if rows.is_empty() {
        return vec![lang.pick("没有报警记录", "no alarms on record").to_owned()];
    }
    rows.iter().map(|row| alarm(row, now_ms, lang)).collect()
}

fn alarm(row: &AlarmRow, now_ms: i64, lang: Lang) -> String {
    let place = format!("{}/{}", row.station, row.gateway);
    let Some(body) = row.body() else {
        let id = row.record.get("id").and_then(Value::as_str).unwrap_or("?");
        let unread = lang.pick("本程序读不懂的报警,请看 --json", "an alarm this program cannot read, see --json");
        return format!("{unread} · {place} · {}  {id}", ago(now_ms - row.first_received_ms, lang));
    };
    let mut parts = vec![
        words::priority(body.priority, lang).to_owned(),
        words::condition(body.condition, lang).to_owned(),
        about(&body),
        place,
        occurred(&body, row, now_ms, lang),
        words::state(&body.state, lang).to_owned(),
    ];
    parts.extend(body.disposition.map(|how| words::disposition(how, lang).to_owned()));
    let marks = [
        (body.drill, lang.pick("演练", "drill")),
        (!body.durable, lang.pick("未能写入站内磁盘", "not durable at the station")),
        (body.visit_due, lang.pick("待探访", "visit due")),
    ];
    parts.extend(marks.iter().filter(|(is, _)| *is).map(|(_, mark)| format!("[{mark}]")));
    format!("{}  {}", parts.join(" · "), body.id)
}

/// Whom or what an alarm is about.
fn about(body: &AlarmBody) -> String {
    match body.id.subject {
        Subject::Resident(id) => id.to_string(),
        Subject::Device(id) => id.to_string(),
        Subject::Source(id) => id.to_string(),
        Subject::Stranger(id) => id.to_string(),
        Subject::Station => body.id.station.to_string(),
    }
}

/// When it occurred, by the station's clock if that can be trusted, else "at least" since the county knows.
fn occurred(body: &AlarmBody, row: &AlarmRow, now_ms: i64, lang: Lang) -> String {
    match body.clocks.occurred.or(body.clocks.detected) {
        Some(at) if at.trust == Trust::Synced => ago(now_ms - at.wall.0, lang),
        _ => format!("{} {}", lang.pick("至少", "at least"), ago(now_ms - row.first_received_ms, lang)),
    }
}

/// Devices, a line each.
#[must_use]
pub fn devices(rows: &[DeviceRow], now_ms: i64, lang: Lang) -> Vec<String> {
    if rows.is_empty() {
        return vec![lang.pick("没有设备记录", "no devices on record").to_owned()];
    }
    rows.iter().map(|row| device(row, now_ms, lang)).collect()
}

fn device(row: &DeviceRow, now_ms: i64, lang: Lang) -> String {
    let mut parts = vec![row.device.clone(), format!("{}/{}", row.station, row.gateway)];
    match serde_json::from_value::<DeviceState>(Value::Object(row.standing.clone())) {
        Ok(state) => {
            parts.push(match state.last_heard {
                None => lang.pick("从未收到", "never heard").to_owned(),
                Some(at) => {
                    let heard = lang.pick("最后收到", "last heard");
                    format!("{heard} {}", moment(at, row.received_ms, now_ms, lang))
                }
            });
            parts.extend(state.battery.map(|percent| format!("{} {percent}%", lang.pick("电量", "battery"))));
            parts.extend(state.days_left.map(|days| match lang {
                Lang::Zh => format!("约剩 {days} 天"),
                Lang::En => format!("about {days} days left"),
            }));
            parts.extend(state.fault.map(|fault| format!("{}:{fault}", lang.pick("故障", "fault"))));
        }
        Err(_) => parts.push(lang.pick("本程序读不懂,请看 --json", "cannot be read, see --json").to_owned()),
    }
    parts.join(" · ")
}

/// A gateway's moment as an age.
fn moment(at: Moment, received_ms: i64, now_ms: i64, lang: Lang) -> String {
    if at.trust == Trust::Synced {
        ago(now_ms - at.wall.0, lang)
    } else {
        format!("{} {}", lang.pick("至少", "at least"), ago(now_ms - received_ms, lang))
    }
}

/// Stations, silent ones first, each with the residents who are not fully watched.
#[must_use]
pub fn stations(rows: &[StationRow], now_ms: i64, lang: Lang) -> Vec<String> {
    if rows.is_empty() {
        return vec![lang.pick("没有照料站记录", "no stations on record").to_owned()];
    }
    let (silent, heard): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.silent);
    silent.into_iter().chain(heard).flat_map(|row| station(row, now_ms, lang)).collect()
}

fn station(row: &StationRow, now_ms: i64, lang: Lang) -> Vec<String> {
    let mut parts = vec![format!("{}/{}", row.station, row.gateway)];
    parts.push(match (row.first_heard_ms, row.heartbeat_ms) {
        (None, _) => lang.pick("未列入名单,不予接收", "not listed here, nothing is taken").to_owned(),
        (_, None) => lang.pick("尚无心跳", "no heartbeat yet").to_owned(),
        (_, Some(at)) => format!("{} {}", lang.pick("心跳", "heartbeat"), ago(now_ms - at, lang)),
    });
    if row.silent && row.first_heard_ms.is_some() {
        parts.push(format!("!{}", lang.pick("照料站失联", "station silent")));
    }
    if let (Some(false), Some(since)) = (row.online, row.online_since_ms) {
        parts.push(format!("{} {}", lang.pick("连接断开", "disconnected"), ago(now_ms - since, lang)));
    }
    let count = |watch| row.residents.iter().filter(|resident| resident.watch == watch).count();
    parts.extend(Watch::ALL.iter().map(|watch| format!("{} {}", words::watch(*watch, lang), count(*watch))));
    let unreceipted = row.heartbeat.as_ref().and_then(|heartbeat| heartbeat.get("oldest_unreceipted_s"));
    if let Some(seconds) = unreceipted.and_then(Value::as_i64).filter(|seconds| *seconds > 0) {
        let waiting = lang.pick("最早未回执", "oldest without receipt");
        parts.push(format!("{waiting} {}", ago(seconds.saturating_mul(1000), lang)));
    }
    let refused: i64 = row.refused.values().sum();
    if refused > 0 {
        parts.push(match lang {
            Lang::Zh => format!("拒收 {refused} 条"),
            Lang::En => format!("{refused} refused"),
        });
    }
    let unwatched = row.residents.iter().filter(|resident| resident.watch != Watch::Watched);
    let residents = unwatched.map(|resident| format!("    {}", resident_line(resident, row, now_ms, lang)));
    std::iter::once(parts.join(" · ")).chain(residents).collect()
}

/// A resident with since when: by the county's clock when the station is silent.
fn resident_line(resident: &ResidentRow, station: &StationRow, now_ms: i64, lang: Lang) -> String {
    let reported = resident.reported.get("since").and_then(|since| serde_json::from_value(since.clone()).ok());
    let since = match (station.silent, reported) {
        (true, _) => ago(now_ms - station.heartbeat_ms.unwrap_or(resident.received_ms), lang),
        (false, Some(at)) => moment(at, resident.received_ms, now_ms, lang),
        (false, None) => ago(now_ms - resident.received_ms, lang),
    };
    format!("{} {}({} {since})", resident.resident, words::watch(resident.watch, lang), lang.pick("自", "since"))
}

/// What became of a command: whether it was done, and a sentence.
#[must_use]
pub fn outcome(result: &ResultMessage, lang: Lang) -> (bool, String) {
    match &result.result {
        CommandResult::Answered(Answer::Done { alarm, state, .. }) => {
            (true, format!("{}: {alarm} · {}", lang.pick("已执行", "done"), words::state(state, lang)))
        }
        CommandResult::Answered(Answer::Open { alarms, more }) => (
            true,
            match lang {
                Lang::Zh => format!("未办结 {} 起", alarms.len() + more),
                Lang::En => format!("{} open", alarms.len() + more),
            },
        ),
        CommandResult::Answered(Answer::Noted { reason, .. }) => {
            (false, format!("{}: {}", lang.pick("未执行,已记为备注", "not done, kept as a note"), reason))
        }
        CommandResult::Answered(Answer::Refused { reason }) => {
            (false, format!("{}: {reason}", lang.pick("未执行", "not done")))
        }
        CommandResult::NotRun { not_run } => (false, format!("{}: {not_run}", lang.pick("未执行", "not done"))),
    }
}
