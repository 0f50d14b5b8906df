//! The second path to the county: an alarm, or how the station stands, as one text message. Pure, and both ends are built
//! from it.
//!
//! ```text
//! SW1A/ST1/GW1/RR04/HEC/2F65KDP3OS40U/1FFUO0/1/RH/STOV7UO/1UP4/1HV61XF       an alarm
//!      │   │   │    │   │             │      │ │  │       │    └ CRC-32 of all in front of it
//!      │   │   │    │   │             │      │ │  │       └ when it was written, s of station time
//!      │   │   │    │   │             │      │ │  └ when it occurred, s of wall time, behind its trust
//!      │   │   │    │   └ epoch       └ onset│ └ state, priority, D for a drill
//!      station, gateway └ condition          └ revision
//!              └ subject
//!
//! SW1S/ST1/GW1/2F65KDP3OS40U/1UP4/STOV7VS/1.3/A.2.0/5K0/1.RS/0.2I/0ECPYRH    how the station stands
//!                            │            │   │     │   │    └ on mains, minutes of battery
//!                            │            │   │     │   └ disk takes records, MiB free
//!                            │            │   │     └ for how many s the county is out of reach, - when it is not
//!                            │            │   └ residents watched, weak, blind
//!                            │            └ open alarms about people, about things
//!                            └ when it was written, s of station time and wall time
//! ```
//!
//! Constraints:
//! - **It makes the same key as the copy over MQTT**: an [`AlarmId`] whole, its gateway and its revision.
//! - **It always fits**: digits, capitals and `. / : -`, which every network carries, in at most
//!   [`limits::COUNTY_TEXT_SIGNS_MAX`] signs with the longest of all ids and numbers; `_` of an id is written as `:`.
//!   Numbers are to the base of 36.
//! - **Damage is refused, and what phones add is not damage**: small letters, line breaks, blanks, quotes, words around it.
//! - It names nobody: pseudonyms only, no telephone, no address.
//! - A newer writer adds fields in front of the checksum, which an older reader does not look at; what an older reader must
//!   not read raises the version.
//! - The station stands in it once, as in the alarm's id: an alarm of a station that was renamed while it was open speaks
//!   under the old name.

use std::fmt::Write as _;

use crate::core::alarm::{Alarm, AlarmId, State, Subject};
use crate::core::condition::{Condition, Priority};
use crate::core::id::{ChannelId, DeviceId, Epoch, GatewayId, ResidentId, Slug, SourceId, StationId, StrangerId};
use crate::core::time::{Moment, Mono, Trust, Wall};
use crate::core::word::words;
use crate::limits;

/// Version of the texts that this program writes and reads.
pub const VERSION: u64 = 1;

/// A text of the second path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// One revision of an alarm.
    Alarm(AlarmText),
    /// How the station stands.
    Status(StatusText),
}

/// One revision of an alarm, as far as it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmText {
    /// By which box; its station is the id's.
    pub gateway: GatewayId,
    /// Its cause.
    pub id: AlarmId,
    /// Number of this record of it.
    pub rev: u32,
    /// Where it stands.
    pub stands: Stands,
    /// How urgent.
    pub priority: Priority,
    /// When it occurred.
    pub occurred: Stamp,
    /// When the text was written, in seconds of station time.
    pub sent_s: u64,
}

/// How a station stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusText {
    /// Which station.
    pub station: StationId,
    /// By which box.
    pub gateway: GatewayId,
    /// Sequence space in force.
    pub epoch: Epoch,
    /// When the text was written, in seconds of station time.
    pub sent_s: u64,
    /// The same on the wall clock.
    pub at: Stamp,
    /// Open alarms about people.
    pub people: u16,
    /// Open alarms about things.
    pub things: u16,
    /// Residents who are watched, weakly watched, not watched.
    pub residents: [u16; 3],
    /// For how many seconds the county has been out of reach over MQTT; none while it is not.
    pub without_link_s: Option<u32>,
    /// Whether the log takes records.
    pub durable: Option<bool>,
    /// Free space on the log's file system, in MiB.
    pub disk_free_mib: Option<u32>,
    /// Whether the box is on mains.
    pub mains: Option<bool>,
    /// How long its battery lasts, in minutes.
    pub battery_min: Option<u16>,
}

