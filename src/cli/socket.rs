//! What the verbs share that speak to the running station.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::argument::{EX_CONFIG, EX_UNAVAILABLE, Language};
use crate::config::Station;
use crate::control::client::{AskError, ask};
use crate::control::protocol::{Body, Reply, Request};
use crate::core::alarm::{Alarm, AlarmId};
use crate::core::effect::{Answer, Order};
use crate::core::id::CommandId;
use crate::core::time::Moment;
use crate::device;
use crate::words::{self, Lang};

/// How the station is reached, and how its answer is printed.
#[derive(Debug, clap::Args)]
pub struct Socket {
    /// 照料站的配置,其中写明套接字 · Configuration of the station; names its socket
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/shouwang/shouwang.toml")]
    config: PathBuf,
    /// 直接给出套接字 · The socket itself, instead
    #[arg(long = "socket", global = true, value_name = "PATH")]
    path: Option<PathBuf>,
    /// 输出 JSON · As JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten)]
    language: Language,
}

/// The socket that was found.
#[derive(Debug, Clone)]
pub struct Ask(PathBuf);

impl Ask {
    /// Asks one question.
    pub fn ask(&self, request: &Request) -> Result<Reply, AskError> {
        ask(&self.0, request)
    }
}

impl Socket {
    /// The language asked for, or the terminal's.
    pub fn lang(&self) -> Lang {
        self.language.lang()
    }

    /// Whether the socket itself was given, so that no configuration need be read for it.
    pub const fn has_path(&self) -> bool {
        self.path.is_some()
    }

    /// The station's configuration.
    pub fn config(&self) -> &std::path::Path {
        &self.config
    }

    /// Asks one question of a station that may not run. A configuration that cannot be read is told of by whoever reads it
    /// next, and until then the station is not to be reached.
    pub fn try_ask(&self, request: &Request) -> Result<Reply, AskError> {
        let known = || Station::load(&self.config, &device::spoken()).map(|sound| sound.value.control_socket).ok();
        let socket = self.path.clone().or_else(known).unwrap_or_default();
        ask(&socket, request)
    }

    /// Asks one question; on failure says why and gives the exit code.
    pub fn ask(&self, request: &Request) -> Result<Reply, ExitCode> {
        self.socket()?.ask(request).map_err(|error| Self::fail(&error))
    }

    /// Where the station listens.
    pub fn socket(&self) -> Result<Ask, ExitCode> {
        Ok(Ask(match &self.path {
            Some(path) => path.clone(),
            None => self.station()?.control_socket,
        }))
    }

    /// Says why there is no answer, and gives the exit code.
    pub fn fail(error: &AskError) -> ExitCode {
        eprintln!("{error}");
        match error {
            AskError::Unreachable { .. } => ExitCode::from(EX_UNAVAILABLE),
            AskError::Broken(_) | AskError::Unreadable(_) | AskError::Trouble(_) => ExitCode::FAILURE,
        }
    }

    /// Gives an order in a person's name and prints what became of it.
    pub fn order(&self, order: Order) -> ExitCode {
        self.order_at_the_door(order, None)
    }

    /// The same, with the code from inside of the door that somebody gave who has arrived.
    pub fn order_at_the_door(&self, order: Order, door: Option<String>) -> ExitCode {
        match self.ask(&Request::Order { id: command_id(), order, door }) {
            Err(code) => code,
            Ok(Reply { body: Body::Answer(answer), .. }) => self.print_answer(&answer),
            Ok(_) => unexpected(),
        }
    }

    /// The alarm whose id contains `part` as a whole word, as `r04`, which must fit exactly one open alarm. One that ends in it is meant
    /// before others:
    /// a drill's id is that of the alarm it plays, and some more.
    pub fn find(&self, part: &str) -> Result<AlarmId, ExitCode> {
        if let Ok(id) = part.parse() {
            return Ok(id);
        }
        let alarms = self.alarms(false)?.1;
        let fitting: Vec<AlarmId> =
            alarms.iter().map(|alarm| alarm.id).filter(|id| has_word(&id.to_string(), part)).collect();
        let ending: Vec<AlarmId> = fitting.iter().copied().filter(|id| id.to_string().ends_with(part)).collect();
        match (fitting.as_slice(), ending.as_slice()) {
            ([id], _) | (_, [id]) => Ok(*id),
            ([], _) => {
                eprintln!("{}", words::shell::NO_SUCH_ALARM.say(self.lang()));
                Err(ExitCode::FAILURE)
            }
            (several, _) => {
                eprintln!("{}", words::shell::SEVERAL_ALARMS.say(self.lang()));
                for id in several {
                    eprintln!("    {id}");
                }
                Err(ExitCode::FAILURE)
            }
        }
    }

    /// The alarms, oldest first, and the station's time.
    pub fn alarms(&self, all: bool) -> Result<(Moment, Vec<Alarm>), ExitCode> {
        match self.ask(&Request::Alarms { all })? {
            Reply { now, body: Body::Alarms(alarms) } => Ok((now, alarms)),
            _ => Err(unexpected()),
        }
    }

    /// The station's configuration.
    pub fn station(&self) -> Result<Station, ExitCode> {
        match Station::load(&self.config, &device::spoken()) {
            Ok(station) => Ok(station.value),
            Err(problems) => {
                eprint!("{problems}");
                Err(ExitCode::from(EX_CONFIG))
            }
        }
    }

    fn print_answer(&self, answer: &Answer) -> ExitCode {
        if self.json {
            print_json(answer);
        } else {
            println!("{}", words::shell::answer(answer, self.lang()));
        }
        match answer {
            Answer::Done { .. }
            | Answer::Noted { .. }
            | Answer::Open { .. }
            | Answer::TestOpen { .. }
            | Answer::StopNoted { .. }
            | Answer::VisitNoted { .. }
            | Answer::Visited { .. } => ExitCode::SUCCESS,
            Answer::Refused { .. } => ExitCode::FAILURE,
        }
    }
}

/// Prints a value as JSON on standard output.
pub fn print_json<T: Serialize>(value: &T) {
    match serde_json::to_string(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("{error}"),
    }
}

/// The answer is of another kind than the question: two versions of the program.
pub fn unexpected() -> ExitCode {
    eprintln!(
        "the station's answer does not fit the question; are the program and the running station of one version?"
    );
    ExitCode::FAILURE
}

/// A fresh id, so that an order that is sent twice is done once.
fn command_id() -> CommandId {
    let number = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
    let text = format!("sh-{number:016x}");
    text.parse().expect("sixteen hex digits behind a prefix are an id")
}

/// Whether a part of an id stands in it between its signs: `r1` is not in `resident-r12`.
fn has_word(id: &str, part: &str) -> bool {
    let is_sign = |sign: Option<char>| sign.is_none_or(|sign| matches!(sign, '.' | '-'));
    id.match_indices(part).any(|(at, found)| {
        let (before, after) = (id[..at].chars().next_back(), id[at + found.len()..].chars().next());
        !part.is_empty() && is_sign(before) && is_sign(after)
    })
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn an_alarm_is_named_by_whole_words_of_its_id() {
        let id = "st1.00000000000000ff.86400000.resident-r12.help_call";
        for part in ["r12", "resident-r12", "help_call", "resident-r12.help_call", "86400000", id] {
            assert!(has_word(id, part), "{part}");
        }
        for part in ["r1", "2", "call", "", "resident-r1", "12"] {
            assert!(!has_word(id, part), "{part}");
        }
    }
}
