//! `shouwang check`: is the configuration sound, and what does it amount to?
//!
//! All problems of both files at once, what this machine lacks, and the resolved plan: who is watched by what, who would
//! be called when, what is not covered. Pseudonyms only, unless the installer asks for names on their own terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::argument::{EX_CONFIG, Language};
use crate::config::machine::Machine;
use crate::config::plan::{DevicePlan, Pace, Plan, ResidentPlan};
use crate::config::village::People;
use crate::config::{Problems, Station, Village};
use crate::config::{certificate, coverage};
use crate::core::id::{ResidentId, ResponderId};
use crate::core::spoken::Spoken;
use crate::core::time::Wall;
use crate::core::watch::Watch;
use crate::words::plan::Phrase;
use crate::words::{Lang, Say, device, plan, setting, time};

/// 检查配置,列出谁由什么守护、何时呼叫谁、哪里未覆盖 · Checks the configuration; shows who is watched by what and who is called when
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// 照料站的配置 · Configuration of the station
    #[arg(long, value_name = "FILE", default_value = "/etc/shouwang/shouwang.toml")]
    pub config: PathBuf,
    /// 名册,代替配置里写的那个 · The village, in the place of the one the configuration names
    #[arg(long, value_name = "FILE")]
    pub village: Option<PathBuf>,
    /// 输出 JSON · As JSON
    #[arg(long)]
    pub json: bool,
    /// 显示称呼和姓名,只在自己的终端上用 · Shows forms of address and names, on your own terminal only
    #[arg(long)]
    pub names: bool,
    #[command(flatten)]
    language: Language,
}

/// Runs the verb. `formats` are the names of the formats that can be decoded.
pub fn run(args: &Args, formats: &[Spoken<'_>]) -> ExitCode {
    let machine = Machine {
        credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        mosquitto_conf: PathBuf::from(Machine::MOSQUITTO_CONF),
    };
    let now = Wall(Timestamp::now().as_millisecond());
    let checked = check(&args.config, args.village.as_deref(), &machine, formats, now);
    let mut said =
        if args.json { checked.json(args.names).to_string() } else { checked.text(args.language.lang(), args.names) };
    if !said.ends_with('\n') {
        said.push('\n');
    }
    // A closed pipe (`shouwang check | head`) is not a configuration error.
    _ = std::io::stdout().write_all(said.as_bytes());
    if checked.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(EX_CONFIG) }
}

/// What was found.
#[derive(Debug)]
pub struct Checked {
    /// Everything to be said about the files and the machine.
    pub problems: Problems,
    /// What the village amounts to; none when it cannot be read.
    pub plan: Option<Plan>,
    people: People,
}

/// Checks both files and the machine, and what of them is past at `now`.
#[must_use]
pub fn check(config: &Path, village: Option<&Path>, machine: &Machine, formats: &[Spoken<'_>], now: Wall) -> Checked {
    let mut problems = Problems::default();
    let station = problems.sift(Station::load(config, formats));
    // A broken station file must not hide what is wrong with the village: it is read without its sources then.
    let beside = config.parent().unwrap_or(Path::new("")).join("village.toml");
    let named = station.as_ref().map(|station| station.village_file.as_path());
    let file = village.or(named).unwrap_or(&beside);
    let loaded = problems.sift(Village::examine(file, station.as_ref()));
    if let Some(village) = &loaded {
        problems.append(village.unproven());
        problems.append(village.coverage());
    }
    if let (Some(station), Some(village)) = (&station, &loaded) {
        problems.append(village.lapsed(now, &station.zone));
    }
    let name = config.file_name().unwrap_or_default().to_string_lossy();
    if let (Some(pages), Some(village)) = (station.as_ref().and_then(|station| station.pages.as_ref()), &loaded) {
        problems.append(pages.unknown_users(&name, &village.roster));
    }
    if let Some(station) = &station {
        problems.append(coverage::of_station(&name, station));
        problems.append(machine.examine(&name, station));
        problems.append(certificate::of_station(&name, station, now));
        let modem = station.modem.as_ref();
        problems.append(modem.map(|modem| modem.lapsing(&name, now, &station.zone)).unwrap_or_default());
    }
    let unanswered_after = station.as_ref().map_or(Duration::from_mins(10), |station| station.rules.unanswered_after);
    let plan = loaded.as_ref().map(|village| Plan::of(village, unanswered_after));
    Checked { problems, plan, people: loaded.map(|village| village.people).unwrap_or_default() }
}

impl Checked {
    /// Whether the daemon would start with it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.problems.has_errors()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self, names: bool) -> Value {
        let mut whole = json!({ "sound": self.is_sound(), "problems": self.problems.list(), "plan": self.plan });
        if names {
            let people = &self.people;
            let said = people.residents.iter().map(|(id, card)| (id.to_string(), json!(card.address_form.reveal())));
            let said =
                said.chain(people.responders.iter().map(|(id, card)| (id.to_string(), json!(card.name.reveal()))));
            whole["names"] = Value::Object(said.collect());
        }
        whole
    }

    /// For people.
    #[must_use]
    pub fn text(&self, lang: Lang, names: bool) -> String {
        let mut page = Page { lang, people: names.then_some(&self.people), text: String::new() };
        page.problems(&self.problems);
        if let Some(plan) = &self.plan {
            page.plan(plan);
        }
        page.line(0, if self.is_sound() { Phrase::Sound.say(lang) } else { Phrase::Unsound.say(lang) });
        page.text
    }
}

