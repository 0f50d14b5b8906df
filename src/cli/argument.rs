//! What several verbs read alike from the command line, and how they end.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::core::alarm::Disposition;
use crate::words::Lang;

/// sysexits.h: the service is not available.
pub const EX_UNAVAILABLE: u8 = 69;
/// sysexits.h: the configuration is wrong; systemd does not try again.
pub const EX_CONFIG: u8 = 78;

/// The language of what is printed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Language {
    /// 语言:zh 或 en,不写则看 LANG · Language: zh or en; left out, by LANG
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<Lang>,
}

impl Language {
    /// The language asked for, or the terminal's.
    pub fn lang(self) -> Lang {
        self.lang.unwrap_or_else(|| Lang::of_locale(&std::env::var("LANG").unwrap_or_default()))
    }
}

/// How an alarm ended, by the word; only what people may say.
pub fn disposition() -> impl TypedValueParser<Value = Disposition> {
    let words = Disposition::ALL.iter().filter(|each| each.is_for_people()).map(|each| each.word());
    PossibleValuesParser::new(words)
        .map(|word| Disposition::from_word(&word).expect("the parser offers only these words"))
}
