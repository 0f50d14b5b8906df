//! What a text message in answer to a notice says, and whether it counts (CARE-RULES 4).
//!
//! ```text
//! 17        I come        17 2, 17 忙      busy: the next one is called at once
//! 1         I come        2                busy; both only where one notice is open, and the answer came after it
//! 17 到     on site       17 不是这家       wrong home: the alarm stays open
//! ```
//!
//! Constraints:
//! - A code answers what it was given for, and a bare digit never answers a question (CARE-RULES 21, 24).
//! - People type as they speak: full-width digits, `回复` in front, a full stop behind. What is not known to be an answer is
//!   none; "不去了" must not be read as "去".

use crate::core::alarm::AlarmId;
use crate::core::time::{Trust, Wall};

/// The two digits of one notice to one person: 10 to 99, so that they are never taken for a bare `1` or `2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(u8);

impl Code {
    /// The code of that number, if it has two digits.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if matches!(number, 10..=99) { Some(Self(number)) } else { None }
    }

    /// Its digits.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What somebody wants to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// 我去: accepts.
    Come,
    /// 正忙: the next rung at once.
    Busy,
    /// 到了: on site.
    Arrived,
    /// 没事了: helped, and it is over.
    Helped,
    /// 误触: pressed by mistake.
    Mistaken,
    /// 不是这家 (CARE-RULES 16).
    WrongHome,
    /// 进不了门 (CARE-RULES 15).
    CouldNotEnter,
    /// 需要 120: accepts nothing (CARE-RULES 9).
    Wants120,
}

/// The words of each wish. A whole answer is one of them; nothing is looked for inside of a sentence.
const WORDS: &[(Wish, &[&str])] = &[
    (Wish::Come, &["", "1", "我去", "去", "我来", "来", "马上去", "马上来", "i go", "go", "i come", "come", "yes"]),
    (Wish::Busy, &["2", "忙", "正忙", "在忙", "去不了", "来不了", "busy", "no"]),
    (Wish::Arrived, &["到", "到了", "已到", "我到了", "here", "arrived", "on site"]),
    (Wish::Helped, &["好", "好了", "没事", "没事了", "已帮忙", "helped", "done", "ok"]),
    (Wish::Mistaken, &["误触", "按错", "按错了", "mistake"]),
    (Wish::WrongHome, &["不是这家", "wrong home"]),
    (Wish::CouldNotEnter, &["进不了门", "进不去", "could not enter", "locked"]),
    (Wish::Wants120, &["120", "要120", "需要120", "叫120", "need 120"]),
];

/// A text taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// Which notice it names.
    pub code: Option<Code>,
    /// What it says.
    pub wish: Wish,
}

impl Reply {
    /// Reads a text; nothing when it is no answer that is known.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain = plain(text);
        let plain = ["回复", "回", "reply"].iter().find_map(|word| plain.strip_prefix(word)).unwrap_or(&plain).trim();
        let digits = plain.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = plain.split_at(digits);
        match (digits, number.parse().ok().and_then(Code::new)) {
            (2, Some(code)) => Some(Self { code: Some(code), wish: wish(rest)? }),
            _ if plain.is_empty() => None,
            _ => Some(Self { code: None, wish: wish(plain)? }),
        }
    }
}

/// With digits of half width, small letters and single blanks, and without signs around it.
fn plain(text: &str) -> String {
    let half = |sign: char| match sign {
        '０'..='９' => char::from_u32(u32::from(sign) - 0xFEE0).unwrap_or(sign),
        '\u{3000}' | '，' | '。' | '！' | '、' | '：' | '；' | ',' | '.' | '!' | ':' | ';' | '"' | '\'' => ' ',
        other => other.to_ascii_lowercase(),
    };
    let signs: String = text.chars().map(half).collect();
    signs.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wish(text: &str) -> Option<Wish> {
    let text = text.trim();
    let apart: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    let known = |words: &[&str]| words.contains(&text) || words.contains(&apart.as_str());
    WORDS.iter().find(|(_, words)| known(words)).map(|(wish, _)| *wish)
}

/// What a number was told, and not answered for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Its code.
    pub code: Code,
    /// What for.
    pub about: About,
    /// When it was sent.
    pub at: Wall,
    /// It can still be accepted.
    pub acceptable: bool,
}

/// What a code was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// An alarm.
    Alarm(AlarmId),
    /// A question of the roll-call or of an absence, which only its own code answers.
    Question(u16),
}

/// What an answer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It says this about that.
    Counts(About, Wish),
    /// It may mean several notices, or one that it cannot have been an answer to: it is a note, and they are asked for the code.
    AskForCode,
    /// It names a code that this number was not given.
    UnknownCode,
}

/// Whether an answer counts, from a number that was told this; `sent` is when it was sent, by the network's clock, and `trust`
/// what the station's own clock is worth.
#[must_use]
pub fn judge(reply: Reply, told: &[Told], sent: Wall, trust: Trust) -> Verdict {
    if let Some(code) = reply.code {
        let meant = told.iter().rev().find(|told| told.code == code);
        return meant.map_or(Verdict::UnknownCode, |told| Verdict::Counts(told.about, reply.wish));
    }
    let is_open = |told: &&Told| told.acceptable && matches!(told.about, About::Alarm(_));
    let mut open = told.iter().filter(is_open);
    match (open.next(), open.next()) {
        // Times are compared only where the station's is one.
        (Some(one), None) if trust != Trust::Unset && sent > one.at => Verdict::Counts(one.about, reply.wish),
        _ => Verdict::AskForCode,
    }
}

