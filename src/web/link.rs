//! The links of the answer page: one for each alarm and person, kept nowhere (CARE-RULES 3).
//!
//! A link is made again whenever it is needed, from the alarm, the person and a key that only this station has. So nothing is to
//! be stored or cleaned up, a restart changes nothing, and a link that nobody was given fits nobody.

use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::core::alarm::{Alarm, AlarmId};
use crate::core::id::{CommandId, ResponderId};
use crate::core::time::{Moment, Trust};
use crate::limits::web::LINK_KEPT;

/// The key's file in the station's data directory.
const KEY_FILE: &str = "web.key";

/// Bytes of the key: as many as the hash gives.
const KEY_BYTES: usize = 32;

/// Bytes of a link's secret part. Source: 128 bits cannot be guessed (RFC 6749, 10.10).
const TOKEN_BYTES: usize = 16;

/// The key from which this station's links are made.
#[derive(Clone)]
pub struct LinkKey(Hmac<Sha256>);

/// The secret part of a link. It is as good as the person's name under an answer, so it is never printed by accident.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; TOKEN_BYTES]);

/// Why the key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LinkKeyError {
    /// The file cannot be read or made.
    #[error("{path}: {why}; links of the answer page need this file, and it is made anew when it is removed")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// Something else stands in it.
    #[error("{path} does not hold a key of {KEY_BYTES} bytes; remove it, and links that were sent are void")]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// The system gives no random numbers.
    #[error("this computer gives no random numbers: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// A text that is no link's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the secret part of a link")]
pub struct TokenError;

impl LinkKey {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        Self(keyed(bytes))
    }

    /// The station's key, made when it is first asked for.
    ///
    /// # Errors
    /// [`LinkKeyError`].
    pub fn open(data_dir: &Path) -> Result<Self, LinkKeyError> {
        let path = data_dir.join(KEY_FILE);
        let failed = |why| LinkKeyError::File { path: path.clone(), why };
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut fresh = [0; KEY_BYTES];
                getrandom::fill(&mut fresh)?;
                // At the very first start the log has not made it yet.
                fs::create_dir_all(data_dir).map_err(failed)?;
                write_whole(&path, &fresh).map_err(failed)?;
                return Ok(Self::new(&fresh));
            }
            read => read.map_err(failed)?,
        };
        let bytes = bytes.as_slice().try_into().map_err(|_| LinkKeyError::Damaged { path: path.clone() })?;
        Ok(Self::new(bytes))
    }

    /// The secret part of this person's link to this alarm.
    #[must_use]
    pub fn token(&self, alarm: AlarmId, who: ResponderId) -> Token {
        let mut token = [0; TOKEN_BYTES];
        token.copy_from_slice(&self.sum(alarm, who).finalize().into_bytes()[..TOKEN_BYTES]);
        Token(token)
    }

    /// Whose link it is, and to which of these alarms: only those have one who were told.
    #[must_use]
    pub fn find<'a>(&self, token: Token, alarms: &'a [Alarm]) -> Option<(&'a Alarm, ResponderId)> {
        let told = alarms.iter().rev().flat_map(|alarm| alarm.told.iter().map(move |told| (alarm, told.who)));
        let mut fits = told.filter(|(alarm, who)| self.sum(alarm.id, *who).verify_truncated_left(&token.0).is_ok());
        fits.next()
    }

    /// The id of an order, made from who gives it, what is ordered and how the matter stood for them: tapping twice is once.
    #[must_use]
    pub fn order_id(&self, from: &[u8], what: &str, rev: u32) -> CommandId {
        let mut sum = self.0.clone();
        for part in [b"order".as_slice(), from, what.as_bytes(), &rev.to_be_bytes()] {
            sum.update(&(part.len() as u64).to_be_bytes());
            sum.update(part);
        }
        id_of(&sum.finalize().into_bytes())
    }

    /// The same for an order with what somebody read at the door: another code is another order, so that one that was mistyped is
    /// put right from the same page. The code is in it under the key only.
    #[must_use]
    pub fn order_id_at_the_door(&self, from: &[u8], what: &str, rev: u32, door: Option<&str>) -> CommandId {
        let Some(door) = door else { return self.order_id(from, what, rev) };
        let mut sum = self.0.clone();
        for part in [b"door".as_slice(), door.as_bytes()] {
            sum.update(&(part.len() as u64).to_be_bytes());
            sum.update(part);
        }
        let door = sum.finalize().into_bytes();
        self.order_id(&[from, &door].concat(), what, rev)
    }

    fn sum(&self, alarm: AlarmId, who: ResponderId) -> Hmac<Sha256> {
        let mut sum = self.0.clone();
        sum.update(b"answer\0");
        sum.update(alarm.to_string().as_bytes());
        sum.update(b"\0");
        sum.update(who.as_str().as_bytes());
        sum
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(●●●)")
    }
}

