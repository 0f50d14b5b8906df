//! `shouwang record`: frames as they come, into a file that `decode` and the test of all formats read.
//!
//! With a gateway running it is asked over its socket, because it holds the port or the session; without one the source is
//! opened here, and nothing heard is acknowledged. `--port` records a serial port whose format nobody knows yet.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::socket::{Socket, unexpected};
use crate::config::Station;
use crate::control::client::AskError;
use crate::control::protocol::{Body, RecordedFrames, Reply, Request};
use crate::core::id::SourceId;
use crate::source::counters::Counters;
use crate::source::heard::Heard;
use crate::source::recorder::{Fetched, Recorded};
use crate::source::serial;
use crate::words::shell;

/// How often what was recorded is fetched.
const FETCH: Duration = Duration::from_millis(250);

/// 录下某个来源收到的原始帧 · Records the frames that a source hears, as they come
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    socket: Socket,
    /// 配置里的来源 · The source, by its name in the configuration
    #[arg(long, required_unless_present = "port")]
    source: Option<SourceId>,
    /// 直接录一个串口,格式未知时用 · A serial port itself, when its format is not known yet
    #[arg(long, value_name = "PATH", conflicts_with = "source")]
    port: Option<PathBuf>,
    /// 串口速率 · Speed of that port, bit/s
    #[arg(long, default_value_t = 115_200, requires = "port")]
    baud: u32,
    /// 录多少秒 · For how many seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// 写到哪个文件;- 为标准输出。可能含姓名和位置,只给本人读写 · Into which file; - is standard output. It may hold names and
    /// positions, and is made readable by you alone
    file: PathBuf,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let mut tape = match Tape::open(&args.file, args.source.as_ref().map_or("port", SourceId::as_str)) {
        Ok(tape) => tape,
        Err(error) => {
            eprintln!("{}: {error}", args.file.display());
            return ExitCode::FAILURE;
        }
    };
    let lang = args.socket.lang();
    let recorded = match (args.source, &args.port) {
        (_, Some(port)) => record_port(args, port, &mut tape),
        (Some(source), None) => match args.socket.try_ask(&Request::Record { source, seconds: args.seconds }) {
            Ok(Reply { body: Body::Recording, .. }) => record_running(args, &mut tape),
            Ok(_) => Err(unexpected()),
            Err(AskError::Unreachable { .. }) => record_here(args, source, &mut tape),
            Err(error) => Err(failed(&error)),
        },
        (None, None) => Err(unexpected()),
    };
    match recorded {
        Ok(missed) => {
            eprintln!("{}", shell::recorded(tape.frames, missed, lang));
            ExitCode::SUCCESS
        }
        Err(code) => code,
    }
}

/// Asks the running gateway until the time is over; how many frames were missed.
fn record_running(args: &Args, tape: &mut Tape) -> Result<u64, ExitCode> {
    block_on(async {
        loop {
            let reply = args.socket.ask(&Request::Recorded)?;
            let Body::Recorded(RecordedFrames { frames, running, missed }) = reply.body else {
                return Err(unexpected());
            };
            for frame in frames {
                tape.put(frame).map_err(|error| failed(&error))?;
            }
            if !running {
                return Ok(missed);
            }
            tokio::time::sleep(FETCH).await;
        }
    })
}

/// Opens the source of the configuration here.
fn record_here(args: &Args, source: SourceId, tape: &mut Tape) -> Result<u64, ExitCode> {
    let config = Station::load(args.socket.config(), &crate::device::spoken()).map_err(|problems| failed(&problems))?;
    let names: Vec<&str> = config.value.sources.iter().map(|known| known.id.as_str()).collect();
    if !names.contains(&source.as_str()) {
        return Err(failed(&format!("no source is named {source}; there are: {}", names.join(", "))));
    }
    eprintln!("{}", shell::RECORDING_ALONE.say(args.socket.lang()));
    let (time, stop) = (Duration::from_secs(u64::from(args.seconds)), CancellationToken::new());
    block_on(async {
        let heard = Arc::new(Heard::new(Arc::new(Counters::default())));
        heard.recorder.begin(source, time, Instant::now());
        let listening = crate::daemon::listen(config.value, source, Arc::clone(&heard), stop.clone());
        let fetching = async {
            let missed = loop {
                tokio::time::sleep(FETCH).await;
                let Fetched { frames, running, missed } = heard.recorder.fetch(Instant::now());
                for frame in &frames {
                    tape.put(frame.vector()).map_err(|error| failed(&error))?;
                }
                if !running {
                    break missed;
                }
            };
            stop.cancel();
            Ok(missed)
        };
        let (listened, missed) = tokio::join!(listening, fetching);
        listened.map_err(|error| failed(&error))?;
        missed
    })
}

/// Records a port in stretches that a silence ends.
fn record_port(args: &Args, port: &Path, tape: &mut Tape) -> Result<u64, ExitCode> {
    let time = Duration::from_secs(u64::from(args.seconds));
    block_on(async {
        let began = Instant::now();
        let stretch = |bytes: &[u8]| {
            let frame = Recorded { after: began.elapsed(), format: "unknown", topic: None, bytes: bytes.to_vec() };
            tape.put(frame.vector())
        };
        serial::stretches(port, args.baud, began + time, stretch).await.map_err(|error| failed(&error))?;
        Ok(0)
    })
}

fn block_on<T>(work: impl Future<Output = Result<T, ExitCode>>) -> Result<T, ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
    runtime.block_on(work)
}

fn failed(why: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("shouwang record: {why}");
    ExitCode::FAILURE
}

/// The file, a frame a line.
struct Tape {
    out: Box<dyn Write>,
    name: String,
    frames: u64,
}

impl Tape {
    fn open(path: &Path, name: &str) -> io::Result<Self> {
        let out: Box<dyn Write> = if path == Path::new("-") {
            Box::new(io::stdout())
        } else {
            Box::new(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?)
        };
        Ok(Self { out, name: name.to_owned(), frames: 0 })
    }

    fn put(&mut self, mut frame: serde_json::Value) -> io::Result<()> {
        self.frames += 1;
        frame["id"] = format!("{}-{:04}", self.name, self.frames).into();
        writeln!(self.out, "{frame}")?;
        self.out.flush()
    }
}
