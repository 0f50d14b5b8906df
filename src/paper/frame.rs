//! What every page has around it. All it is given is escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::words::Lang;

/// How it looks, for paper and for the screen on which it is looked at before.
const STYLE: &str = include_str!("paper.css");

/// A whole page in one file. `class` is the shape of its paper.
pub(super) fn page(title: &str, class: &str, lang: Lang, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing is fetched and nothing runs, wherever the file is opened.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="format-detection" content="telephone=no";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body class=(class) { (content) }
        }
    };
    page.into_string()
}
