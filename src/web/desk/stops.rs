//! Times in which the station was not running, on top of the desk until somebody has seen to them (CARE-RULES 23).

use maud::{Markup, html};

use super::html::Scene;
use crate::core::stop::Stop;
use crate::web::frame::mark;
use crate::words::stop as say;

/// Every stop of which the desk is to be told, the newest first.
pub(super) fn lines(scene: &Scene<'_>) -> Markup {
    let stops = scene.sheet.stops;
    html! {
        @if !stops.is_empty() {
            section #stops data-live { @for stop in stops.iter().rev() { (line(scene, stop)) } }
        }
    }
}

fn line(scene: &Scene<'_>, stop: &Stop) -> Markup {
    let lang = scene.lang.word();
    html! {
        div .band.warn.stop {
            p { (mark("△")) (say::line(stop, scene.sheet.now, scene.zone, scene.lang)) }
            @if scene.acts() {
                form method="post" action={ "desk/stop/" (stop.until.mono.0) "?lang=" (lang) } {
                    button .do type="submit" { (scene.say(say::NOTE)) }
                }
            }
        }
    }
}
