//! Words about letting newcomers in.

use super::{Both, Lang};

/// The bridge is open.
pub const OPEN: Both = Both::new(
    "已开放入网。请按设备说明书让它进入配对(多为长按)。",
    "Open for newcomers. Put the device into pairing as its manual says (mostly a long press).",
);
/// How it is ended.
pub const END_WITH: Both = Both::new("按 Ctrl-C 关闭入网", "Ctrl-C closes it");
/// The bridge is closed.
pub const CLOSED: Both = Both::new("入网已关闭。", "Closed for newcomers.");
/// It could not be opened, or was lost.
pub const TROUBLE: Both = Both::new("入网没有开成", "It could not be opened");
/// Nobody came.
pub const NOBODY: Both = Both::new("没有新设备入网。", "Nobody came.");

/// How far a newcomer has come, by the word of it; the word itself where it has no sentence.
#[must_use]
pub fn stage(word: &str, lang: Lang) -> &str {
    let both = match word {
        "joined" => Both::new("已入网,等待识别", "has joined, to be interviewed"),
        "interviewed" => Both::new("正在识别", "is being interviewed"),
        "ready" => Both::new("识别完成,可以登记", "is known and can be enrolled"),
        "unsupported" => Both::new("已入网,但网桥不认识这个型号", "has joined, and the bridge does not know its model"),
        "failed" => Both::new("识别失败:靠近一些再配对一次", "could not be interviewed: closer, and again"),
        "left" => Both::new("已退网", "has left"),
        other => return other,
    };
    both.say(lang)
}
