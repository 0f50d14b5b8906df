//! The answer page over real HTTP: looking changes nothing, tapping twice is tapping once, and whoever may not answers nothing
//! (CARE-RULES 2, 3, 9, 15, 16, 28).

mod support;

use std::time::Duration;

use shouwang::core::alarm::{AlarmId, Disposition, State};
use shouwang::core::effect::Order;
use shouwang::core::reading::{Measure, Said};
use support::station_page::{Pages, own_form};
use support::until_found;

fn alarm_of(pages: &Pages, resident: &str) -> AlarmId {
    pages.alarm(resident).id
}

fn state_of(pages: &Pages, resident: &str) -> &'static str {
    pages.alarm(resident).state.word()
}

/// Taps a button of somebody's page as it stands, and returns the page behind it.
async fn tap(pages: &Pages, resident: &str, who: &str, act: &str) -> String {
    let alarm = pages.alarm(resident);
    let link = pages.link(alarm.id, who);
    let answer = pages.post(&link, &format!("rev={}&do={act}", alarm.rev)).await;
    assert_eq!(answer.status, 303, "{act}: {}", answer.body);
    let location = answer.header("location").expect("it leads back").to_owned();
    assert!(link.ends_with(location.split('?').next().expect("a path")), "{location}");
    let answer = pages.get(&format!("/a/{location}")).await;
    assert_eq!(answer.status, 200);
    answer.body
}

#[tokio::test]
async fn rule_3_looking_changes_nothing_whoever_looks() {
    let pages = Pages::called().await;
    let link = pages.link(alarm_of(&pages, "r01"), "p01");
    let before = pages.alarms();
    for agent in [
        "WhatsApp/2.24",
        "TelegramBot (like TwitterBot)",
        "facebookexternalhit/1.1",
        "Mozilla/5.0 MicroMessenger/8.0 WeChat",
        "Slackbot-LinkExpanding 1.0",
        "Mozilla/5.0 (Linux; Android 14) Chrome/120",
    ] {
        for method in ["GET", "HEAD"] {
            for extra in ["", "Purpose: prefetch\r\nSec-Purpose: prefetch\r\n"] {
                let answer = pages.ask(method, &link, &format!("User-Agent: {agent}\r\n{extra}"), "").await;
                assert_eq!(answer.status, 200, "{method} {agent}");
                assert_eq!(answer.body.is_empty(), method == "HEAD");
            }
        }
        // An address that looks like an answer is a look, too.
        assert_eq!(pages.get(&format!("{link}?do=come&rev=1")).await.status, 200);
    }
    assert_eq!(pages.alarms(), before);
    assert!(pages.mind().orders.is_empty(), "no order of any kind, and nothing is seen");
}

#[tokio::test]
async fn rule_28_a_link_shows_who_where_and_what_and_the_way_only_to_whoever_goes() {
    let pages = Pages::called().await;
    let alarm = alarm_of(&pages, "r01");
    let page = pages.get(&pages.link(alarm, "p01")).await.body;
    for shown in ["紧急", "示例奶奶", "求助", "卧室", "示例村一组 1 号", "03:12", "按下求助按钮", "还没有人去", "我去"]
    {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    let hidden =
        ["示例大槐树", "示例狗在院里", "示例王氏", "示例邻居甲", "示例村医丙", "13800000001", "r01", "p01", "d001"];
    for name in hidden {
        assert!(!page.contains(name), "{name} is shown before acceptance");
    }
    assert!(page.contains("tel:13800000009"), "the station can be called back");

    let mine = tap(&pages, "r01", "p01", "come").await;
    assert!(mine.contains("已登记:您去示例奶奶家") && mine.contains("示例大槐树对面"), "{mine}");
    assert!(mine.contains("示例狗在院里"), "the door note, once somebody goes: {mine}");
    assert!(mine.contains("03:27"), "ten minutes on the way and five: {mine}");
    let theirs = pages.get(&pages.link(alarm, "p02")).await.body;
    assert!(theirs.contains("示例邻居甲正在去") && !theirs.contains("示例大槐树"), "{theirs}");
    assert!(!theirs.contains("示例狗在院里"), "whoever does not go need not know: {theirs}");
    assert!(!theirs.contains("value=\"come\""), "what makes no sense is not shown");
    assert_eq!(state_of(&pages, "r01"), "accepted");
}

#[tokio::test]
async fn tapping_twice_is_tapping_once() {
    let pages = Pages::called().await;
    let alarm = pages.alarm("r01");
    let link = pages.link(alarm.id, "p01");
    let form = format!("rev={}&do=come", alarm.rev);
    let (one, two) = tokio::join!(pages.post(&link, &form), pages.post(&link, &form));
    assert_eq!((one.status, two.status), (303, 303));
    assert_eq!(one.header("location"), two.header("location"), "both are told the same");
    let ids: Vec<_> = pages
        .mind()
        .orders
        .iter()
        .filter(|(_, order)| matches!(order, Order::Accept { .. }))
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "the station sees one order, and runs it once");
    let rev = pages.alarm("r01").rev;
    pages.post(&link, &form).await;
    assert_eq!(pages.alarm("r01").rev, rev, "nothing more was recorded");
}