/// A wall time to the second with what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    wall_s: u64,
    /// What it is worth.
    pub trust: Trust,
}

words! {
    /// Where an alarm stands, in one word: a state, with 未响应 as one of its own.
    Stands {
        /// The person is asked first.
        PreAlarm = "pre_alarm",
        /// Climbing the ladder.
        Raised = "raised",
        /// Everybody was called and nobody came.
        Unanswered = "unanswered",
        /// A named local person goes.
        Accepted = "accepted",
        /// Somebody is there.
        OnSite = "on_site",
        /// It ended.
        Closed = "closed",
    }
}

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is no text of a station in it.
    #[error("it is no text of a station")]
    NotOurs,
    /// It was damaged or cut on its way.
    #[error("its checksum is wrong: it was damaged or cut on its way")]
    Damaged,
    /// It is whole, and of a version that this program does not read.
    #[error("it is of version {0}, which this program does not read: update the county's program")]
    Version(u64),
    /// It is whole, and one of its fields is not known here.
    #[error("its {0} is not known to this program: update the county's program")]
    Field(&'static str),
}

impl Text {
    /// The text, ready to be sent.
    #[must_use]
    pub fn write(&self) -> String {
        let mut fields = match self {
            Text::Alarm(alarm) => alarm.fields(),
            Text::Status(status) => status.fields(),
        };
        let crc = crc32fast::hash(fields.as_bytes());
        _ = write!(fields, "{:0>1$}", base36(u64::from(crc)), CRC_DIGITS);
        fields
    }

    /// Reads a text as it came, with whatever was put around it.
    ///
    /// # Errors
    /// [`TextError`]; the first whole text in it is the one that counts.
    pub fn read(text: &str) -> Result<Text, TextError> {
        let pieces: Vec<String> =
            text.split(|sign| !is_ours(sign)).filter(|piece| !piece.is_empty()).map(str::to_ascii_uppercase).collect();
        let mut refused = TextError::NotOurs;
        for (first, piece) in pieces.iter().enumerate() {
            let Some(begin) = begin(piece) else { continue };
            refused = TextError::Damaged;
            // Some gateways break a long message into lines, so what follows may be the rest of it.
            let mut whole = String::new();
            for (nth, piece) in pieces.iter().skip(first).take(limits::COUNTY_TEXT_PIECES_MAX).enumerate() {
                whole.push_str(if nth == 0 { piece.get(begin..).unwrap_or_default() } else { piece });
                if let Some(fields) = checked(whole.trim_end_matches(['.', ':', '-'])) {
                    return parse(fields);
                }
            }
        }
        Err(refused)
    }

    /// Who speaks.
    #[must_use]
    pub const fn speaker(&self) -> (StationId, GatewayId) {
        match self {
            Text::Alarm(alarm) => (alarm.id.station, alarm.gateway),
            Text::Status(status) => (status.station, status.gateway),
        }
    }
}

impl AlarmText {
    /// The text of an alarm as it stands at `now`.
    #[must_use]
    pub fn of(gateway: GatewayId, alarm: &Alarm, now: Moment) -> Self {
        let occurred = alarm.clocks.occurred.or(alarm.clocks.detected).map_or(Stamp::UNKNOWN, Stamp::of);
        AlarmText {
            gateway,
            id: alarm.id,
            rev: alarm.rev,
            stands: Stands::of(&alarm.state),
            priority: alarm.priority,
            occurred,
            sent_s: now.mono.0 / 1000,
        }
    }

