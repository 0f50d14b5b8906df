//! What is wrong with a configuration, as values: the list of mistakes that are caught, and how one is said.

use std::fmt;

use serde::Serialize;

use super::Sound;
use crate::core::word::words;
use crate::limits;

words! {
    /// Whether a problem forbids to run.
    Severity {
        /// The configuration cannot be used.
        Error = "error",
        /// It can be used, and something is not as it should be.
        Warning = "warning",
    }
}

words! {
    /// Every mistake that is caught. `tests/config/` has a file for each kind.
    What {
        /// The file cannot be read.
        CannotRead = "cannot_read",
        /// The file is larger than any village's.
        TooLarge = "too_large",
        /// It is not TOML.
        Syntax = "syntax",
        /// A key or table stands twice.
        DuplicateKey = "duplicate_key",
        /// A key that nothing reads.
        UnknownKey = "unknown_key",
        /// A key that must be there.
        MissingKey = "missing_key",
        /// Text where a number belongs, and the like.
        WrongType = "wrong_type",
        /// A number outside its range.
        OutOfRange = "out_of_range",
        /// A word that is not one of the list.
        UnknownWord = "unknown_word",
        /// A text that is not an id.
        NotAnId = "not_an_id",
        /// Not the address of a broker.
        NotAUrl = "not_a_url",
        /// Not the address of a web server.
        NotAWebAddress = "not_a_web_address",
        /// Not an address to listen on.
        NotAnAddress = "not_an_address",
        /// A password inside the file.
        SecretInFile = "secret_in_file",
        /// Not a time zone.
        UnknownZone = "unknown_zone",
        /// Not a telephone number.
        NotAPhone = "not_a_phone",
        /// Not a code of a door.
        NotADoorCode = "not_a_door_code",
        /// A text or list without anything in it.
        Empty = "empty",
        /// A format that no decoder reads, or that the source does not speak.
        UnknownFormat = "unknown_format",
        /// A name of something that does not stand in the configuration.
        UnknownName = "unknown_name",
        /// Two things share what must be one's own.
        Shared = "shared",
        /// Two keys contradict each other.
        Contradiction = "contradiction",
        /// A person's device without a person or home.
        Ownerless = "ownerless",
        /// A rung that calls family who are only informed.
        FamilyNotDispatched = "family_not_dispatched",
        /// A resident without a ladder.
        NoLadder = "no_ladder",
        /// Fewer than three contacts can be reached: not covered.
        NotCovered = "not_covered",
        /// A serial port by a name that changes when it is plugged again.
        UnstablePort = "unstable_port",
        /// An unencrypted way out of the box.
        Unencrypted = "unencrypted",
        /// A text that is not a time of day.
        NotATime = "not_a_time",
        /// More of something than a village has.
        TooMany = "too_many",
        /// A swap that changes nothing, because of who is on the shift.
        SwapVoid = "swap_void",
        /// A swap that gives a duty to somebody who is on leave.
        OnLeave = "on_leave",
        /// A swap or a leave that is past.
        Lapsed = "lapsed",
        /// The rota asks for public holidays of a year that nobody has announced to this program.
        HolidaysUnknown = "holidays_unknown",
        /// People who are called have telephones that their owners have not proven.
        Unproven = "unproven",
        /// The SIM is paid for two weeks at most.
        CreditEnding = "credit_ending",
        /// No county is configured.
        NoCounty = "no_county",
        /// No way leads to single people.
        NobodyTold = "nobody_told",
        /// Alarms have one way to the county only.
        NoSecondPath = "no_second_path",
        /// A rung on which nobody stands.
        RungDeserted = "rung_deserted",
        /// Homes of which nobody has said how they are found.
        NoLandmark = "no_landmark",
        /// A client certificate ends soon.
        CertificateEnding = "certificate_ending",
        /// A client certificate is over by this machine's clock.
        CertificateOver = "certificate_over",
        /// A client certificate does not hold yet by this machine's clock.
        CertificateNotYet = "certificate_not_yet",
        /// A client certificate or its key cannot be used.
        CertificateUnusable = "certificate_unusable",
        /// A file that is named is not there.
        FileMissing = "file_missing",
        /// A secret cannot be read, or is empty.
        SecretUnreadable = "secret_unreadable",
        /// A secret that every user of the box can read.
        SecretOpen = "secret_open",
        /// The local broker may drop what zigbee2mqtt says while the daemon restarts.
        BrokerForgets = "broker_forgets",
        /// The local broker's configuration cannot be seen from here.
        BrokerUnseen = "broker_unseen",
        /// Somebody may log in at the desk in the name of somebody whom the village does not know.
        DeskUserUnknown = "desk_user_unknown",
    }
}

