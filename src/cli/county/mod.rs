//! `shouwang county`: the county console.

mod texts;

mod duty;

mod heads;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;

use super::argument::{EX_CONFIG, Language, disposition};
use super::logging;
use crate::broker::{Broker, Login};
use crate::config::County;
use crate::config::station::LogLevel;
use crate::core::alarm::{AlarmId, Disposition};
use crate::core::id::{GatewayId, ResidentId, ResponderId, StationId};
use crate::core::time::Rate;
use crate::county::book::{Book, BookError};
use crate::county::duty::{self as ladder, Line, Post};
use crate::county::ingest::Speaker;
use crate::county::page::{self, Board};
use crate::county::plan::Plan;
use crate::county::sms::Senders;
use crate::county::{Clock, SILENT_AFTER_S, Settings, order, session, show};
use crate::notify::modem::shell as modem;
use crate::relay::message::CountyOrder;
use crate::words::Lang;

/// 县平台控制台;不带子命令则运行服务 · The county console; without a subcommand it runs the service
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 控制台的配置 · Configuration of the console
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/shouwang/county.toml")]
    config: PathBuf,
    #[command(flatten)]
    language: Language,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// 列出报警,最早的在前 · Lists alarms, oldest first
    Alarms {
        /// 输出 JSON · As JSON
        #[arg(long)]
        json: bool,
        /// 只列未办结的 · Only those that still want an answer
        #[arg(long)]
        open: bool,
    },
    /// 列出设备 · Lists devices
    Devices {
        /// 输出 JSON · As JSON
        #[arg(long)]
        json: bool,
    },
    /// 列出照料站,失联的在前,以及谁未守护 · Lists stations, silent ones first, and who is not watched
    Stations {
        /// 输出 JSON · As JSON
        #[arg(long)]
        json: bool,
    },
    /// 列出某站每日报来的日志链头,供核对日志用 · Lists the heads of a station's log, day by day, to check the log against
    Heads {
        /// 照料站 · Station
        #[arg(value_name = "STATION")]
        station: StationId,
        /// 只列这台网关的 · Only those of this gateway
        #[arg(long, value_name = "ID")]
        gateway: Option<GatewayId>,
        /// 输出 JSON · As JSON
        #[arg(long)]
        json: bool,
    },
    /// 读入照料站的短信,每行一条:号码、时间、正文,以制表符隔开 · Reads in stations' texts, a line each: number, time, text, tabs between
    Sms,
    /// 列出县里正在为哪些失联和未响应呼叫 · Lists what the county calls its own people for, and how far it has come
    Duty,
    /// 确认:只暂停县里的呼叫,村里继续 · Acknowledges: pauses the county's own calls, and the village's go on
    Acknowledge {
        /// 站/网关,或报警编号 · STATION/GATEWAY, or an alarm's id
        #[arg(value_name = "ID")]
        what: String,
        /// 谁确认,county.toml 的 people 表中的编号 · Who acknowledges, an id of the table people in county.toml
        #[arg(long, value_name = "NAME")]
        by: ResponderId,
    },
    /// 给照料站下命令并等待答复 · Sends a command to a station and waits for its answer
    Send {
        /// 照料站 · Station
        #[arg(long, value_name = "ID")]
        station: StationId,
        /// 网关 · Gateway
        #[arg(long, value_name = "ID")]
        gateway: GatewayId,
        /// 等待答复的秒数,过后站里不再执行 · Seconds to wait for the answer; the station does not run the command later than that
        #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
        wait: u64,
        #[command(subcommand)]
        what: What,
    },
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// 确认:县里暂停呼叫,村里继续 · Pauses the county's own escalation; the village's goes on
    Acknowledge {
        /// 哪个报警 · Which alarm
        #[arg(long, value_name = "ID")]
        alarm: AlarmId,
    },
    /// 办结;事关老人的,要先与本人通话 · Closes an alarm; about a person only with a conversation with them
    Close {
        /// 哪个报警 · Which alarm
        #[arg(long, value_name = "ID")]
        alarm: AlarmId,
        /// 处置结果 · How it ended
        #[arg(long, value_parser = disposition())]
        disposition: Disposition,
        /// 与本人的通话,几个字,不写姓名 · The conversation with the resident, in a few words without names
        #[arg(long, default_value = "")]
        conversation: String,
    },
    /// 加备注 · Adds a remark
    Note {
        /// 哪个报警 · Which alarm
        #[arg(long, value_name = "ID")]
        alarm: AlarmId,
        /// 内容,不写姓名 · The words, without names
        #[arg(long)]
        text: String,
    },
    /// 发起演练 · Raises a drill
    Drill {
        /// 如同这位老人求助 · As if this resident had called
        #[arg(long, value_name = "ID")]
        resident: ResidentId,
    },
    /// 询问未办结的 · Asks what is open
    Query,
    /// 对账:请网关重发未回执的 · Asks the gateway to send again what has no receipt
    Resync,
}