    fn fields(&self) -> String {
        let AlarmId { onset, subject, condition, drill, station, epoch } = self.id;
        let drill = if drill { "D" } else { "" };
        head('A', station, self.gateway)
            + &format!(
                "{}/{}/{}/{}/{}/{}{}{drill}/{}/{}/",
                subject_field(subject),
                code(condition),
                base36(epoch.0),
                base36(onset.0),
                base36(u64::from(self.rev)),
                letter(STANDS, self.stands),
                letter(PRIORITIES, self.priority),
                self.occurred.field(),
                base36(self.sent_s),
            )
    }

    fn parse(station: StationId, gateway: GatewayId, fields: &mut Fields<'_>) -> Result<Self, TextError> {
        let subject = fields.next("subject", read_subject)?;
        let condition =
            fields.next("condition", |text| Condition::ALL.iter().copied().find(|one| code(*one) == text))?;
        let epoch = Epoch(fields.next("epoch", number)?);
        let onset = Mono(fields.next("onset", number)?);
        let rev = fields.next("revision", whole)?;
        let (stands, priority, drill) = fields.next("state", |text| {
            let mut signs = text.chars();
            let (stands, priority) = (read_letter(STANDS, signs.next()?)?, read_letter(PRIORITIES, signs.next()?)?);
            Some((stands, priority, signs.next() == Some('D')))
        })?;
        let occurred = fields.next("time", Stamp::read)?;
        let sent_s = fields.next("time", number)?;
        let id = AlarmId { onset, subject, condition, drill, station, epoch };
        Ok(AlarmText { gateway, id, rev, stands, priority, occurred, sent_s })
    }
}

impl StatusText {
    fn fields(&self) -> String {
        let [watched, weak, blind] = self.residents.map(|count| base36(u64::from(count)));
        let mut fields = head('S', self.station, self.gateway)
            + &format!("{}/{}/{}/", base36(self.epoch.0), base36(self.sent_s), self.at.field());
        _ = write!(fields, "{}.{}/", base36(u64::from(self.people)), base36(u64::from(self.things)));
        _ = write!(fields, "{watched}.{weak}.{blind}/{}/", optional(self.without_link_s));
        _ = write!(fields, "{}.{}/", flag(self.durable), optional(self.disk_free_mib));
        _ = write!(fields, "{}.{}/", flag(self.mains), optional(self.battery_min));
        fields
    }

    fn parse(station: StationId, gateway: GatewayId, fields: &mut Fields<'_>) -> Result<Self, TextError> {
        let epoch = Epoch(fields.next("epoch", number)?);
        let sent_s = fields.next("time", number)?;
        let at = fields.next("time", Stamp::read)?;
        let (people, things) = fields.next("number of alarms", |text| {
            let (people, things) = text.split_once('.')?;
            Some((whole(people)?, whole(things)?))
        })?;
        let residents = fields.next("number of residents", |text| {
            let mut counts = text.split('.').map(whole);
            Some([counts.next()??, counts.next()??, counts.next()??])
        })?;
        let without_link_s = fields.next("link", read_optional)?;
        let (durable, disk_free_mib) = fields.next("disk", read_pair)?;
        let (mains, battery_min) = fields.next("mains", read_pair)?;
        Ok(StatusText {
            station,
            gateway,
            epoch,
            sent_s,
            at,
            people,
            things,
            residents,
            without_link_s,
            durable,
            disk_free_mib,
            mains,
            battery_min,
        })
    }
}

impl Stamp {
    /// No time is known.
    pub const UNKNOWN: Stamp = Stamp { wall_s: 0, trust: Trust::Unset };

    /// Seven digits to the base of 36: the year 4453.
    const WALL_S_MAX: u64 = 36_u64.pow(7) - 1;

    /// The second of a moment; times before 1970 are written as 1970, which no trusted clock shows.
    #[must_use]
    pub fn of(at: Moment) -> Self {
        Self::new(at.wall, at.trust)
    }

