//! The station's pages in a real browser: the answer page on a telephone without a script, the desk with its live stream.

mod support;

use shouwang::core::effect::Order;
use support::browser::{BROWSER, shots};
use support::devtools::Tab;
use support::installed;
use support::station_page::Pages;

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
    let alarm = pages.alarm("r01").id;
    let mut tab = Tab::open(dir.path(), PHONE, 740, true).await;
    tab.without_scripts().await;
    tab.go(&format!("http://{}{}?lang=zh", pages.address, pages.link(alarm, "p01"))).await;
    assert!(tab.html().await.contains("还没有人去"));
    assert!((tab.width().await - f64::from(PHONE)).abs() < 1.0, "nothing is cut off to the right");
    for selector in ["h1", "dd", "dt", "button", "summary", "#standing p", "a.language", "a.button"] {
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