#[tokio::test]
async fn a_whole_visit_by_the_page() {
    let pages = Pages::called().await;
    let there = {
        tap(&pages, "r01", "p01", "come").await;
        tap(&pages, "r01", "p01", "arrived").await
    };
    assert!(there.contains("已登记:您已到示例奶奶家") && there.contains("没事了"), "{there}");
    let over = tap(&pages, "r01", "p01", "helped").await;
    assert!(over.contains("已办结") && over.contains("已到场帮助") && !over.contains("<form"), "{over}");
    let clocks = pages.alarm("r01").clocks;
    assert!(clocks.seen.is_some() && clocks.accepted.is_some() && clocks.on_site.is_some() && clocks.closed.is_some());
    let late = pages.alarm("r01");
    let answer = pages.post(&pages.link(late.id, "p02"), &format!("rev={}&do=come", late.rev)).await;
    assert!(answer.header("location").is_some_and(|to| to.ends_with("no=already_closed")), "{}", answer.head);
    assert_eq!(pages.alarm("r01").rev, late.rev, "a late answer changes nothing");
}

#[tokio::test]
async fn whoever_is_busy_is_told_that_the_next_one_is_called() {
    let pages = Pages::called().await;
    let page = tap(&pages, "r01", "p01", "busy").await;
    assert!(page.contains("已转下一位") && !page.contains("value=\"busy\""), "{page}");
    let page = tap(&pages, "r01", "p01", "come").await;
    assert!(page.contains("您去"), "who was busy may go after all: {page}");
    let page = tap(&pages, "r01", "p01", "withdraw").await;
    assert!(page.contains("还没有人去") || page.contains("已转下一位"), "{page}");
    assert_eq!(state_of(&pages, "r01"), "raised");
}

#[tokio::test]
async fn rule_9_an_ambulance_that_is_wanted_stays_red_until_somebody_has_dialled() {
    let pages = Pages::called().await;
    let wanted = tap(&pages, "r01", "p01", "want_120").await;
    for shown in [
        "尚未确认拨出",
        "href=\"tel:120\"",
        "示例村一组 1 号",
        "示例大槐树对面",
        "回拨电话 13800000009",
        "我已拨通 120",
    ] {
        assert!(wanted.contains(shown), "{shown} is missing in {wanted}");
    }
    assert_eq!(state_of(&pages, "r01"), "raised", "it accepts nothing");
    let dialled = tap(&pages, "r01", "p01", "dialled_120").await;
    assert!(dialled.contains("已拨 120 03:12") && !dialled.contains("尚未确认拨出"), "{dialled}");
}