/// Runs the verb.
#[must_use]
pub fn run(args: Args) -> ExitCode {
    let Desks { settings, modem, site, senders, plan } = match read_settings(&args.config) {
        Ok(read) => read,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let lang = args.language.lang();
    runtime.block_on(async {
        match args.verb {
            None => {
                logging::begin(LogLevel::Info);
                let post = Post {
                    database: settings.database.clone(),
                    clock: clock(),
                    silent_after_s: settings.silent_after_s,
                    plan: Plan { lang, ..plan },
                    senders,
                };
                Box::pin(service(&settings, site, post, modem)).await
            }
            Some(Verb::Alarms { json, open }) => answer(alarms(&settings, json, open, lang).await),
            Some(Verb::Devices { json }) => answer(devices(&settings, json, lang).await),
            Some(Verb::Stations { json }) => answer(stations(&settings, json, lang).await),
            Some(Verb::Heads { station, gateway, json }) => {
                answer(heads::list(&settings, station, gateway, json, lang).await)
            }
            Some(Verb::Duty) => answer(duty::list(&settings, lang).await),
            Some(Verb::Acknowledge { what, by }) => duty::acknowledge(&settings, &plan, &what, by, lang).await,
            Some(Verb::Sms) => texts::sms(&settings, senders, plan, lang).await,
            Some(Verb::Send { station, gateway, wait, what }) => {
                send(&settings, Speaker { station, gateway }, what, Duration::from_secs(wait), lang).await
            }
        }
    })
}

/// Everything that the verbs take from the configuration.
struct Desks {
    settings: Settings,
    modem: Option<modem::Settings>,
    site: Site,
    senders: Senders,
    plan: Plan,
}

/// Where the page is served, and what it shows.
struct Site {
    listen: SocketAddr,
    board: Board,
}

/// The county's telephone, and the ladder's ends of it.
fn telephone(settings: modem::Settings, stop: CancellationToken) -> (Line, impl Future<Output = ()>) {
    let (errands, taken) = tokio::sync::mpsc::channel(1);
    let (say, says) = tokio::sync::mpsc::channel(1);
    (Line { errands, says }, modem::run(settings, taken, say, stop))
}

async fn service(settings: &Settings, site: Site, post: Post, modem: Option<modem::Settings>) -> ExitCode {
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => return fail(&error),
    };
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        stopper.cancel();
    });
    let ingest = async {
        let ended = Box::pin(session::serve(settings, clock(), stop.clone())).await;
        // Without the ingest the page would show what is no longer so.
        stop.cancel();
        ended
    };
    let page = page::serve_at(site.listen, site.board, stop.clone());
    // Without a telephone the ladder climbs all the same, and says that nobody is called.
    let (line, telephone) = match modem.map(|modem| telephone(modem, stop.clone())) {
        Some((line, telephone)) => (Some(line), Some(telephone)),
        None => (None, None),
    };
    let calls = ladder::run(post, line, stop.clone());
    let telephone = async {
        if let Some(telephone) = telephone {
            telephone.await;
        }
    };
    let (ended, (), (), ()) = Box::pin(async { tokio::join!(ingest, page, calls, telephone) }).await;
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shouwang county: {error}");
            ExitCode::from(EX_CONFIG)
        }
    }
}

async fn alarms(settings: &Settings, json: bool, open: bool, lang: Lang) -> Result<Vec<String>, BookError> {
    let book = Book::open_to_read(&settings.database).await?;
    let rows = book.alarms(open).await?;
    if json {
        return Ok(vec![as_json(&rows)]);
    }
    let now_ms = clock()();
    let mut lines: Vec<String> = show::deaf(book.listened().await?, now_ms, lang).into_iter().collect();
    lines.extend(show::refused_alarms(book.refused_alarms().await?, lang));
    lines.extend(show::alarms(&rows, now_ms, lang));
    Ok(lines)
}