/// The text under way.
struct Page<'a> {
    lang: Lang,
    people: Option<&'a People>,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, depth: usize, what: &str) {
        _ = writeln!(self.text, "{:1$}{what}", "", depth * 2);
    }

    fn problems(&mut self, problems: &Problems) {
        if problems.is_empty() {
            return;
        }
        for problem in problems.list() {
            let zh = setting::mistake_zh(problem.what.word()).filter(|_| self.lang == Lang::Zh);
            if let Some(zh) = zh {
                let place = if problem.key.is_empty() { &problem.file } else { &problem.key };
                self.line(0, &format!("{place}:{zh}。"));
            }
            self.line(usize::from(zh.is_some()), &problem.to_string());
        }
        if problems.more() > 0 {
            self.line(0, &format!("… +{}", problems.more()));
        }
        self.text.push('\n');
    }

    fn plan(&mut self, whole: &Plan) {
        let counts = Watch::ALL.iter().map(|watch| format!("{} {}", watch.say(self.lang), whole.count(*watch)));
        let counts = counts.collect::<Vec<_>>().join(" · ");
        self.line(0, &format!("{} ({}: {counts})", Phrase::Plan.say(self.lang), Phrase::AtBest.say(self.lang)));
        for resident in &whole.residents {
            self.text.push('\n');
            self.resident(resident);
        }
        if !whole.shared.is_empty() {
            self.text.push('\n');
            self.line(0, Phrase::Shared.say(self.lang));
            for device in &whole.shared {
                self.device(1, device);
            }
        }
        for (ids, phrase) in [(&whole.free, Phrase::Free), (&whole.removed, Phrase::Removed)] {
            if !ids.is_empty() {
                let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                self.text.push('\n');
                self.line(0, &format!("{}: {ids}", phrase.say(self.lang)));
            }
        }
        self.text.push('\n');
    }

    fn resident(&mut self, resident: &ResidentPlan) {
        let lang = self.lang;
        self.line(
            0,
            &format!(
                "{} · {} · {} · {} → {}",
                self.resident_name(resident.id),
                resident.home,
                resident.service.say(lang),
                resident.tier.say(lang),
                resident.watch_at_best.say(lang)
            ),
        );
        self.line(1, Phrase::WatchedBy.say(lang));
        if resident.devices.is_empty() {
            self.line(2, Phrase::NoDevice.say(lang));
        }
        for device in &resident.devices {
            self.device(2, device);
        }
        self.line(1, Phrase::Called.say(lang));
        for rung in &resident.rungs {
            let named = rung.call.iter().map(|id| self.responder_name(*id));
            let roles = rung.roles.iter().map(|role| plan::on_duty(role.say(lang), lang));
            let duty = rung.on_duty.then(|| Phrase::OnDuty.say(lang).to_owned());
            let call = named.chain(roles).chain(duty).collect::<Vec<_>>().join(", ");
            self.line(2, &format!("{}: {call}", self.after(rung.after_s)));
        }
        self.line(2, &format!("{}: {}", self.after(resident.everybody_after_s), Phrase::Everybody.say(lang)));
        if !resident.consent.is_empty() {
            let consent: Vec<&str> = resident.consent.iter().map(|purpose| purpose.say(lang)).collect();
            self.line(1, &format!("{}: {}", Phrase::Consent.say(lang), consent.join("; ")));
        }
        let gaps: Vec<&str> = resident.gaps.iter().filter_map(|gap| plan::gap(gap.word(), lang)).collect();
        if !gaps.is_empty() {
            self.line(1, &format!("{}: {}", Phrase::NotCovered.say(lang), gaps.join("; ")));
        }
    }

    fn device(&mut self, depth: usize, of: &DevicePlan) {
        let lang = self.lang;
        let mut said = format!("{} {}", of.id, of.role.say(lang));
        let places = [of.home.map(|home| home.to_string()), of.room.map(|room| device::room(&room, lang).to_owned())];
        for place in places.into_iter().flatten() {
            _ = write!(said, " · {place}");
        }
        // What cannot report by itself has no rhythm to miss.
        if of.pace != Pace::Mute {
            let (every, limit) = (self.seconds(of.rhythm_s), self.seconds(of.limit_s));
            _ = write!(said, " · {} {every}, {} {limit}", Phrase::Every.say(lang), Phrase::FaultAfter.say(lang));
        }
        if let Some(pace) = plan::pace(of.pace.word(), lang) {
            _ = write!(said, " · {pace}");
        }
        self.line(depth, &said);
    }

    fn after(&self, seconds: u64) -> String {
        if seconds == 0 { Phrase::AtOnce.say(self.lang).to_owned() } else { format!("+{}", self.seconds(seconds)) }
    }

    fn seconds(&self, seconds: u64) -> String {
        time::span(Duration::from_secs(seconds), self.lang)
    }

    fn resident_name(&self, id: ResidentId) -> String {
        match self.people.and_then(|people| people.residents.get(&id)) {
            Some(card) => format!("{id} {}", card.address_form.reveal()),
            None => id.to_string(),
        }
    }

    fn responder_name(&self, id: ResponderId) -> String {
        match self.people.and_then(|people| people.responders.get(&id)) {
            Some(card) => format!("{id} {}", card.name.reveal()),
            None => id.to_string(),
        }
    }
}
