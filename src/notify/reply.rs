//! What a text message in answer to a notice says (CARE-RULES 4). Whether it counts is the station's to judge.
//!
//! ```text
//! 17        I come        17 2, 17 忙      busy: the next one is called at once
//! 1         I come        2                busy; both only where one notice is open, and the answer came after it
//! 17 到     on site       17 不是这家       wrong home: the alarm stays open
//! 17 到 0471              on site, with the code from inside of the door (CARE-RULES 30)
//! ```
//!
//! Constraint: people type as they speak: full-width digits, `回复` in front, a full stop behind. What is not known to be an answer
//! is none; "不去了" must not be read as "去".

use crate::core::alarm::told::Code;
use crate::core::answer::Wish;
use crate::private::Private;

/// The words of each wish. A whole answer is one of them; nothing is looked for inside of a sentence.
const WORDS: &[(Wish, &[&str])] = &[
    (Wish::One, &["1"]),
    (Wish::Two, &["2"]),
    (Wish::Come, &["", "我去", "去", "我来", "来", "马上去", "马上来", "i go", "go", "i come", "come", "yes"]),
    (Wish::Busy, &["忙", "正忙", "在忙", "去不了", "来不了", "busy", "no"]),
    (Wish::Present, &["在", "在的", "在岗", "present"]),
    (Wish::Arrived, &["到", "到了", "已到", "我到了", "here", "arrived", "on site"]),
    (Wish::Helped, &["好", "好了", "没事", "没事了", "已帮忙", "helped", "done", "ok"]),
    (Wish::Mistaken, &["误触", "按错", "按错了", "mistake"]),
    (Wish::WrongHome, &["不是这家", "wrong home"]),
    (Wish::CouldNotEnter, &["进不了门", "进不去", "could not enter", "locked"]),
    (Wish::Wants120, &["120", "要120", "需要120", "叫120", "need 120"]),
    (Wish::Dialled120, &["已拨120", "120已拨", "拨了120", "已打120", "打了120", "dialled 120", "called 120"]),
    (Wish::Returned, &["回", "回来", "回来了", "已回", "已回来", "back"]),
    (Wish::Extend, &["延", "再延", "再延7天", "延7天", "extend"]),
    (Wish::SomebodyElse, &["别人", "是别人", "somebody else"]),
];

/// A text taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Which notice it names.
    pub code: Option<Code>,
    /// What it says.
    pub wish: Wish,
    /// The code from inside of the door, where it tells of an arrival.
    pub door: Option<Private<String>>,
}

impl Said {
    /// Reads a text; nothing when it is no answer that is known.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain = plain(text);
        let plain = ["回复", "回", "reply"].iter().find_map(|word| plain.strip_prefix(word)).unwrap_or(&plain).trim();
        let digits = plain.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = plain.split_at(digits);
        match (digits, number.parse().ok().and_then(Code::new)) {
            (2, Some(code)) => Self::of(Some(code), rest),
            _ if plain.is_empty() => None,
            _ => Self::of(None, plain),
        }
    }

    fn of(code: Option<Code>, words: &str) -> Option<Self> {
        if let Some(wish) = wish(words) {
            return Some(Self { code, wish, door: None });
        }
        let before = words.trim_end_matches(|sign: char| sign.is_ascii_digit());
        let door = &words[before.len()..];
        let is_arrival = (4..=6).contains(&door.len()) && wish(before) == Some(Wish::Arrived);
        is_arrival.then(|| Self { code, wish: Wish::Arrived, door: Some(Private::new(door.to_owned())) })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Option<u8>, Wish)> {
        Said::read(text).map(|said| (said.code.map(Code::number), said.wish))
    }

    #[test]
    fn rule_4_people_answer_as_they_speak() {
        for text in ["17", "回复17", "回复 17 我去", "17我去。", "１７", " 17 去!", "Reply 17 I come"] {
            assert_eq!(read(text), Some((Some(17), Wish::Come)), "{text}");
        }
        assert_eq!((read("17 1"), read("17 2")), (Some((Some(17), Wish::One)), Some((Some(17), Wish::Two))));
        for text in ["17忙", "17 正忙", "17，去不了", "17 busy"] {
            assert_eq!(read(text), Some((Some(17), Wish::Busy)), "{text}");
        }
        assert_eq!(read("1"), Some((None, Wish::One)));
        assert_eq!(read("２"), Some((None, Wish::Two)));
        assert_eq!(read("17在。"), Some((Some(17), Wish::Present)));
        assert_eq!(read("17 到了"), Some((Some(17), Wish::Arrived)));
        for text in ["17 到了 0471", "17到了0471。", "17 我到了，０４７１", "17 arrived 0471"] {
            let said = Said::read(text).expect("an arrival");
            assert_eq!((said.wish, said.door), (Wish::Arrived, Some(Private::new("0471".to_owned()))), "{text}");
        }
        assert_eq!(Said::read("到了 0471").map(|said| (said.code, said.wish)), Some((None, Wish::Arrived)));
        assert_eq!(read("17不是这家"), Some((Some(17), Wish::WrongHome)));
        assert_eq!(read("17 要 120"), Some((Some(17), Wish::Wants120)));
        assert_eq!(read("17 已拨120"), Some((Some(17), Wish::Dialled120)));
        assert_eq!(read("17 回来了"), Some((Some(17), Wish::Returned)));
        assert_eq!(read("17再延7天。"), Some((Some(17), Wish::Extend)));
        assert_eq!(read("17 是别人"), Some((Some(17), Wish::SomebodyElse)));
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
            "17 去 0471",
            "17 到了 047",
            "17 到了 0471234",
            "1 7",
            "九",
            "12345678901",
            "00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