impl Token {
    /// Its bytes, from which ids of orders are made.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it stands in an address.
    #[must_use]
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(●●●)")
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError)?;
        bytes.try_into().map(Token).map_err(|_| TokenError)
    }
}

fn keyed(bytes: &[u8; KEY_BYTES]) -> Hmac<Sha256> {
    Hmac::new_from_slice(bytes).expect("a key of any length makes an HMAC")
}

/// An id of the first 88 bits, as long as an id may be.
fn id_of(sum: &[u8]) -> CommandId {
    let digits = sum.iter().take(11).fold(String::from("w"), |mut digits, byte| {
        _ = write!(digits, "{byte:02x}");
        digits
    });
    digits.parse().expect("w and 22 digits of hexadecimal are an id")
}

/// Whether a link to this alarm can be opened no more: closed, and a day past by station time or by a wall clock that is trusted.
#[must_use]
pub fn is_over(alarm: &Alarm, now: Moment) -> bool {
    let Some(closed) = alarm.clocks.closed.filter(|_| !alarm.is_open()) else { return false };
    let trusted = now.trust != Trust::Unset && closed.trust != Trust::Unset;
    let kept_ms = i64::try_from(LINK_KEPT.as_millis()).unwrap_or(i64::MAX);
    now.mono.since(closed.mono) >= LINK_KEPT || (trusted && now.wall.0.saturating_sub(closed.wall.0) >= kept_ms)
}

/// Writes the file beside its place and moves it there, so that a power cut leaves no half key.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm_id(text: &str) -> AlarmId {
        text.parse().expect("an id")
    }

    #[test]
    fn every_alarm_and_person_has_a_link_of_their_own_and_a_restart_changes_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let key = LinkKey::open(directory.path()).expect("made");
        let again = LinkKey::open(directory.path()).expect("read");
        let (one, two) = (alarm_id("st1.ff.1.resident-r01.help_call"), alarm_id("st1.ff.1.resident-r02.help_call"));
        let (ann, bob) = ("p01".parse().expect("id"), "p02".parse().expect("id"));
        let tokens = [key.token(one, ann), key.token(one, bob), key.token(two, ann), key.token(two, bob)];
        for (at, token) in tokens.iter().enumerate() {
            assert!(tokens.iter().skip(at + 1).all(|other| other != token));
            assert_eq!(token.text().len(), 22);
            assert_eq!(token.text().parse(), Ok(*token));
        }
        assert_eq!(again.token(one, ann), tokens[0]);
        assert_ne!(LinkKey::new(&[1; 32]).token(one, ann), tokens[0]);
        assert_eq!(format!("{key:?} {:?}", tokens[0]), "LinkKey(●●●) Token(●●●)");
    }

    #[test]
    fn the_key_is_for_its_owner_only_and_another_files_content_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        LinkKey::open(directory.path()).expect("made");
        let path = directory.path().join(KEY_FILE);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").expect("writes");
        assert!(matches!(LinkKey::open(directory.path()), Err(LinkKeyError::Damaged { .. })));
    }

    #[test]
    fn the_same_tap_has_the_same_id_and_another_has_not() {
        let key = LinkKey::new(&[7; 32]);
        let id = key.order_id(b"token", "come", 3);
        assert_eq!(id, key.order_id(b"token", "come", 3));
        for other in
            [key.order_id(b"tokenc", "ome", 3), key.order_id(b"token", "busy", 3), key.order_id(b"token", "come", 4)]
        {
            assert_ne!(id, other);
        }
        let at_the_door = |door| key.order_id_at_the_door(b"token", "arrived", 3, door);
        assert_eq!(at_the_door(None), key.order_id(b"token", "arrived", 3));
        assert_eq!(at_the_door(Some("1111")), at_the_door(Some("1111")));
        assert_ne!(at_the_door(Some("1111")), at_the_door(None));
        assert_ne!(at_the_door(Some("1111")), at_the_door(Some("2222")));
    }

    #[test]
    fn what_is_no_link_is_not_read_as_one() {
        for text in [
            "",
            "x",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "AAAAAAAAAAAAAAAAAAAAA!",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(text.parse::<Token>(), Err(TokenError), "{text}");
        }
    }
}