impl What {
    /// Whether it forbids to run.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            What::NoLadder
            | What::NotCovered
            | What::SwapVoid
            | What::OnLeave
            | What::Lapsed
            | What::HolidaysUnknown
            | What::Unproven
            | What::CreditEnding
            | What::UnstablePort
            | What::Unencrypted
            | What::NoCounty
            | What::NobodyTold
            | What::NoSecondPath
            | What::RungDeserted
            | What::NoLandmark
            | What::CertificateEnding
            | What::CertificateOver
            | What::CertificateNotYet
            | What::CertificateUnusable
            | What::FileMissing
            | What::SecretUnreadable
            | What::SecretOpen
            | What::BrokerForgets
            | What::BrokerUnseen
            | What::DeskUserUnknown => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The sentence, in English; `words::setting` has it in Chinese.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            What::CannotRead => "the file cannot be read",
            What::TooLarge => "the file is too large",
            What::Syntax => "this is not TOML",
            What::DuplicateKey => "this key or table stands twice",
            What::UnknownKey => "this key does not exist",
            What::MissingKey => "this key is missing",
            What::WrongType => "the value has the wrong type",
            What::OutOfRange => "the number is out of range",
            What::UnknownWord => "this word is not one of the list",
            What::NotAnId => "this is not an id",
            What::NotAUrl => "this is not the address of a broker",
            What::NotAWebAddress => "this is not the address of a web server",
            What::NotAnAddress => "this is not an address with a port to listen on",
            What::SecretInFile => "a password may not stand in a configuration file",
            What::UnknownZone => "this time zone is not known on this machine",
            What::NotAPhone => "this is not a telephone number",
            What::NotADoorCode => "this is not a code of a door",
            What::Empty => "this is empty",
            What::UnknownFormat => "this format is not spoken here",
            What::UnknownName => "nothing of this name stands in the configuration",
            What::Shared => "something else has the same",
            What::Contradiction => "this contradicts another key",
            What::Ownerless => "a device of this role needs a person or a home",
            What::FamilyNotDispatched => "family is informed and not dispatched, so a rung may not count on them",
            What::NoLadder => "this resident has no ladder: an alarm calls everybody at once",
            What::NotCovered => "not covered: fewer than three contacts can be reached for this resident",
            What::UnstablePort => "this name changes when the port is plugged in again",
            What::Unencrypted => "this connection leaves the box unencrypted",
            What::NotATime => "this is not a time of day",
            What::TooMany => "there are too many of these",
            What::SwapVoid => "this swap changes nothing, because of who is on that shift that day",
            What::OnLeave => "this swap gives a duty to somebody who is on leave",
            What::Lapsed => "this is past",
            What::HolidaysUnknown => {
                "the public holidays of this year are not known here, so the lists for holidays and worked weekends are not used"
            }
            What::Unproven => "these telephones are not proven by their owners: they get no names and places",
            What::CreditEnding => "the SIM's credit ends within two weeks",
            What::NoCounty => "no county is configured: alarms stay in the village",
            What::NobodyTold => {
                "nobody can be told: there is neither a modem nor a channel that reaches single persons"
            }
            What::NoSecondPath => "there is no second path: while the link is down the county learns of no alarm",
            What::RungDeserted => "nobody stands on this rung, so its time passes in vain",
            What::NoLandmark => "these homes are hard to find at night: nothing says how a stranger finds them",
            What::CertificateEnding => "this certificate ends within a month",
            What::CertificateOver => "this certificate has expired, or this machine's clock is ahead",
            What::CertificateNotYet => "this certificate does not hold yet: this machine's clock is probably behind",
            What::CertificateUnusable => "this certificate and its key cannot be used",
            What::FileMissing => "there is no such file on this machine",
            What::SecretUnreadable => "the secret cannot be read on this machine",
            What::SecretOpen => "every user of this machine can read the secret",
            What::BrokerForgets => "the local broker drops what zigbee2mqtt says while the daemon restarts",
            What::DeskUserUnknown => {
                "nobody of the village file has this id, so whoever logs in by this name can do nothing"
            }
            What::BrokerUnseen => "the local broker's configuration cannot be seen from here",
        }
    }
}

