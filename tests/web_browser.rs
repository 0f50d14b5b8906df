//! The station's pages in a real browser: the answer page on a telephone without a script, the desk with its live stream.

mod support;

use std::time::Duration;

use shouwang::core::effect::Order;
use shouwang::core::time::Gap;
use support::browser::{BROWSER, shots};
use support::devtools::Tab;
use support::station_page::{PASSWORD, Pages};
use support::{installed, until_found};

/// Width of a telephone in points: the smallest that volunteers carry.
const PHONE: u32 = 360;
/// Smallest letters on the telephone, in points: people of sixty without their glasses.
const LETTERS_MIN: f64 = 18.0;

#[tokio::test]
async fn a_volunteer_taps_without_a_script_and_sees_it_confirmed() {
    if !installed(BROWSER) {
        return;
    }
    let (pages, dir) = (Pages::called().await, tempfile::tempdir().expect("a temporary directory"));
    pages.stopped(Duration::from_mins(9), Gap::SameBoot);
    let alarm = pages.alarm("r01").id;
    let mut tab = Tab::open(dir.path(), PHONE, 740, true).await;
    tab.without_scripts().await;
    tab.go(&format!("http://{}{}?lang=zh", pages.address, pages.link(alarm, "p01"))).await;
    assert!(tab.html().await.contains("还没有人去"));
    assert!((tab.width().await - f64::from(PHONE)).abs() < 1.0, "nothing is cut off to the right");
    for selector in ["h1", "dd", "dt", "button", "summary", "#standing p", "a.language", "a.button", "p.stop"] {
        let letters = tab.letters(selector).await;
        assert!(letters >= LETTERS_MIN, "{selector}: {letters}");
    }
    tab.tap("button.main").await;
    let page = tab.html().await;
    assert!(page.contains("已登记:您去示例奶奶家") && page.contains("示例大槐树"), "{page}");
    assert_eq!(pages.ordered(), [Order::Accept { alarm, by: "p01".parse().expect("id") }]);
    tab.touch("summary").await;
    tab.tap("button[value=could_not_enter]").await;
    assert!(tab.html().await.contains("继续叫人"));
    assert!((tab.width().await - f64::from(PHONE)).abs() < 1.0);
}

#[tokio::test]
async fn pictures_of_the_answer_page_are_taken_when_they_are_asked_for() {
    let Some(shots) = shots() else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut tab = Tab::open(dir.path(), PHONE, 740, true).await;
    for (lang, scheme) in [("zh", "light"), ("zh", "dark"), ("en", "light")] {
        let pages = Pages::called().await;
        pages.stopped(Duration::from_mins(9), Gap::SameBoot);
        let alarm = pages.alarm("r01").id;
        let address = format!("http://{}{}?lang={lang}", pages.address, pages.link(alarm, "p01"));
        tab.colours(scheme).await;
        for (name, act) in [
            ("called", ""),
            ("accepted", "come"),
            ("ambulance", "want_120"),
            ("shut", "could_not_enter"),
            ("over", "helped"),
        ] {
            if !act.is_empty() {
                let rev = pages.alarm("r01").rev;
                pages.post(&pages.link(alarm, "p01"), &format!("rev={rev}&do={act}")).await;
            }
            if name == "over" {
                pages.post(&pages.link(alarm, "p01"), "rev=900&do=arrived").await;
                pages.post(&pages.link(alarm, "p01"), "rev=901&do=helped").await;
            }
            tab.go(&address).await;
            tab.picture(&shots.join(format!("answer-{name}-{lang}-{scheme}.png"))).await;
        }
        tab.go(&format!("http://{}/a/wrong?lang={lang}", pages.address)).await;
        tab.picture(&shots.join(format!("answer-wrong-{lang}-{scheme}.png"))).await;
    }
}

/// Logs in as somebody does, with hands.
async fn log_in(tab: &mut Tab, pages: &Pages, path: &str) {
    tab.go(&format!("http://{}{path}", pages.address)).await;
    tab.write("input[name=user]", "desk").await;
    tab.write("input[name=password]", PASSWORD).await;
    tab.tap("button").await;
}

#[tokio::test]
async fn the_desk_is_live_counts_down_and_says_when_it_is_not() {
    if !installed(BROWSER) {
        return;
    }
    for (lang, waits, soon, noted) in [
        ("zh", "1 个报警无人接单", "秒后</span> 呼叫下一位", "去的人"),
        ("en", "1 alarm nobody has accepted", " s:</span> the next one is called", "who goes"),
    ] {
        let (pages, dir) = (Pages::called().await, tempfile::tempdir().expect("a temporary directory"));
        let mut tab = Tab::open(dir.path(), 1280, 900, false).await;
        log_in(&mut tab, &pages, &format!("/desk?lang={lang}")).await;
        let mut seen = async |what: &str| {
            until_found(what, async || tab.html().await.contains(what).then_some(())).await;
        };
        seen(waits).await;
        seen(soon).await;
        pages.order(Order::Accept { alarm: pages.alarm("r01").id, by: "p01".parse().expect("id") });
        seen(noted).await;
        pages.mind().deaf = true;
        seen(if lang == "zh" { "本站程序没有回答" } else { "The station does not answer" }).await;
    }
}

#[tokio::test]
async fn somebody_at_the_desk_notes_a_conversation_with_hands() {
    if !installed(BROWSER) {
        return;
    }
    let (pages, dir) = (Pages::called().await, tempfile::tempdir().expect("a temporary directory"));
    let mut tab = Tab::open(dir.path(), 1280, 900, false).await;
    tab.without_scripts().await;
    log_in(&mut tab, &pages, "/desk?lang=zh").await;
    tab.tap("a.do.first").await;
    tab.write("textarea", "她说没事,误按").await;
    tab.tap("button[value=no_help_needed]").await;
    assert!(tab.html().await.contains("没有未办结的报警"));
    let closed = pages.alarm("r01");
    assert_eq!(closed.state.word(), "closed");
    assert!(closed.notes.iter().any(|note| note.text == "她说没事,误按"));
}

#[tokio::test]
async fn pictures_of_the_desk_and_the_wall_are_taken_when_they_are_asked_for() {
    let Some(shots) = shots() else { return };
    let (pages, dir) = (Pages::busy().await, tempfile::tempdir().expect("a temporary directory"));
    pages.stopped(Duration::from_mins(9), Gap::SameBoot);
    let mut tab = Tab::open(dir.path(), 1280, 900, false).await;
    tab.go(&format!("http://{}/desk?lang=zh", pages.address)).await;
    tab.picture(&shots.join("desk-login.png")).await;
    log_in(&mut tab, &pages, "/desk?lang=zh").await;
    let one = format!("desk/alarm/{}", pages.alarm("r01").id);
    for (lang, scheme) in [("zh", "light"), ("zh", "dark"), ("en", "light")] {
        tab.colours(scheme).await;
        for (name, path) in [("desk", "desk"), ("one", one.as_str()), ("wall", "wall")] {
            tab.go(&format!("http://{}/{path}?lang={lang}", pages.address)).await;
            if name != "one" {
                until_found("a live page", async || tab.html().await.contains("data-live=\"yes\"").then_some(())).await;
            }
            tab.picture(&shots.join(format!("{name}-{lang}-{scheme}.png"))).await;
        }
    }
    tab.size(360, 740, true).await;
    tab.go(&format!("http://{}/desk?lang=zh", pages.address)).await;
    tab.picture(&shots.join("desk-phone.png")).await;
    assert!((tab.width().await - 360.0).abs() < 1.0);
}