/// A code that this number does not hold for anything else: the next one around the circle, so that one that was read out
/// yesterday does not come again soon. Nothing when it holds them all.
#[must_use]
pub fn next_code(last: Option<Code>, held: &[Told]) -> Option<Code> {
    let from = last.map_or(10, |last| last.number() + 1);
    let circle = (from..=99).chain(10..from).filter_map(Code::new);
    circle.into_iter().find(|code| held.iter().all(|told| told.code != *code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: u8) -> Code {
        Code::new(number).expect("two digits")
    }

    fn read(text: &str) -> Option<(Option<u8>, Wish)> {
        Reply::read(text).map(|reply| (reply.code.map(Code::number), reply.wish))
    }

    fn alarm(number: i64) -> About {
        About::Alarm(format!("st1.0000000000000007.{number}.resident-r1.help_call").parse().expect("an id"))
    }

    fn told(number: u8, about: About, at: i64) -> Told {
        Told { code: code(number), about, at: Wall(at), acceptable: true }
    }

    #[test]
    fn rule_4_people_answer_as_they_speak() {
        for text in ["17", "回复17", "回复 17 我去", "17我去。", "１７", " 17 去!", "17 1", "Reply 17 I come"]
        {
            assert_eq!(read(text), Some((Some(17), Wish::Come)), "{text}");
        }
        for text in ["17 2", "17忙", "17 正忙", "17，去不了", "17 busy"] {
            assert_eq!(read(text), Some((Some(17), Wish::Busy)), "{text}");
        }
        assert_eq!(read("1"), Some((None, Wish::Come)));
        assert_eq!(read("２"), Some((None, Wish::Busy)));
        assert_eq!(read("17 到了"), Some((Some(17), Wish::Arrived)));
        assert_eq!(read("17不是这家"), Some((Some(17), Wish::WrongHome)));
        assert_eq!(read("17 要 120"), Some((Some(17), Wish::Wants120)));
    }

    #[test]
    fn rule_4_what_is_not_plainly_an_answer_is_none() {
        for text in [
            "",
            "。",
            "17 不去了",
            "我今天不去",
            "171",
            "3",
            "17 18",
            "谁?",
            "17 去哪",
            "1 7",
            "九",
            "12345678901",
            "00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn rule_4_a_bare_digit_counts_for_the_only_open_notice_and_only_when_sent_after_it() {
        let come = Reply { code: None, wish: Wish::Come };
        let one = told(17, alarm(1), 1_000);
        let judged = |told: &[Told], sent| judge(come, told, Wall(sent), Trust::Synced);
        assert_eq!(judged(&[one], 1_001), Verdict::Counts(alarm(1), Wish::Come));
        assert_eq!(judged(&[one], 1_000), Verdict::AskForCode, "it was on its way before");
        assert_eq!(judged(&[one, told(18, alarm(2), 900)], 2_000), Verdict::AskForCode);
        assert_eq!(judged(&[one, Told { acceptable: false, ..told(18, alarm(2), 900) }], 2_000), judged(&[one], 2_000));
        assert_eq!(judged(&[], 2_000), Verdict::AskForCode);
        assert_eq!(judge(come, &[one], Wall(2_000), Trust::Unset), Verdict::AskForCode, "no time is known here");
    }

    #[test]
    fn rule_4_a_bare_digit_never_answers_a_question() {
        let question = told(20, About::Question(1), 500);
        let bare = Reply { code: None, wish: Wish::Come };
        assert_eq!(judge(bare, &[question], Wall(900), Trust::Synced), Verdict::AskForCode);
        let both = [question, told(17, alarm(1), 600)];
        assert_eq!(judge(bare, &both, Wall(900), Trust::Synced), Verdict::Counts(alarm(1), Wish::Come));
        let coded = Reply { code: Some(code(20)), wish: Wish::Come };
        assert_eq!(judge(coded, &both, Wall(0), Trust::Unset), Verdict::Counts(About::Question(1), Wish::Come));
    }

    #[test]
    fn rule_4_a_code_answers_what_it_was_given_for_and_no_other_number_s() {
        let coded = Reply { code: Some(code(17)), wish: Wish::Busy };
        assert_eq!(judge(coded, &[told(18, alarm(2), 1)], Wall(9), Trust::Synced), Verdict::UnknownCode);
        let twice = [told(17, alarm(1), 1), told(17, alarm(2), 5)];
        assert_eq!(judge(coded, &twice, Wall(9), Trust::Synced), Verdict::Counts(alarm(2), Wish::Busy), "the newest");
    }

    #[test]
    fn codes_go_round_and_none_is_held_twice() {
        assert_eq!(next_code(None, &[]).map(Code::number), Some(10));
        assert_eq!(next_code(Some(code(99)), &[told(10, alarm(1), 1)]).map(Code::number), Some(11));
        let all: Vec<Told> = (10..=99).map(|number| told(number, alarm(1), 1)).collect();
        assert_eq!(next_code(Some(code(40)), &all), None);
        assert_eq!(next_code(Some(code(40)), &all[1..]).map(Code::number), Some(10));
    }
}