    /// The second of a wall time.
    #[must_use]
    pub fn new(wall: Wall, trust: Trust) -> Self {
        let wall_s = u64::try_from(wall.0.div_euclid(1000)).unwrap_or(0).min(Self::WALL_S_MAX);
        Self { wall_s, trust }
    }

    /// Its wall time.
    #[must_use]
    pub fn wall(self) -> Wall {
        Wall(i64::try_from(self.wall_s.saturating_mul(1000)).unwrap_or(i64::MAX))
    }

    fn field(self) -> String {
        format!("{}{}", letter(TRUSTS, self.trust), base36(self.wall_s))
    }

    fn read(text: &str) -> Option<Self> {
        let trust = read_letter(TRUSTS, text.chars().next()?)?;
        let wall_s = number(text.get(1..)?)?;
        (wall_s <= Self::WALL_S_MAX).then_some(Self { wall_s, trust })
    }
}

impl Stands {
    /// The word of a state.
    #[must_use]
    pub const fn of(state: &State) -> Self {
        match state {
            State::PreAlarm { .. } => Stands::PreAlarm,
            State::Raised { climb } if climb.unanswered.is_some() => Stands::Unanswered,
            State::Raised { .. } => Stands::Raised,
            State::Accepted { .. } => Stands::Accepted,
            State::OnSite { .. } => Stands::OnSite,
            State::Closed { .. } => Stands::Closed,
        }
    }

    /// Somebody has said that they go, or it is over.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        matches!(self, Stands::Accepted | Stands::OnSite | Stands::Closed)
    }
}

/// A CRC-32 to the base of 36, with its leading zeros.
const CRC_DIGITS: usize = 7;

const STANDS: &[(char, Stands)] = &[
    ('P', Stands::PreAlarm),
    ('R', Stands::Raised),
    ('U', Stands::Unanswered),
    ('A', Stands::Accepted),
    ('O', Stands::OnSite),
    ('C', Stands::Closed),
];

const PRIORITIES: &[(char, Priority)] =
    &[('T', Priority::Technical), ('L', Priority::Low), ('M', Priority::Medium), ('H', Priority::High)];

const TRUSTS: &[(char, Trust)] = &[('S', Trust::Synced), ('H', Trust::Holdover), ('U', Trust::Unset)];

fn letter<T: Copy + PartialEq>(all: &[(char, T)], of: T) -> char {
    all.iter().find(|(_, one)| *one == of).map_or('-', |(letter, _)| *letter)
}

fn read_letter<T: Copy>(all: &[(char, T)], letter: char) -> Option<T> {
    all.iter().find(|(one, _)| *one == letter).map(|(_, of)| *of)
}

/// A condition's letters: two of its first word and one of each other, `HEC` for a help call. A test holds them apart.
fn code(condition: Condition) -> String {
    let mut parts = condition.word().split('_');
    let first = parts.next().unwrap_or_default().chars().take(2);
    first.chain(parts.filter_map(|part| part.chars().next())).collect::<String>().to_ascii_uppercase()
}

fn head(kind: char, station: StationId, gateway: GatewayId) -> String {
    format!("SW{VERSION}{kind}/{}/{}/", slug_field(&station.0), slug_field(&gateway.0))
}

fn slug_field(slug: &Slug) -> String {
    slug.as_str().to_ascii_uppercase().replace('_', ":")
}

fn read_slug(text: &str) -> Option<Slug> {
    text.to_ascii_lowercase().replace(':', "_").parse().ok()
}

fn subject_field(subject: Subject) -> String {
    match subject {
        Subject::Resident(id) => format!("R{}", slug_field(&id.0)),
        Subject::Device(id) => format!("D{}", slug_field(&id.0)),
        Subject::Source(id) => format!("S{}", slug_field(&id.0)),
        Subject::Stranger(id) => format!("U{}", slug_field(&id.0)),
        Subject::Channel(id) => format!("C{}", slug_field(&id.0)),
        Subject::Station => "-".to_owned(),
    }
}

