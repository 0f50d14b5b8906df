//! The county page in a real browser: what its script makes of the live stream, and whether it fits a telephone.
//!
//! A window of the headless browser is never narrower than 500 points, so a telephone is a frame of 360 in such a
//! window. The page itself forbids to be framed, so what is framed is a copy of it in files. There the stream cannot be
//! had, and the copy has to say so.

mod support;

use std::path::Path;

use support::browser::{BROWSER, argument, browse, shots};
use support::county_page::{Page, case};
use support::{installed, until_found};

/// Width of a telephone in points; the smallest on which civil-affairs staff are met.
const PHONE: u32 = 360;

/// Says to the frame around it how wide it is and how wide it would like to be.
const MEASURE: &str = "<script>addEventListener('load', () => setTimeout(() => parent.postMessage(\
    [innerWidth, document.documentElement.scrollWidth, !document.getElementById('lost').hidden].join(), '*'), 500));</script>";

/// Copies the page into files, and frames it at the width of a telephone; returns the address of the frame.
async fn on_a_phone(page: &Page, dir: &Path, lang: &str, script: bool) -> String {
    let style = page.get("/page.css").await.body;
    let code = if script { page.get("/page.js").await.body } else { String::new() };
    let html = page.get(&format!("/?lang={lang}")).await.body.replace("</head>", &format!("{MEASURE}</head>"));
    let frame = format!(
        "<!DOCTYPE html><meta charset=utf-8><style>body{{margin:0;background:#808080}}iframe{{border:0;display:block}}</style>\
         <iframe src=copy.html width={PHONE} height=2400></iframe>\
         <script>addEventListener('message', (m) => document.documentElement.dataset.measured = m.data)</script>"
    );
    for (file, text) in [("page.css", style), ("page.js", code), ("copy.html", html), ("frame.html", frame)] {
        std::fs::write(dir.join(file), text).expect("a file can be written");
    }
    format!("file://{}/frame.html", dir.display())
}

#[tokio::test]
async fn a_desk_sees_it_live_with_people_who_are_not_watched_first() {
    if !installed(BROWSER) {
        return;
    }
    let (page, dir) = (Page::busy().await, tempfile::tempdir().expect("a temporary directory"));
    let seen = until_found("a live page", async || {
        let arguments = [
            argument("window-size", "1280,900"),
            argument("timeout", "3000"),
            "--dump-dom".to_owned(),
            format!("http://{}/?lang=zh", page.address),
        ];
        let seen = browse(dir.path(), &arguments).await;
        seen.contains("data-live=\"yes\"").then_some(seen)
    })
    .await;
    let at = |part: &str| seen.find(part).unwrap_or_else(|| panic!("{part} is missing in {seen}"));
    assert!(at("2 人未守护") < at("<strong>r21</strong>") && at("<strong>r21</strong>") < at("<strong>r03</strong>"));
    assert!(at("<strong>r03</strong>") < at("id=\"alarms\"") && at("id=\"alarms\"") < at("id=\"stations\""));
    assert!(seen.contains("role=\"alert\" hidden"), "a live page is not called lost: {seen}");
}

#[tokio::test]
async fn a_telephone_sees_all_of_it_and_is_told_when_the_stream_is_lost() {
    if !installed(BROWSER) {
        return;
    }
    let (page, dir) = (Page::busy().await, tempfile::tempdir().expect("a temporary directory"));
    page.tells_by_text().await;
    page.climbs("st2/gw1", &case(false, "null", &[("station-st2", "done"), ("person-zhao", "failed")])).await;
    for lang in ["zh", "en"] {
        let address = on_a_phone(&page, dir.path(), lang, true).await;
        let measured = until_found("the measure of the page", async || {
            let arguments = [argument("virtual-time-budget", "4000"), "--dump-dom".to_owned(), address.clone()];
            let seen = browse(dir.path(), &arguments).await;
            let (_, rest) = seen.split_once("data-measured=\"")?;
            Some(rest.split('"').next().unwrap_or_default().to_owned())
        })
        .await;
        assert_eq!(
            measured,
            format!("{PHONE},{PHONE},true"),
            "{lang}: width, wanted width, whether it says that it is lost"
        );
    }
}

#[tokio::test]
async fn pictures_are_taken_when_they_are_asked_for() {
    let Some(shots) = shots() else { return };
    let (page, dir) = (Page::busy().await, tempfile::tempdir().expect("a temporary directory"));
    page.tells_by_text().await;
    page.climbs("st2/gw1", &case(false, "null", &[("station-st2", "done"), ("person-zhao", "failed")])).await;
    for lang in ["zh", "en"] {
        for (scheme, number) in [("dark", "0"), ("light", "1")] {
            let colours = argument("blink-settings", &format!("preferredColorScheme={number}"));
            let desk = (format!("http://{}/?lang={lang}", page.address), "1280,1000", "desk");
            let phone = (on_a_phone(&page, dir.path(), lang, false).await, "500,2000", "phone");
            for (address, size, what) in [desk, phone] {
                let file = shots.join(format!("county-{what}-{lang}-{scheme}.png"));
                let picture = argument("screenshot", &file.display().to_string());
                browse(
                    dir.path(),
                    &[argument("window-size", size), colours.clone(), argument("timeout", "1500"), picture, address],
                )
                .await;
                assert!(file.exists(), "{}", file.display());
            }
        }
    }
}
