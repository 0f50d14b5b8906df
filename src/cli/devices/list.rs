//! The lists: every device's standing, the faults, and what is heard on the air.

use std::process::ExitCode;
use std::time::Duration;

use crate::cli::socket::{Socket, print_json, unexpected};
use crate::control::protocol::{Body, DeviceRow, HeardRow, Reply, Request};
use crate::core::condition::Condition;
use crate::core::roster::Role;
use crate::core::time::Moment;
use crate::words::{self, Lang, Say as _};

/// Kinds of words by which a thing's role can be guessed, gravest first.
const ROLES: [(&str, Role); 10] = [
    ("sos", Role::Sos),
    ("fall", Role::Fall),
    ("smoke", Role::Smoke),
    ("gas", Role::Gas),
    ("co", Role::Co),
    ("leak", Role::Leak),
    ("bed", Role::Bed),
    ("contact", Role::Door),
    ("presence", Role::Presence),
    ("motion", Role::Motion),
];

/// Every device, or those with a fault.
pub fn devices(socket: &Socket, faults_only: bool) -> ExitCode {
    let (now, mut devices) = match socket.ask(&Request::Devices) {
        Err(code) => return code,
        Ok(Reply { now, body: Body::Devices(devices) }) => (now, devices),
        Ok(_) => return unexpected(),
    };
    if faults_only {
        devices.retain(|row| !row.removed && !row.free && (row.fault.is_some() || !row.reachable));
    }
    if socket.json {
        print_json(&devices);
    } else {
        for row in &devices {
            print_device(row, now, socket.lang());
        }
    }
    ExitCode::SUCCESS
}

/// What was heard, strangers first, the newest of them on top.
pub fn heard(socket: &Socket) -> ExitCode {
    let heard = match socket.ask(&Request::Heard) {
        Err(code) => return code,
        Ok(Reply { body: Body::Heard(heard), .. }) => heard,
        Ok(_) => return unexpected(),
    };
    let lang = socket.lang();
    if socket.json {
        print_json(&heard);
    } else if heard.is_empty() {
        println!("{}", words::device::NOTHING_HEARD.say(lang));
    } else {
        for row in &heard {
            print_heard(row, lang);
        }
    }
    ExitCode::SUCCESS
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
    let standing = match (&row.fault, row.reachable) {
        _ if row.removed => say::REMOVED.say(lang).to_owned(),
        _ if row.free => words::village::FREE.say(lang).to_owned(),
        (Some(fault), _) => {
            let fault = Condition::from_word(fault).map_or("?", |fault| fault.say(lang));
            row.why.map_or_else(|| fault.to_owned(), |why| format!("{fault}({})", why.say(lang)))
        }
        (None, false) => say::UNREACHABLE.say(lang).to_owned(),
        (None, true) => String::new(),
    };
    println!("{:<12} {:<10} {:<10} {heard}{battery} {standing}", row.id, row.role, whose);
}

/// One thing on the air, and below a stranger the command that enrols it.
fn print_heard(row: &HeardRow, lang: Lang) {
    use words::device as say;
    let whose = match row.device {
        Some(device) => device.to_string(),
        None => say::NOT_ENROLLED.say(lang).to_owned(),
    };
    let heard = row.heard_s_ago.map_or_else(
        || say::NEVER_HEARD.say(lang).to_owned(),
        |seconds| words::time::span(Duration::from_secs(seconds), lang),
    );
    let link = row.link.map_or_else(String::new, |link| format!(" · {} {link}", say::LINK.say(lang)));
    let model = row.model.as_deref().map_or_else(String::new, |model| format!(" · {model}"));
    let (format, address, kinds) = (&row.format, &row.address, row.kinds.join(" "));
    println!("{whose:<12} {format:<12} {address} · {} × · {heard}{link} · {kinds}{model}", row.count);
    if row.device.is_none() {
        println!("             {}: {}", words::village::TO_ENROL.say(lang), command(row, lang));
    }
}

/// The command that enrols a stranger, with the role that its words suggest.
fn command(row: &HeardRow, lang: Lang) -> String {
    let role = ROLES.iter().find(|(kind, _)| row.kinds.iter().any(|said| said == kind)).map(|(_, role)| role.word());
    words::village::enrol_command(&row.address, None, role, lang)
}
