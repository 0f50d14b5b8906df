//! `shouwang audit verify`: is every record of the log there, and is it the log that the county knows?
//!
//! Reads beside a running gateway and writes nothing. A record that is just being written is no damage.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::argument::{EX_CONFIG, Language};
use crate::config::Station;
use crate::core::id::Epoch;
use crate::core::log_head::LogStream;
use crate::core::time::{Moment, Trust, Wall};
use crate::daemon;
use crate::relay::heads::KeptHead;
use crate::store::files::{Disk, Files};
use crate::store::log::beginning::{Beginning, beginning};
use crate::store::log::read::segments;
use crate::store::log::verify::{Judged, Links, Verified, verify_with};
use crate::store::log::{Chain, Missing, Position, Stream};
use crate::store::{Budget, Options};
use crate::words::{Lang, audit as say};

/// 核对日志 · Checks the log
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// 逐条核对两个日志流的链,并可与县里的链头比对 · Walks the chains of both streams, and compares them with the county's heads
    ///
    /// 退出码:0 完整;1 不完整或与县里不符;3 自身完整,但县里还有换卡前旧日志的链头,无从核对,请找出旧卡。
    /// Exit codes: 0 whole; 1 not whole, or not the log that the county knows; 3 whole in itself, and the county also has heads of
    /// a former log, from before this one began, which cannot be compared here: look for the former card.
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// 照料站的配置,其中写明数据目录 · Configuration of the station; names its data folder
    #[arg(long, value_name = "FILE", default_value = "/etc/shouwang/shouwang.toml")]
    config: PathBuf,
    /// 直接给出数据目录;保留期按默认值判断 · The data folder itself, instead; what is kept is then judged by the defaults
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data: Option<PathBuf>,
    /// 县里的链头,由 county heads --json 得来 · The county's heads, as county heads --json prints them
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// 输出 JSON · As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    language: Language,
}

