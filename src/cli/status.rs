//! `shouwang status`: how the station itself is.

use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::socket::{Socket, print_json, unexpected};
use crate::control::protocol::{Body, Card, Reply, Request, Status};
use crate::core::id::{ResidentId, ResponderId};
use crate::core::station::RollCallStanding;
use crate::core::time::Moment;
use crate::core::watch::Watch;
use crate::words::{self, Lang, Say as _};

/// 查看本站状况 · Shows how the station is
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match args.socket.ask(&Request::Status) {
        Err(code) => code,
        Ok(Reply { now, body: Body::Status(status) }) => {
            if args.socket.json {
                print_json(&status);
            } else {
                print_text(now, &status, args.socket.lang());
                print_stops(now, &status, &args.socket);
            }
            ExitCode::SUCCESS
        }
        Ok(_) => unexpected(),
    }
}

/// People who are not watched come first.
fn print_text(now: Moment, status: &Status, lang: Lang) {
    use words::shell as say;
    println!("{} {}/{} · {}", say::STATION.say(lang), status.station, status.gateway, status.version);
    let missed =
        |(id, (watch, _)): &(&ResidentId, &(Watch, Moment))| *watch != Watch::Watched && !status.away.contains_key(*id);
    for (resident, (watch, since)) in status.residents.iter().filter(missed) {
        let age = words::time::span(now.mono.since(since.mono), lang);
        println!("  {resident}: {} · {age}", watch.say(lang));
    }
    let watched = status.residents.values().filter(|(watch, _)| *watch == Watch::Watched).count();
    println!("{}: {watched}/{}", Watch::Watched.say(lang), status.residents.len());
    if !status.away.is_empty() {
        println!("{}: {}", say::AWAY.say(lang), status.away.len());
    }
    println!("{}: {}", say::OPEN_ALARMS.say(lang), status.open_alarms);
    println!("{}: {}", words::village::REVISION.say(lang), status.village);
    if !status.village_refused.is_empty() {
        println!("{}", words::village::FILE_REFUSED.say(lang));
        for objection in &status.village_refused {
            println!("  {}", objection.sentence);
        }
    }
    print_roll_call(&status.roll_call, lang);
    let disk = if status.durable { say::DISK_WELL } else { say::DISK_FAILED };
    println!("{}", disk.say(lang));
    if let Some(card) = &status.card {
        print_card(card, lang);
    }
    println!("{}", words::power::supply(&status.power, lang));
    let county = match (status.relay_connected, status.county_online) {
        (false, _) => say::COUNTY_UNREACHABLE,
        (true, Some(false)) => say::COUNTY_DEAF,
        (true, Some(true)) => say::COUNTY_LISTENS,
        (true, None) => say::COUNTY_UNKNOWN,
    };
    println!("{}", county.say(lang));
    if let Some(trouble) = &status.county_trouble {
        println!("  {}", trouble.say(lang));
    }
    let proven = status.second_path_proven.map(|at| now.mono.since(at.mono));
    println!("{}", words::second::proven(proven, lang));
    for (source, up) in &status.sources {
        let state = if *up { say::SOURCE_UP } else { say::SOURCE_DOWN };
        println!("  {source}: {}", state.say(lang));
    }
    println!("{}", say::RECEIPTED.say(lang));
    for (lane, (head, receipted)) in &status.lanes {
        println!("  {lane}: {receipted}/{head}");
    }
    if status.relay_connected && status.lanes.get("alarm").is_some_and(|(head, receipted)| receipted < head) {
        println!("  {}", say::RECEIPTS_WAITED_FOR.say(lang));
    }
    for (counter, count) in status.counters.iter().filter(|(_, count)| **count > 0) {
        println!("  {counter}: {count}");
    }
}

/// How full the card is, and what was given up for want of room.
fn print_card(card: &Card, lang: Lang) {
    use words::card as say;
    println!("  {}", say::streams(card.urgent, card.routine, lang));
    println!("  {}", say::room(card.free_bytes, card.reserve_bytes, card.ballast, lang));
    if card.short {
        println!("  {}", say::SHORT.say(lang));
    }
    if card.index_failed {
        println!("  {}", say::INDEX_FAILED.say(lang));
    }
    if card.turns_dropped > 0 {
        println!("  {}", say::turns_dropped(card.turns_dropped, lang));
    }
}

/// Times in which nobody watched, on the village's clocks.
fn print_stops(now: Moment, status: &Status, socket: &Socket) {
    if status.stops.is_empty() {
        return;
    }
    let zone = socket.station().map_or_else(|_| TimeZone::system(), |station| station.zone);
    for stop in &status.stops {
        println!("{}", words::stop::line(stop, now, &zone, socket.lang()));
    }
}

/// Who is missing tonight; nothing before the first evening.
fn print_roll_call(standing: &RollCallStanding, lang: Lang) {
    use words::people as say;
    if standing.clock_unset {
        println!("{}", say::ROLL_CALL_NO_CLOCK.say(lang));
    }
    if standing.at.is_none() {
        return;
    }
    println!("{}", say::roll_call(standing.present.len(), standing.waiting.len(), standing.gaps.len(), lang));
    for (who, next) in &standing.gaps {
        println!("  {}", say::roll_call_gap(who.as_str(), next.as_ref().map(ResponderId::as_str), lang));
    }
}
