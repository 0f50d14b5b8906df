//! What all pages of the station have around them as HTML. Pure, and all it is given is escaped.

use maud::{DOCTYPE, Markup, html};

use super::names::number;
use crate::private::Private;
use crate::words::{Both, Lang, answer_page as say};

/// Frame of a page that is opened by a link: its title, its language and what stands in it.
pub(super) fn page(title: Both, class: &str, root: &str, lang: Lang, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="format-detection" content="telephone=no";
                title { (title.say(lang)) }
                link rel="stylesheet" href={ (root) "web.css" };
            }
            body class=(class) { (content) }
        }
    };
    page.into_string()
}

/// A page that says one sentence, and how to reach somebody; nothing personal.
pub(super) fn sentence(says: Both, root: &str, call_back: Option<&Private<String>>, lang: Lang) -> String {
    let content = html! {
        main {
            p .band.grave role="alert" { (says.say(lang)) }
            (call_the_station(call_back, lang))
        }
    };
    page(say::CALL_BACK, "answer", root, lang, &content)
}

/// The button that calls the station, where it has a telephone.
pub(super) fn call_the_station(call_back: Option<&Private<String>>, lang: Lang) -> Markup {
    html! {
        @if let Some(number) = number(call_back) {
            p { a .button.quiet href={ "tel:" (number) } { (say::CALL_BACK.say(lang)) " " span .number { (number) } } }
        }
    }
}

/// A sign beside a word, so that no colour speaks alone; the word says the same.
pub(super) fn mark(sign: &str) -> Markup {
    html! { span .mark aria-hidden="true" { (sign) } " " }
}

/// The link to the other language, in that language. `keep` is what else the address asks for.
pub(super) fn other_language(lang: Lang) -> Markup {
    let other = match lang {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    };
    html! {
        a .language href={ "?lang=" (other.word()) } lang=(other.tag()) hreflang=(other.tag()) { (say::OTHER_LANGUAGE.say(lang)) }
    }
}
