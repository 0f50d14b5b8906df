//! Letting newcomers in, and seeing them arrive.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::socket::{Ask, Socket, print_json, unexpected};
use crate::cli::village::slug;
use crate::control::protocol::{Body, NewcomerRow, PairingAnswer, Reply, Request};
use crate::core::id::SourceId;
use crate::words::{self, Lang, pairing as say};

/// How often it is asked who has come. judgement: what appears within a second appears at once to somebody with a screwdriver.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// 让新的 Zigbee 设备入网,并看着它们进来 · Lets new Zigbee devices in, and shows them arrive
#[derive(Debug, Clone, clap::Args)]
pub struct Pair {
    /// 来源,只有一个网桥时可不写 · The source; may be left out where there is one bridge only
    #[arg(long, value_name = "ID", value_parser = slug::<SourceId>)]
    source: Option<SourceId>,
    /// 开放几分钟,1–4 · For how many minutes, 1–4
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=4))]
    minutes: u16,
}

/// Runs the verb.
pub fn pair(socket: &Socket, args: &Pair) -> ExitCode {
    let ask = match socket.socket() {
        Ok(ask) => ask,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(watch(&ask, socket, args)).unwrap_or_else(|code| code)
}

async fn watch(ask: &Ask, socket: &Socket, args: &Pair) -> Result<ExitCode, ExitCode> {
    // Heard from here on, so that there is no moment in which the key would leave the bridge open.
    let (Ok(mut interrupt), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return Err(ExitCode::FAILURE);
    };
    let mut page = Page { lang: socket.lang(), json: socket.json, told: BTreeMap::new() };
    let mut answer = asked(ask, &Request::Pair { source: args.source, seconds: args.minutes * 60 })?;
    if answer.open_s.is_none() {
        return Ok(page.trouble(&answer));
    }
    page.opened();
    loop {
        page.newcomers(&answer.newcomers);
        if answer.open_s.is_none() {
            break;
        }
        tokio::select! {
            _ = interrupt.recv() => {
                answer = asked(ask, &Request::Pair { source: args.source, seconds: 0 })?;
                page.newcomers(&answer.newcomers);
                break;
            }
            _ = term.recv() => {
                answer = asked(ask, &Request::Pair { source: args.source, seconds: 0 })?;
                break;
            }
            () = tokio::time::sleep(LOOK_EVERY) => answer = asked(ask, &Request::Newcomers)?,
        }
    }
    Ok(page.closed(&answer))
}

fn asked(ask: &Ask, request: &Request) -> Result<PairingAnswer, ExitCode> {
    match ask.ask(request) {
        Ok(Reply { body: Body::Pairing(answer), .. }) => Ok(answer),
        Ok(_) => Err(unexpected()),
        Err(error) => Err(Socket::fail(&error)),
    }
}

/// What was printed.
struct Page {
    lang: Lang,
    json: bool,
    told: BTreeMap<String, NewcomerRow>,
}

impl Page {
    fn opened(&self) {
        if !self.json {
            println!("{} {}", say::OPEN.say(self.lang), say::END_WITH.say(self.lang));
        }
    }

    /// Prints whoever is new or has come further.
    fn newcomers(&mut self, all: &[NewcomerRow]) {
        for row in all {
            if self.told.get(&row.address) == Some(row) {
                continue;
            }
            self.told.insert(row.address.clone(), row.clone());
            if self.json {
                print_json(row);
                continue;
            }
            let model = row.model.as_deref().map_or_else(String::new, |model| format!(" · {model}"));
            println!("{}{model}: {}", row.address, say::stage(&row.stage, self.lang));
            if row.stage == "ready" {
                let command = words::village::enrol_command(&row.address, None, None, self.lang);
                println!("    {}: {command}", words::village::TO_ENROL.say(self.lang));
            }
        }
    }

    fn closed(&self, answer: &PairingAnswer) -> ExitCode {
        if answer.trouble.is_some() {
            return self.trouble(answer);
        }
        if !self.json {
            if self.told.is_empty() {
                println!("{}", say::NOBODY.say(self.lang));
            }
            println!("{}", say::CLOSED.say(self.lang));
        }
        ExitCode::SUCCESS
    }

    fn trouble(&self, answer: &PairingAnswer) -> ExitCode {
        eprintln!("{}: {}", say::TROUBLE.say(self.lang), answer.trouble.as_deref().unwrap_or("?"));
        ExitCode::FAILURE
    }
}