/// One problem, with all that is needed to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it forbids to run.
    pub severity: Severity,
    /// File name.
    pub file: String,
    /// Line, counted from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// Column in characters, counted from 1; 0 with line 0.
    pub column: usize,
    /// Full path of the key; empty when it concerns the whole file.
    pub key: String,
    /// The value as written, or `●●●` when it is private.
    pub value: Option<String>,
    /// What is wrong.
    pub what: What,
    /// What would be right.
    pub allowed: Option<String>,
    /// The nearest word that would be right.
    pub nearest: Option<String>,
    /// What to do.
    pub fix: String,
}

impl Problem {
    /// A problem of a whole file.
    pub(super) fn file(file: &str, what: What) -> Self {
        Self {
            severity: what.severity(),
            file: file.to_owned(),
            line: 0,
            column: 0,
            key: String::new(),
            value: None,
            what,
            allowed: None,
            nearest: None,
            fix: String::new(),
        }
    }

    /// A problem of a key, outside of any line.
    pub(super) fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// With the value as it stands.
    pub(super) fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// With what would be right.
    pub(super) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// With the nearest right word.
    pub(super) fn nearest(mut self, nearest: Option<impl Into<String>>) -> Self {
        self.nearest = nearest.map(Into::into);
        self
    }

    /// With what to do.
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        f.write_str(": ")?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        match (&self.key, &self.value) {
            (key, _) if key.is_empty() => {}
            (key, Some(value)) => write!(f, "{key} = {value}: ")?,
            (key, None) => write!(f, "{key}: ")?,
        }
        write!(f, "{}.", self.what.sentence())?;
        if let Some(allowed) = &self.allowed {
            write!(f, " Allowed: {allowed}.")?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, " Nearest: {nearest}.")?;
        }
        if self.fix.is_empty() { Ok(()) } else { write!(f, " Fix: {}.", self.fix) }
    }
}

/// All problems of one or more files, in the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, thiserror::Error)]
pub struct Problems {
    list: Vec<Problem>,
    /// How many were only counted ([`limits::CONFIG_PROBLEMS_MAX`]).
    more: usize,
}

impl Problems {
    /// One problem more; beyond the limit it is only counted.
    pub(super) fn push(&mut self, problem: Problem) {
        // An error is never hidden behind warnings: it takes the place of one.
        if self.list.len() < limits::CONFIG_PROBLEMS_MAX {
            self.list.push(problem);
            return;
        }
        self.more += 1;
        if problem.severity == Severity::Error
            && let Some(warning) = self.list.iter_mut().rfind(|kept| kept.severity == Severity::Warning)
        {
            *warning = problem;
        }
    }

    /// The problems of another file behind these.
    pub fn append(&mut self, other: Problems) {
        self.list.extend(other.list);
        self.more += other.more;
    }

    /// The sound value, if it is one; its warnings, or what is wrong, behind these.
    pub fn sift<T>(&mut self, read: Result<Sound<T>, Problems>) -> Option<T> {
        let (value, problems) = match read {
            Ok(sound) => (Some(sound.value), sound.warnings),
            Err(wrong) => (None, wrong),
        };
        self.append(problems);
        value
    }

    /// In the order of lines.
    pub(super) fn sorted(mut self) -> Self {
        self.list.sort_by(|a, b| (a.line, a.column, &a.key).cmp(&(b.line, b.column, &b.key)));
        self
    }

    /// The problems, in the order of files and lines.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many more there are than the list holds.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.more
    }

    /// Nothing to say.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them forbids to run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { list: vec![problem], more: 0 }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.list {
            writeln!(f, "{problem}")?;
        }
        if self.more > 0 { writeln!(f, "… and {} more.", self.more) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_never_hidden_behind_warnings() {
        let mut problems = Problems::default();
        for _ in 0..limits::CONFIG_PROBLEMS_MAX + 5 {
            problems.push(Problem::file("a.toml", What::NoLadder));
        }
        assert!(!problems.has_errors());
        problems.push(Problem::file("a.toml", What::UnknownKey));
        assert!(problems.has_errors());
        assert_eq!((problems.list().len(), problems.more()), (limits::CONFIG_PROBLEMS_MAX, 6));
        assert!(problems.to_string().ends_with("… and 6 more.\n"));
    }
}
