//! Who is logged in at the desk: in memory only, so that a restart logs everybody out.
//!
//! The browser holds 256 random bits, and here stands their hash: whoever reads this memory gets no key, and a look-up tells
//! nobody by its time how much of a guess was right.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::password::Hash;
use crate::config::pages::DeskRole;
use crate::core::id::{ResponderId, Slug};
use crate::limits::web::{SESSION_IDLE, SESSIONS_MAX};

/// The cookie's name.
const COOKIE: &str = "shouwang";

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who they are among the responders: in whose name they act.
    pub responder: ResponderId,
    /// What they may do.
    pub role: DeskRole,
    /// Their password's hash.
    pub password: Hash,
}

/// Somebody who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    /// By which name of the configuration.
    pub(super) user: Slug,
    pub(super) responder: ResponderId,
    pub(super) role: DeskRole,
}

/// The hash of what a browser holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pass([u8; 32]);

impl Pass {
    /// What a browser sends with its requests.
    pub(super) fn of_cookies(cookies: &str) -> Option<Pass> {
        let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| Pass(Sha256::digest(value.as_bytes()).into()))
    }

    /// Its bytes, from which ids of orders are made.
    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// All who are logged in.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<BTreeMap<Pass, (Session, Instant)>>);

impl Sessions {
    /// Logs somebody in, and gives the cookie's line; none when the system gives no random numbers.
    pub(super) fn begin(&self, session: Session, secure: bool, now: Instant) -> Option<String> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).ok()?;
        let value = URL_SAFE_NO_PAD.encode(secret);
        let mut all = self.all(now);
        if all.len() >= SESSIONS_MAX {
            let quietest = all.iter().min_by_key(|(_, (_, heard))| *heard).map(|(pass, _)| *pass);
            quietest.map(|pass| all.remove(&pass));
        }
        all.insert(Pass(Sha256::digest(value.as_bytes()).into()), (session, now));
        Some(line(&value, secure))
    }

    /// Who holds it; whoever is asked for is heard.
    pub(super) fn find(&self, pass: Pass, now: Instant) -> Option<Session> {
        let mut all = self.all(now);
        let (session, heard) = all.get_mut(&pass)?;
        *heard = now;
        Some(*session)
    }

    /// Logs somebody out, and gives the line that takes the cookie away.
    pub(super) fn end(&self, pass: Pass, secure: bool, now: Instant) -> String {
        self.all(now).remove(&pass);
        format!("{}; Max-Age=0", line("", secure))
    }

    fn all(&self, now: Instant) -> MutexGuard<'_, BTreeMap<Pass, (Session, Instant)>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, heard)| now.duration_since(*heard) < SESSION_IDLE);
        all
    }
}

/// No script reads it, no other site's form sends it, and it goes with the browser's window.
fn line(value: &str, secure: bool) -> String {
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{}", if secure { "; Secure" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> Session {
        let responder = "desk".parse().expect("id");
        Session { user: "desk".parse().expect("id"), responder, role: DeskRole::Duty }
    }

    fn pass(line: &str) -> Pass {
        Pass::of_cookies(&format!("a=b; {}", line.split(';').next().expect("a pair"))).expect("the cookie")
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_when_it_was_quiet_for_twelve_hours_and_not_before() {
        let sessions = Sessions::default();
        let begun = Instant::now();
        let line = sessions.begin(desk(), true, begun).expect("random numbers");
        assert!(line.contains("; HttpOnly; SameSite=Strict; Secure"), "{line}");
        let almost = begun + SESSION_IDLE - std::time::Duration::from_secs(1);
        assert_eq!(sessions.find(pass(&line), almost), Some(desk()));
        assert_eq!(
            sessions.find(pass(&line), almost + std::time::Duration::from_secs(2)),
            Some(desk()),
            "it was heard"
        );
        assert_eq!(sessions.find(pass(&line), almost + SESSION_IDLE * 2), None);
        assert_eq!(sessions.find(pass("shouwang=guess"), begun), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_quietest_makes_room_and_who_logs_out_is_out() {
        let sessions = Sessions::default();
        let mut now = Instant::now();
        let first = sessions.begin(desk(), false, now).expect("random numbers");
        let mut last = String::new();
        for _ in 0..SESSIONS_MAX {
            now += std::time::Duration::from_secs(1);
            last = sessions.begin(desk(), false, now).expect("random numbers");
        }
        assert_eq!(sessions.find(pass(&first), now), None);
        assert!(sessions.end(pass(&last), false, now).contains("Max-Age=0"));
        assert_eq!(sessions.find(pass(&last), now), None);
    }
}