#[tokio::test]
async fn rule_15_what_is_no_ending_goes_on_and_says_who_is_called() {
    let pages = Pages::called().await;
    tap(&pages, "r01", "p01", "come").await;
    let page = tap(&pages, "r01", "p01", "could_not_enter").await;
    assert_eq!(state_of(&pages, "r01"), "raised");
    for shown in ["继续叫人", "示例村医丙 (村医)", "保管钥匙", "tel:110", "tel:119", "tel:120", "照着说"]
    {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    let other = pages.get(&pages.link(alarm_of(&pages, "r01"), "p02")).await.body;
    assert!(!other.contains("继续叫人") && !other.contains("tel:110"), "only whoever stands before the door");
}

#[tokio::test]
async fn rule_16_at_the_wrong_home_others_are_named_by_what_was_heard_lately() {
    let pages = Pages::called().await;
    pages.later(Duration::from_mins(1));
    pages.hear("d003", Said::level(Measure::Motion(true)));
    let before = pages.get(&pages.link(alarm_of(&pages, "r01"), "p01")).await.body;
    assert!(!before.contains("二组"));
    let page = tap(&pages, "r01", "p01", "wrong_home").await;
    assert!(page.contains("可能是这几家") && page.contains("示例村二组 &lt;3&gt; 号"), "{page}");
    assert!(!page.contains("一组 2 号"), "a home of which nothing was heard");
    assert_eq!(state_of(&pages, "r01"), "raised", "the alarm stays open");
    assert!(!pages.get(&pages.link(alarm_of(&pages, "r01"), "p02")).await.body.contains("二组"));
}

#[tokio::test]
async fn what_the_village_wrote_is_escaped() {
    let pages = Pages::quiet().await;
    pages.press("d003");
    let page = pages.get(&pages.link(alarm_of(&pages, "r03"), "p01")).await.body;
    assert!(page.contains("&lt;b&gt;示例大娘&lt;/b&gt; &amp;") && page.contains("二组 &lt;3&gt; 号"), "{page}");
    assert!(!page.contains("<b>") && !page.contains("<script"), "{page}");
}

#[tokio::test]
async fn family_is_told_and_not_sent() {
    let pages = Pages::called().await;
    let alarm = alarm_of(&pages, "r01");
    pages.order(Order::Want120 { alarm, by: "p01".parse().expect("id") });
    let page = pages.get(&pages.link(alarm, "f01")).await.body;
    assert!(
        page.contains("不需要出动") && !page.contains("value=\"come\"") && page.contains("value=\"dialled_120\""),
        "{page}"
    );
    let page = tap(&pages, "r01", "f01", "come").await;
    assert!(page.contains("您是被告知的人,不用去"), "{page}");
    assert_eq!(state_of(&pages, "r01"), "raised");
}

#[tokio::test]
async fn a_link_lives_until_a_day_after_the_end() {
    let pages = Pages::called().await;
    let alarm = alarm_of(&pages, "r01");
    let by = "p01".parse().expect("id");
    pages.order(Order::Accept { alarm, by });
    pages.order(Order::Close { alarm, by: Some(by), disposition: Disposition::Helped, conversation: String::new() });
    assert!(matches!(pages.alarm("r01").state, State::Closed { .. }));
    let link = pages.link(alarm, "p02");
    pages.later(Duration::from_hours(23));
    assert_eq!(pages.get(&link).await.status, 200);
    pages.later(Duration::from_hours(1));
    let answer = until_found("the link is over", async || {
        let answer = pages.get(&link).await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!(answer.status, 410);
    assert!(answer.body.contains("早已办结") && !answer.body.contains("示例奶奶"), "{}", answer.body);
    assert_eq!(pages.post(&link, "rev=1&do=come").await.status, 410);
    assert!(pages.ordered().is_empty());
    assert!(pages.tally.view()["web.link_over"] >= 2);
}

#[tokio::test]
async fn whoever_guesses_learns_nothing_and_holds_up_nobody() {
    let pages = Pages::called().await;
    let alarm = alarm_of(&pages, "r01");
    let before = pages.alarms();
    let wrong = "/a/AAAAAAAAAAAAAAAAAAAAAA";
    let first = pages.get(wrong).await;
    assert_eq!(first.status, 404);
    assert!(first.body.contains("tel:13800000009") && !first.body.contains("示例"), "{}", first.body);
    // Somebody of the village who was not told has no link, although one can be computed.
    assert_eq!(pages.get(&pages.link(alarm, "desk")).await.status, 404);
    for _ in 0..shouwang::limits::web::WRONG_LINKS_PER_MIN {
        pages.post(wrong, "rev=1&do=come").await;
    }
    assert_eq!(pages.post(wrong, "rev=1&do=come").await.status, 429);
    assert_eq!(pages.get("/a/x").await.status, 429);
    let looks = pages.mind().looks;
    assert!(looks < 20, "who guesses does not keep the station busy: {looks}");
    assert_eq!(pages.get(&pages.link(alarm, "p01")).await.status, 200, "whoever has a link goes on");
    assert_eq!(pages.alarms(), before);
    assert!(pages.mind().orders.is_empty());
    let tally = pages.tally.view();
    assert!(tally["web.link_unknown"] > 60 && tally["web.link_flood"] >= 2, "{tally:?}");
}

#[tokio::test]
async fn a_forged_or_broken_form_changes_nothing() {
    let pages = Pages::called().await;
    let alarm = pages.alarm("r01");
    let link = pages.link(alarm.id, "p01");
    let good = format!("rev={}&do=come", alarm.rev);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (headers, body, status) in [
        (format!("{form}Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\n"), good.as_str(), 403),
        (format!("{form}Sec-Fetch-Site: same-site\r\n"), &good, 403),
        (format!("{form}Origin: https://evil.example\r\n"), &good, 403),
        (own_form("").replace("application/x-www-form-urlencoded", "application/json"), &good, 400),
        ("Sec-Fetch-Site: same-origin\r\n".to_owned(), &good, 400),
        (own_form(""), "rev=1&do=dance", 400),
        (own_form(""), "rev=-1&do=come", 400),
        (own_form(""), "do=come", 400),
        (own_form(""), "", 400),
        (own_form(""), &"x".repeat(9000), 400),
    ] {
        let answer = pages.ask("POST", &link, &headers, body).await;
        assert_eq!(answer.status, status, "{headers} {body:.40}");
        assert!(answer.body.contains("没有登记"), "{}", answer.body);
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        assert_eq!(pages.ask(method, &link, &own_form(""), &good).await.status, 405, "{method}");
    }
    assert!(pages.mind().orders.is_empty());
    // A browser that is too old to say where its form stood still has the secret of the link.
    assert_eq!(pages.ask("POST", &link, form, &good).await.status, 303);
}

#[tokio::test]
async fn a_station_that_does_not_answer_is_said() {
    let pages = Pages::called().await;
    let link = pages.link(alarm_of(&pages, "r01"), "p01");
    pages.mind().deaf = true;
    let answer = pages.get(&link).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("照料站现在没有回答") && answer.body.contains("tel:13800000009"), "{}", answer.body);
}

#[tokio::test]
async fn every_answer_forbids_the_browser_everything_else() {
    let pages = Pages::called().await;
    let link = pages.link(alarm_of(&pages, "r01"), "p01");
    for path in [link.as_str(), "/a/x", "/web.css", "/nothing"] {
        let answer = pages.get(path).await;
        for line in [
            "content-security-policy: default-src 'none'",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
        ] {
            assert!(answer.head.contains(line), "{path}: {line}: {}", answer.head);
        }
        assert!(
            !answer.body.contains("http://") && !answer.body.contains("https://"),
            "{path}: nothing from elsewhere"
        );
    }
    let request = format!("GET {link} HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n");
    assert_eq!(support::http::ask(pages.address, &request).await.status, 421);
    let request = format!("GET {link} HTTP/1.1\r\nHost: answer.example\r\nConnection: close\r\n\r\n");
    assert_eq!(support::http::ask(pages.address, &request).await.status, 200);
}

#[tokio::test]
async fn english_is_equal() {
    let pages = Pages::called().await;
    let alarm = pages.alarm("r01");
    let link = pages.link(alarm.id, "p01");
    let page = pages.get(&format!("{link}?lang=en")).await.body;
    assert!(
        page.contains("I am going") && page.contains("action=\"?lang=en\"") && page.contains("lang=\"en\""),
        "{page}"
    );
    let answer = pages.post(&format!("{link}?lang=en"), &format!("rev={}&do=come", alarm.rev)).await;
    assert!(answer.header("location").is_some_and(|to| to.ends_with("?lang=en")), "{}", answer.head);
}

#[tokio::test]
async fn without_tls_the_page_is_for_this_machine_only() {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let (asks, _asked) = tokio::sync::mpsc::channel(1);
    let (_known, names) = tokio::sync::watch::channel(std::sync::Arc::default());
    let settings = shouwang::web::Settings {
        zone: jiff::tz::TimeZone::UTC,
        key: shouwang::web::link::LinkKey::new(&[7; 32]),
        seal: None,
        public: None,
        users: std::collections::BTreeMap::new(),
        call_back: None,
        tally: shouwang::web::tally::Tally::default(),
    };
    let stop = tokio_util::sync::CancellationToken::new();
    let ended = shouwang::web::serve(listener, settings, asks, names, stop).await.expect_err("refused");
    assert!(ended.to_string().contains("cert_file"), "{ended}");
}

#[tokio::test]
async fn rule_30_whoever_is_there_may_tell_the_code_of_the_door_and_a_wrong_one_is_no_obstacle() {
    let pages = Pages::called().await;
    let link = pages.link(alarm_of(&pages, "r01"), "p01");
    let page = tap(&pages, "r01", "p01", "come").await;
    assert!(page.contains("name=\"door\""), "it may be told with the arrival: {page}");
    let page = tap(&pages, "r01", "p01", "arrived&door=1111").await;
    assert_eq!(state_of(&pages, "r01"), "on_site", "somebody stands at the door");
    assert!(page.contains("到场:自报") && page.contains("核实到场") && !page.contains("1111"), "{page}");
    let page = tap(&pages, "r01", "p01", "arrived&door=0471").await;
    assert!(page.contains("到场:已核实") && !page.contains("核实到场") && !page.contains("0471"), "{page}");
    assert!(pages.alarm("r01").arrival.is_some_and(|arrival| arrival.proven));
    assert!(!pages.get(&link).await.body.contains("name=\"door\""));
}

#[tokio::test]
async fn rule_30_where_there_is_no_card_nobody_is_asked_for_a_code() {
    let pages = Pages::quiet().await;
    pages.press("d002");
    tap(&pages, "r02", "p01", "come").await;
    let page = tap(&pages, "r02", "p01", "arrived").await;
    assert!(!page.contains("name=\"door\"") && page.contains("到场:自报"), "{page}");
}