fn read_subject(text: &str) -> Option<Subject> {
    if text == "-" {
        return Some(Subject::Station);
    }
    let slug = read_slug(text.get(1..)?)?;
    Some(match text.chars().next()? {
        'R' => Subject::Resident(ResidentId(slug)),
        'D' => Subject::Device(DeviceId(slug)),
        'S' => Subject::Source(SourceId(slug)),
        'U' => Subject::Stranger(StrangerId(slug)),
        'C' => Subject::Channel(ChannelId(slug)),
        _ => return None,
    })
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).ok().and_then(|digit| char::from_digit(digit, 36));
        digits.extend(digit.map(|digit| digit.to_ascii_uppercase()));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_alphanumeric());
    plain.then(|| u64::from_str_radix(text, 36).ok()).flatten()
}

fn whole<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(number(text)?).ok()
}

fn optional(value: Option<impl Into<u64>>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| base36(value.into()))
}

#[expect(
    clippy::option_option,
    reason = "the outer says whether the field can be read, the inner whether a value is known"
)]
fn read_optional<T: TryFrom<u64>>(text: &str) -> Option<Option<T>> {
    if text == "-" { Some(None) } else { Some(Some(whole(text)?)) }
}

const fn flag(value: Option<bool>) -> char {
    match value {
        None => '-',
        Some(false) => '0',
        Some(true) => '1',
    }
}

/// Yes, no or not known, and a number or none.
fn read_pair<T: TryFrom<u64>>(text: &str) -> Option<(Option<bool>, Option<T>)> {
    let (yes, of) = text.split_once('.')?;
    let yes = match yes {
        "-" => None,
        "0" => Some(false),
        "1" => Some(true),
        _ => return None,
    };
    Some((yes, read_optional(of)?))
}

const fn is_ours(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '.' | '/' | ':' | '-')
}

/// Where a text begins in a piece: `SW` and a digit.
fn begin(piece: &str) -> Option<usize> {
    piece.as_bytes().windows(3).position(|signs| matches!(signs, [b'S', b'W', b'0'..=b'9']))
}

/// Everything in front of the checksum, if that is right.
fn checked(text: &str) -> Option<&str> {
    let at = text.rfind('/')? + 1;
    let (fields, crc) = text.split_at_checked(at)?;
    let is_right = crc.len() == CRC_DIGITS && number(crc) == Some(u64::from(crc32fast::hash(fields.as_bytes())));
    is_right.then_some(fields)
}

fn parse(fields: &str) -> Result<Text, TextError> {
    let mut fields = Fields(fields.split('/'));
    let (version, kind) = fields.next("version", |head| {
        let head = head.strip_prefix("SW")?;
        let digits = head.bytes().take_while(u8::is_ascii_digit).count();
        let (version, kind) = head.split_at_checked(digits)?;
        Some((version.parse::<u64>().ok()?, kind))
    })?;
    if version != VERSION {
        return Err(TextError::Version(version));
    }
    let station = StationId(fields.next("station", read_slug)?);
    let gateway = GatewayId(fields.next("gateway", read_slug)?);
    match kind {
        "A" => AlarmText::parse(station, gateway, &mut fields).map(Text::Alarm),
        "S" => StatusText::parse(station, gateway, &mut fields).map(Text::Status),
        _ => Err(TextError::Field("kind")),
    }
}

/// The fields that have not been read.
struct Fields<'t>(std::str::Split<'t, char>);

impl<'t> Fields<'t> {
    fn next<T>(&mut self, name: &'static str, read: impl FnOnce(&'t str) -> Option<T>) -> Result<T, TextError> {
        self.0.next().and_then(read).ok_or(TextError::Field(name))
    }
}
