//! What people write, and what they read out of what was written to them.
//!
//! They read as people do: who it is about, whether it asks them to go, and the two digits behind 回.

use crate::private::Private;
use crate::sim::chance::Chance;

/// What somebody truly means by a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) enum Means {
    /// They come.
    Come,
    /// They cannot come.
    Busy,
    /// A 1, by which whoever was called comes, and whoever was asked says yes.
    One,
    /// A 2.
    Two,
    /// They are there.
    Arrived,
    /// It is over.
    Helped,
    /// It was a mistake.
    Mistaken,
    /// It is another home.
    WrongHome,
    /// Nobody opens.
    CouldNotEnter,
    /// Somebody needs an ambulance.
    Wants120,
    /// They have called one.
    Dialled120,
    /// They are on duty.
    Present,
    /// Who is this?
    Nonsense,
}

/// A text that says it.
pub(super) fn write(means: Means, code: Option<u8>, chance: &mut Chance) -> String {
    let ways: &[&str] = match means {
        Means::Come => &["", " 我去", "我来。", "去", " 马上来!"],
        Means::Busy => &["忙", " 去不了", " 2"],
        Means::One => &[" 1"],
        Means::Two => &[" 2"],
        Means::Arrived => &["到", " 到了", "我到了。"],
        Means::Helped => &["好", " 没事了", " 好了"],
        Means::Mistaken => &["误触", " 按错了"],
        Means::WrongHome => &["不是这家"],
        Means::CouldNotEnter => &["进不了门", " 进不去"],
        Means::Wants120 => &["要120", " 需要120"],
        Means::Dialled120 => &["已拨120"],
        Means::Present => &["在", " 在的"],
        Means::Nonsense => &[" 谁?", "是哪个村的", " 在开会等下看"],
    };
    let words = ways.get(chance.index(ways.len())).copied().unwrap_or_default();
    let Some(code) = code else {
        // Somebody who leaves the digits out must say something.
        return if words.is_empty() { "我去".to_owned() } else { words.trim().to_owned() };
    };
    match chance.below(10) {
        0 => format!("回复{code}{words}"),
        1 => format!("{}{words}", full_width(code)),
        _ => format!("{code}{words}"),
    }
}

fn full_width(code: u8) -> String {
    let wide = |digit: char| char::from_u32(u32::from(digit) + 0xFEE0).unwrap_or(digit);
    code.to_string().chars().map(wide).collect()
}

/// What somebody makes of a letter, with the code that stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Letter {
    /// Somebody is to go.
    Call(Option<u8>),
    /// Somebody is to bring the key.
    KeyWanted(Option<u8>),
    /// "Are you there?"
    HalfWay(Option<u8>),
    /// "How is it going?"
    HowIsIt(Option<u8>),
    /// "Be ready."
    BackUp(Option<u8>),
    /// What they said was understood: they go.
    YouGo,
    /// What they said was understood.
    Understood,
    /// Somebody else goes.
    AnotherGoes,
    /// Their answer has to be repeated with its code.
    WithCode,
    /// An alarm is unanswered, and no more.
    Unproven,
    /// The roll-call.
    RollCall(Option<u8>),
    /// A question about somebody's absence.
    Away(Option<u8>),
    /// Anything else.
    Other,
}

impl Letter {
    /// Reads a letter.
    pub(in crate::sim) fn of(text: &Private<String>) -> Letter {
        let text = text.reveal().as_str();
        let text = text.strip_prefix("【演练】").unwrap_or(text);
        let code = code_in(text);
        let begins = |words: &str| text.starts_with(words);
        match () {
            () if begins("已登记:您去不了") => Letter::Understood,
            () if begins("已登记:您去") => Letter::YouGo,
            () if begins("已登记") || begins("已办结") || begins("已收到") || begins("120要由您") => {
                Letter::Understood
            }
            () if begins("已有人去了") => Letter::AnotherGoes,
            () if begins("不清楚您回的") || begins("没看懂") => Letter::WithCode,
            () if begins("到了吗") => Letter::HalfWay(code),
            () if begins("现在怎样") => Letter::HowIsIt(code),
            () if begins("请准备接替") => Letter::BackUp(code),
            () if begins("进不了门,请带钥匙") => Letter::KeyWanted(code),
            () if text.contains("值班点名") => Letter::RollCall(code),
            () if text.contains("外出快到期") || text.contains("登记外出,家里却") => Letter::Away(code),
            () if text.contains("有一个报警无人应答") => Letter::Unproven,
            () if text.contains("去请回") => Letter::Call(code),
            () => Letter::Other,
        }
    }

    /// The code that stands in it.
    pub(super) const fn code(self) -> Option<u8> {
        match self {
            Letter::Call(code)
            | Letter::KeyWanted(code)
            | Letter::HalfWay(code)
            | Letter::HowIsIt(code)
            | Letter::BackUp(code) => code,
            _ => None,
        }
    }
}

/// The two digits behind the first 回 that is followed by such.
fn code_in(text: &str) -> Option<u8> {
    let after = |part: &str| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|code| (10..=99).contains(code))
    };
    text.split('回').skip(1).find_map(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::reply::Said;

    fn read(text: &str) -> Letter {
        Letter::of(&Private::new(text.to_owned()))
    }

    #[test]
    fn people_read_what_is_wanted_of_them_and_under_which_code() {
        let call = "紧急:示例奶奶求助(卧室),03:12起。示例一组1号,大槐树旁。按下求助按钮。去请回17,去不了回17忙";
        assert_eq!(read(call), Letter::Call(Some(17)));
        assert_eq!(read(&format!("【演练】{call}")), Letter::Call(Some(17)));
        assert_eq!(read("到了吗?示例奶奶求助,03:12起。到了请回17到,去不了回17忙"), Letter::HalfWay(Some(17)));
        assert_eq!(read("已登记:您去示例奶奶家。到了请回同样的数字加到"), Letter::YouGo);
        assert_eq!(read("已登记:您去不了,已转下一位"), Letter::Understood);
        assert_eq!(read("示例站:今晚值班点名。在请回42在,来不了回42忙,20点前回复"), Letter::RollCall(Some(42)));
    }

    #[test]
    fn what_people_write_with_a_code_is_understood_and_nonsense_is_not() {
        let mut chance = Chance::stream(1, "words", 0);
        for _ in 0..200 {
            for means in
                [Means::Come, Means::Busy, Means::Arrived, Means::Helped, Means::Wants120, Means::CouldNotEnter]
            {
                let text = write(means, Some(17), &mut chance);
                let said = Said::read(&text).map(|said| said.code.map(crate::core::alarm::told::Code::number));
                assert_eq!(said, Some(Some(17)), "{text}");
            }
            let text = write(Means::Nonsense, Some(17), &mut chance);
            assert!(Said::read(&text).is_none(), "{text}");
        }
    }
}