async fn devices(settings: &Settings, json: bool, lang: Lang) -> Result<Vec<String>, BookError> {
    let book = Book::open_to_read(&settings.database).await?;
    let rows = book.devices().await?;
    if json {
        return Ok(vec![as_json(&rows)]);
    }
    let now_ms = clock()();
    let mut lines: Vec<String> = show::deaf(book.listened().await?, now_ms, lang).into_iter().collect();
    lines.extend(show::devices(&rows, now_ms, lang));
    Ok(lines)
}

async fn stations(settings: &Settings, json: bool, lang: Lang) -> Result<Vec<String>, BookError> {
    let book = Book::open_to_read(&settings.database).await?;
    let now_ms = clock()();
    let rows = book.stations(now_ms, settings.silent_after_s).await?;
    if json {
        return Ok(vec![as_json(&rows)]);
    }
    let mut lines: Vec<String> = show::deaf(book.listened().await?, now_ms, lang).into_iter().collect();
    lines.extend(show::stations(&rows, now_ms, lang));
    lines.extend(show::refused_texts(&book.refused_texts().await?, lang));
    Ok(lines)
}

async fn send(settings: &Settings, to: Speaker, what: What, wait: Duration, lang: Lang) -> ExitCode {
    let order = match what {
        What::Acknowledge { alarm } => CountyOrder::Acknowledge { alarm },
        What::Close { alarm, disposition, conversation } => CountyOrder::Close { alarm, disposition, conversation },
        What::Note { alarm, text } => CountyOrder::Note { alarm, text },
        What::Drill { resident } => CountyOrder::Drill { resident },
        What::Query => CountyOrder::Query,
        What::Resync => CountyOrder::Resync,
    };
    match order::send(settings, to, order, wait, &clock()).await {
        Ok(result) => {
            println!("{}", as_json(&result));
            let (done, line) = show::outcome(&result, lang);
            eprintln!("{line}");
            if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => fail(&error),
    }
}

fn answer(lines: Result<Vec<String>, BookError>) -> ExitCode {
    match lines {
        Ok(lines) => {
            for line in lines {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("shouwang county: {error}");
    ExitCode::FAILURE
}

fn as_json<T: serde::Serialize>(rows: &T) -> String {
    serde_json::to_string_pretty(rows).expect("rows have text keys only and always serialise")
}

/// The county's clock: one place in the console reads it.
#[expect(clippy::disallowed_methods, reason = "the shell's one look at the wall clock; everything inside is given it")]
fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

fn read_settings(path: &Path) -> Result<Desks, String> {
    let county = County::load(path).map_err(|problems| problems.to_string())?;
    for problem in county.warnings.list() {
        eprintln!("{problem}");
    }
    let County { broker, database, listen, zone, silent_after, stations, duty, modem, .. } = county.value;
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let password = broker.password.map(|secret| secret.read(credentials.as_deref())).transpose();
    let password = password.map_err(|error| error.to_string())?.unwrap_or_default();
    let login = broker.username.map(|username| Login { username, password });
    let silent_after_s = u32::try_from(silent_after.as_secs()).unwrap_or(SILENT_AFTER_S);
    let settings = Settings {
        broker: Broker { url: broker.url, ca_file: broker.ca_file, identity: broker.identity, login },
        database: database.clone(),
        silent_after_s,
        stations: stations.keys().copied().collect(),
        client_id: broker.client_id,
        rate: Rate::default(),
    };
    let modem = match modem {
        Some(modem) => {
            let pin = modem.pin.as_ref().map(|pin| pin.read(credentials.as_deref())).transpose();
            Some(modem::Settings::of(&modem, pin.map_err(|error| error.to_string())?))
        }
        None => None,
    };
    let plan = duty::plan(&stations, duty, zone.clone());
    let senders = stations.iter().map(|(id, station)| (*id, station.text_numbers.clone()));
    let senders = Senders::new(senders);
    let names = stations.into_iter().map(|(id, station)| (id, station.name)).collect();
    let board = Board { database, clock: clock(), silent_after_s, names, zone };
    Ok(Desks { settings, modem, site: Site { listen, board }, senders, plan })
}
