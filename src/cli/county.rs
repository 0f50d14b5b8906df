//! `shouwang county`: the county console.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use tokio_util::sync::CancellationToken;

use crate::config::County;
use crate::core::alarm::{AlarmId, Disposition};
use crate::core::id::{GatewayId, ResidentId, StationId};
use crate::county::book::{Book, BookError};
use crate::county::ingest::Speaker;
use crate::county::words::Lang;
use crate::county::{Clock, SILENT_AFTER_S, Settings, order, session, show};
use crate::relay::message::CountyOrder;

/// sysexits.h EX_CONFIG: the configuration is wrong; systemd does not try again.
const EXIT_CONFIG: u8 = 78;

/// The county console: without a subcommand it runs the service.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration of the console.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/shouwang/county.toml")]
    config: PathBuf,
    /// Language of lists and answers.
    #[arg(long, global = true, default_value = "zh", value_parser = lang())]
    lang: Lang,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists alarms, oldest first.
    Alarms {
        /// As JSON, one array.
        #[arg(long)]
        json: bool,
        /// Only those that still want an answer.
        #[arg(long)]
        open: bool,
    },
    /// Lists devices.
    Devices {
        /// As JSON, one array.
        #[arg(long)]
        json: bool,
    },
    /// Lists stations, silent ones first, and who is not watched.
    Stations {
        /// As JSON, one array.
        #[arg(long)]
        json: bool,
    },
    /// Sends a command to a station and waits for its answer.
    Send {
        /// Station.
        #[arg(long, value_name = "ID")]
        station: StationId,
        /// Gateway.
        #[arg(long, value_name = "ID")]
        gateway: GatewayId,
        /// Seconds to wait for the answer; the station does not run the command later than that.
        #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
        wait: u64,
        #[command(subcommand)]
        what: What,
    },
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Pauses the county's own escalation; the village's goes on.
    Acknowledge {
        /// Which alarm.
        #[arg(long, value_name = "ID")]
        alarm: AlarmId,
    },
    /// Closes an alarm; about a person only with a conversation with them.
    Close {
        /// Which alarm.
        #[arg(long, value_name = "ID")]
        alarm: AlarmId,
        /// How it ended.
        #[arg(long, value_parser = disposition())]
        disposition: Disposition,
        /// The conversation with the resident, in a few words without names.
        #[arg(long, default_value = "")]
        conversation: String,
    },
    /// Adds a remark.
    Note {
        /// Which alarm.
        #[arg(long, value_name = "ID")]
        alarm: AlarmId,
        /// The words, without names.
        #[arg(long)]
        text: String,
    },
    /// Raises a drill.
    Drill {
        /// As if this resident had called.
        #[arg(long, value_name = "ID")]
        resident: ResidentId,
    },
    /// Asks what is open.
    Query,
    /// Asks the gateway to send again what has no receipt.
    Resync,
}

/// Runs the verb.
#[must_use]
pub fn run(args: Args) -> ExitCode {
    let settings = match read_settings(&args.config) {
        Ok(settings) => settings,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    runtime.block_on(async {
        match args.verb {
            None => Box::pin(service(&settings)).await,
            Some(Verb::Alarms { json, open }) => answer(alarms(&settings, json, open, args.lang).await),
            Some(Verb::Devices { json }) => answer(devices(&settings, json, args.lang).await),
            Some(Verb::Stations { json }) => answer(stations(&settings, json, args.lang).await),
            Some(Verb::Send { station, gateway, wait, what }) => {
                send(&settings, Speaker { station, gateway }, what, Duration::from_secs(wait), args.lang).await
            }
        }
    })
}

async fn service(settings: &Settings) -> ExitCode {
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
    match Box::pin(session::serve(settings, clock(), stop)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shouwang county: {error}");
            ExitCode::from(EXIT_CONFIG)
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

fn lang() -> impl TypedValueParser<Value = Lang> {
    PossibleValuesParser::new(Lang::ALL.iter().map(|lang| lang.word()))
        .map(|word| Lang::from_word(&word).unwrap_or(Lang::Zh))
}

fn disposition() -> impl TypedValueParser<Value = Disposition> {
    let people: Vec<Disposition> = Disposition::ALL.iter().copied().filter(|how| how.is_for_people()).collect();
    PossibleValuesParser::new(people.iter().map(|how| how.word()).collect::<Vec<_>>())
        .try_map(|word| Disposition::from_word(&word).ok_or("not a disposition"))
}

fn read_settings(path: &Path) -> Result<Settings, String> {
    let county = County::load(path).map_err(|problems| problems.to_string())?;
    for problem in county.warnings.list() {
        eprintln!("{problem}");
    }
    let County { broker, database, silent_after, stations, .. } = county.value;
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let password = broker.password.map(|secret| secret.read(credentials.as_deref())).transpose();
    Ok(Settings {
        broker_url: broker.url.to_string(),
        ca_file: broker.ca_file,
        username: broker.username,
        password: password.map_err(|error| error.to_string())?,
        database,
        silent_after_s: u32::try_from(silent_after.as_secs()).unwrap_or(SILENT_AFTER_S),
        stations: stations.into_keys().collect(),
        client_id: broker.client_id,
    })
}