/// The log is whole, and the county has heads of a former one. judgement: no fault of this log, and nothing to pass over in silence either.
const EX_FORMER: u8 = 3;

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let Verb::Verify(args) = &args.verb;
    let lang = args.language.lang();
    let of = args.data.clone().map_or_else(|| house_of(&args.config), |data| Ok(House::of_folder(&data)));
    let house = match of {
        Ok(house) => house,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    let audited = heads_in(args.against.as_deref(), lang).and_then(|heads| Audit::of(&house, &heads, lang));
    match audited {
        Ok(audit) => {
            if args.json {
                println!("{:#}", audit.json());
            } else {
                audit.lines(lang).iter().for_each(|line| println!("{line}"));
            }
            match (audit.is_well(), audit.former().is_empty()) {
                (true, true) => ExitCode::SUCCESS,
                (true, false) => ExitCode::from(EX_FORMER),
                (false, _) => ExitCode::FAILURE,
            }
        }
        Err(sentence) => {
            eprintln!("shouwang audit: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Where the log is, and how much of it is to be kept.
struct House {
    log: PathBuf,
    options: Options,
    /// The options are those of the house, because no configuration was read.
    is_by_default: bool,
}

impl House {
    fn of_folder(data: &Path) -> House {
        House { log: data.join("log"), options: Options::default(), is_by_default: true }
    }
}

fn house_of(config: &Path) -> Result<House, String> {
    let station = Station::load(config, &crate::device::spoken()).map_err(|problems| problems.to_string())?.value;
    let options = daemon::store_options(&station);
    Ok(House { log: station.data_dir.join("log"), options, is_by_default: false })
}

fn heads_in(file: Option<&Path>, lang: Lang) -> Result<Vec<KeptHead>, String> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let bytes = std::fs::read(file).map_err(|error| named(&error))?;
    let heads: Vec<KeptHead> = serde_json::from_slice(&bytes).map_err(|error| named(&error))?;
    let gateways: BTreeSet<_> = heads.iter().map(|head| (&head.station, &head.gateway)).collect();
    if gateways.len() > 1 {
        return Err(named(&say::HEADS_OF_MANY.say(lang)));
    }
    Ok(heads)
}

/// What was found.
struct Audit {
    is_by_default: bool,
    streams: Vec<Audited>,
    /// Every head that was to be compared.
    heads: Vec<(KeptHead, Judged)>,
}

struct Audited {
    stream: LogStream,
    files: usize,
    verified: Verified,
    begins: Beginning,
    budget: Budget,
}

/// The sequences that the log had, and since when it has its records.
struct Sequences {
    epochs: BTreeSet<Epoch>,
    since: Option<Moment>,
}

impl Sequences {
    /// Whether a head is another log's. One that was noted while this log was kept is not: it is an answer that this log owes. A clock
    /// that was not synced when the log began cannot tell before from after, and accuses nobody.
    fn is_of_a_former(&self, head: &KeptHead, at_ms: i64) -> bool {
        let is_known = head.epoch.parse().is_ok_and(|epoch| self.epochs.contains(&epoch));
        let began = self.since.filter(|since| since.trust == Trust::Synced);
        !is_known && !self.epochs.is_empty() && began.is_none_or(|began| at_ms < began.wall.0)
    }
}

impl Audited {
    /// Whether records are gone from its beginning that had to be kept.
    fn begins_late(&self) -> bool {
        self.verified.first_index > 1 && !self.begins.is_retirement(self.budget)
    }

    fn is_well(&self) -> bool {
        self.verified.is_whole() && !self.begins_late()
    }

    fn judge(&self, links: &Links, head: &KeptHead, log: &Sequences) -> Judged {
        let judged = self.verified.judge(links, head.index, Chain(head.chain.0));
        // A clock that was never set says nothing of a record's age; the county's does.
        let at = if head.at_trust == Trust::Unset.word() { head.received_ms } else { head.at_ms };
        if judged == Judged::Retired && self.begins_late() && !self.begins.may_forget(Wall(at), self.budget.kept) {
            return Judged::Removed;
        }
        let is_missed = matches!(judged, Judged::Other | Judged::Beyond | Judged::Unreadable);
        if is_missed && log.is_of_a_former(head, at) { Judged::Former } else { judged }
    }
}

impl Audit {
    fn of(house: &House, heads: &[KeptHead], lang: Lang) -> Result<Audit, String> {
        let House { log, options, is_by_default } = house;
        let files: Arc<dyn Files> = Arc::new(Disk::visit(log));
        let both = [
            (LogStream::Urgent, Stream::Urgent, options.urgent),
            (LogStream::Routine, Stream::Routine, options.routine),
        ];
        let mut streams = Vec::new();
        let mut judged = Vec::new();
        let mut log_of = Sequences { epochs: BTreeSet::new(), since: None };
        for (stream, of, budget) in both {
            let mine = heads.iter().filter(|head| head.stream == stream);
            let wanted: BTreeSet<u64> = mine.clone().map(|head| head.index).collect();
            let failed = |error: std::io::Error| format!("{}: {error}", log.display());
            let count = segments(&*files, of).map_err(failed)?.len();
            let (verified, links): (Verified, Links) = verify_with(Arc::clone(&files), of, &wanted).map_err(failed)?;
            let begins = beginning(&*files, of).map_err(failed)?;
            if stream == LogStream::Urgent {
                log_of = Sequences { epochs: verified.epochs.clone(), since: begins.since };
            }
            let audited = Audited { stream, files: count, verified, begins, budget };
            judged.extend(mine.map(|head| (head.clone(), audited.judge(&links, head, &log_of))));
            streams.push(audited);
        }
        if streams.iter().all(|audited| audited.files == 0) && heads.is_empty() {
            return Err(format!("{}: {}", log.display(), say::NO_LOG.say(lang)));
        }
        Ok(Audit { is_by_default: *is_by_default, streams, heads: judged })
    }

    fn is_well(&self) -> bool {
        self.streams.iter().all(Audited::is_well) && self.heads.iter().all(|(_, j)| j.is_well())
    }

    /// The former logs that the county has heads of: their sequences, with the first and the last time of a head and how many.
    fn former(&self) -> BTreeMap<&str, (i64, i64, usize)> {
        let mut former = BTreeMap::new();
        for (head, _) in self.heads.iter().filter(|(_, judged)| *judged == Judged::Former) {
            let of: &mut (i64, i64, usize) = former.entry(head.epoch.as_str()).or_insert((head.at_ms, head.at_ms, 0));
            *of = (of.0.min(head.at_ms), of.1.max(head.at_ms), of.2 + 1);
        }
        former
    }

    fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines = Vec::new();
        if self.is_by_default {
            lines.push(say::BY_DEFAULT.say(lang).to_owned());
        }
        for audited in &self.streams {
            let Audited { stream, files, verified, begins, .. } = audited;
            let range = (verified.first_index, verified.last_index);
            lines.push(say::stream(*stream, verified.records, range, *files, lang));
            if let Some(since) = begins.since {
                lines.push(say::since(&time(since.wall.0), since.trust == Trust::Unset, lang));
            }
            lines.push(say::head(&verified.head.to_string(), lang));
            if audited.begins_late() {
                lines.push(say::begins_late(verified.first_index, days(audited.budget.kept), lang));
            }
            for missing in &verified.missing {
                let Missing { at, bytes, from, until, .. } = *missing;
                lines.push(say::missing(&file_of(*stream, at), at.offset, bytes, (from, until), lang));
            }
            lines.extend(verified.breaks.iter().map(|at| say::altered(&file_of(*stream, *at), at.offset, lang)));
        }
        if !self.heads.is_empty() {
            let count = |wanted: Judged| self.heads.iter().filter(|(_, judged)| *judged == wanted).count();
            lines.push(say::heads(count(Judged::Same), count(Judged::Retired), lang));
            lines.extend(self.heads.iter().filter_map(|(head, judged)| {
                let at = time(head.at_ms);
                match judged {
                    Judged::Removed => Some(say::removed(head.stream, head.index, &at, lang)),
                    Judged::Other => Some(say::other(head.stream, head.index, &at, lang)),
                    Judged::Beyond => Some(say::beyond(head.stream, head.index, &at, lang)),
                    Judged::Same | Judged::Retired | Judged::Former | Judged::Unreadable => None,
                }
            }));
            let former = self.former().into_iter();
            lines.extend(
                former.map(|(epoch, (first, last, count))| say::former(epoch, count, &time(first), &time(last), lang)),
            );
        }
        lines.push(if self.is_well() { say::WHOLE } else { say::NOT_WHOLE }.say(lang).to_owned());
        lines
    }

    fn json(&self) -> Value {
        let streams: Vec<Value> = self.streams.iter().map(Audited::json).collect();
        let heads: Vec<Value> = self
            .heads
            .iter()
            .map(|(head, judged)| {
                let judged = match judged {
                    Judged::Same => "same",
                    Judged::Retired => "retired",
                    Judged::Removed => "removed",
                    Judged::Former => "former",
                    Judged::Other => "other",
                    Judged::Beyond => "beyond",
                    Judged::Unreadable => "unreadable",
                };
                json!({ "stream": head.stream, "index": head.index, "at_ms": head.at_ms, "judged": judged })
            })
            .collect();
        json!({ "whole": self.is_well(), "kept_by_default": self.is_by_default, "streams": streams, "heads": heads })
    }
}

impl Audited {
    fn json(&self) -> Value {
        let Audited { stream, files, verified, begins, .. } = self;
        let missing: Vec<Value> = verified
            .missing
            .iter()
            .map(|missing| {
                let Missing { at, bytes, from, until, .. } = *missing;
                let file = file_of(*stream, at);
                json!({ "file": file, "offset": at.offset, "bytes": bytes, "from": from, "until": until })
            })
            .collect();
        let altered = |at: &Position| json!({ "file": file_of(*stream, *at), "offset": at.offset });
        let altered: Vec<Value> = verified.breaks.iter().map(altered).collect();
        json!({
            "stream": stream, "files": files, "records": verified.records, "first": verified.first_index,
            "since_ms": begins.since.map(|since| since.wall.0), "since_trust": begins.since.map(|since| since.trust.word()),

            "begins_late": self.begins_late(), "last": verified.last_index,
            "head": verified.head.to_string(), "missing": missing, "altered": altered,
        })
    }
}

fn file_of(stream: LogStream, at: Position) -> String {
    match stream {
        LogStream::Urgent => Stream::Urgent,
        LogStream::Routine => Stream::Routine,
    }
    .file_name(at.segment)
}

const fn days(kept: Duration) -> u64 {
    kept.as_secs() / (24 * 60 * 60)
}

/// A time for an inspector, who may be anywhere: in UTC.
pub(super) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}
