//! Every sentence a person reads, in Chinese and English: one meaning, one word (CARE-RULES E).
//!
//! A word is a `&'static str` in a table whose match the compiler holds complete, so a new variant without its two
//! words does not build. 报警 is for people and 故障 for things; nothing is ever 正常 without an age.

pub mod alarm;

pub mod notice;

pub mod answer;

pub mod person;

pub mod people;

pub mod visits;

pub mod device;

pub mod setting;

pub mod village;

pub mod pairing;

pub mod shell;

pub mod console;

pub mod page;

pub mod answer_page;

pub mod desk;

pub mod stop;

pub mod uplink;

pub mod second;

pub mod power;

pub mod escalation;

pub mod plan;

pub mod rota;

pub mod paper;

pub mod sheet;

pub mod time;

pub mod audit;

pub mod card;

pub mod demo;

use std::str::FromStr;

/// The language of whoever reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Chinese, simplified.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// From the value of `LANG`: English when it says so, Chinese otherwise.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        if locale.starts_with("en") { Lang::En } else { Lang::Zh }
    }

    /// From the value of `Accept-Language`: whichever of the two is wanted more, Chinese when neither is named.
    #[must_use]
    pub fn of_accept_language(accepted: &str) -> Self {
        // Weights are decimals of at most three places (RFC 9110, 12.4.2), and read as text they have the same order.
        let weight = |language: &str| {
            let of = accepted.split(',').filter(|range| range.trim().get(..2) == Some(language));
            of.map(|range| range.split_once("q=").map_or("1", |(_, weight)| weight.trim())).max()
        };
        if weight("en") > weight("zh") { Lang::En } else { Lang::Zh }
    }

    /// Its tag in HTML and HTTP (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }

    /// Its word in addresses and arguments.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Lang::Zh => "zh",
            Lang::En => "en",
        }
    }
}

/// A text that names no language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write zh or en")]
pub struct LangError;

impl FromStr for Lang {
    type Err = LangError;

    fn from_str(text: &str) -> Result<Self, LangError> {
        match text {
            "zh" => Ok(Lang::Zh),
            "en" => Ok(Lang::En),
            _ => Err(LangError),
        }
    }
}

/// One meaning in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Both {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Both {
    /// Chinese first.
    #[must_use]
    pub const fn new(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en }
    }

    /// In this language.
    #[must_use]
    pub const fn say(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

/// What has a word for people.
pub trait Say {
    /// Its words.
    fn both(&self) -> Both;

    /// Its word in this language.
    fn say(&self, lang: Lang) -> &'static str {
        self.both().say(lang)
    }
}

/// Gives every variant of an enum its two words.
macro_rules! say {
    ($name:ident { $($variant:ident: $zh:literal, $en:literal;)+ }) => {
        impl $crate::words::Say for $name {
            fn both(&self) -> $crate::words::Both {
                match self { $($name::$variant => $crate::words::Both::new($zh, $en),)+ }
            }
        }
    };
}
use say;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::alarm::{Disposition, NoteKind, Reason};
    use crate::core::condition::{Condition, Priority};
    use crate::core::consent::Purpose;
    use crate::core::effect::DeviceChange;
    use crate::core::month;
    use crate::core::refusal::Refusal;
    use crate::core::roster::{ResponderRole, Role, Service, Tier};
    use crate::core::visit;
    use crate::core::watch::Watch;

    fn all_said<T: Say + std::fmt::Debug>(all: &[T]) {
        let mut said: Vec<Both> = Vec::new();
        for one in all {
            let both = one.both();
            assert!(!both.zh.is_ascii(), "{one:?} has no Chinese: {both:?}");
            assert!(!both.en.is_empty() && both.en.is_ascii(), "{one:?} has no English: {both:?}");
            assert!(!both.zh.contains("告警") && !both.zh.contains("正常"), "{one:?}: CARE-RULES E strikes this word");
            let twin = said.iter().find(|other| other.zh == both.zh || other.en == both.en);
            assert_eq!(twin, None, "{one:?}: one meaning, one word");
            said.push(both);
        }
    }

    #[test]
    fn every_variant_is_said_in_both_languages_and_no_two_alike() {
        all_said(Condition::ALL);
        all_said(Priority::ALL);
        all_said(Disposition::ALL);
        all_said(Reason::ALL);
        all_said(NoteKind::ALL);
        all_said(Refusal::ALL);
        all_said(DeviceChange::ALL);
        all_said(Role::ALL);
        all_said(ResponderRole::ALL);
        all_said(Service::ALL);
        all_said(Tier::ALL);
        all_said(Watch::ALL);
        all_said(Purpose::ALL);
        all_said(visit::Reason::ALL);
        all_said(month::Group::ALL);
    }

    #[test]
    fn chinese_comes_first() {
        assert_eq!(Lang::of_locale("zh_CN.UTF-8"), Lang::Zh);
        assert_eq!(Lang::of_locale("en_GB.UTF-8"), Lang::En);
        assert_eq!(Lang::of_locale("C"), Lang::Zh);
        assert_eq!(Lang::of_locale(""), Lang::Zh);
        assert_eq!("en".parse(), Ok(Lang::En));
        assert_eq!("fr".parse::<Lang>(), Err(LangError));
    }

    #[test]
    fn a_browser_is_answered_in_the_language_it_wants_more() {
        for (accepted, lang) in [
            ("", Lang::Zh),
            ("de", Lang::Zh),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-GB,en;q=0.9,zh;q=0.8", Lang::En),
            ("de,en;q=0.5", Lang::En),
            ("en;q=0.5, zh;q=0.7", Lang::Zh),
            ("望", Lang::Zh),
        ] {
            assert_eq!(Lang::of_accept_language(accepted), lang, "{accepted}");
        }
    }
}
