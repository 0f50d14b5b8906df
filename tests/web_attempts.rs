//! What comes to the pages and moves no alarm stands in the log: who tried what, as far as that is known, and nothing that they typed.

mod support;

use std::sync::Arc;

use shouwang::core::attempt::{Attempt, Barred, Tried};
use shouwang::core::effect::{Input, Order};
use shouwang::core::time::Mono;
use shouwang::limits::record::ATTEMPTS_PER_MIN;
use shouwang::store::files::Files;
use shouwang::store::files::disk::Disk;
use shouwang::store::log::Stream;
use shouwang::store::log::verify::verify;
use shouwang::store::replay;
use support::house::{House, buttons};
use support::station_page::{Pages, own_form};
use support::{http, installed, until};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const FOREIGN: &str = "Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\n";

/// What the station has been given so far, once there are so many.
async fn attempts(pages: &Pages, count: usize) -> Vec<Attempt> {
    until("every attempt is handed over", || pages.mind().attempts.len() >= count).await;
    std::mem::take(&mut pages.mind().attempts)
}

fn barred(tried: Tried, why: Barred) -> Attempt {
    Attempt::new(tried, Some(why))
}

#[tokio::test]
async fn an_answer_through_a_link_that_does_not_count_is_kept_with_whose_and_which() {
    let pages = Pages::called().await;
    let (alarm, before) = (pages.alarm("r01"), pages.alarms());
    let (id, link) = (alarm.id, pages.link(alarm.id, "p01"));
    let good = format!("rev={}&do=come", alarm.rev);
    let theirs = |attempt: Attempt| Attempt { by: "p01".parse().ok(), alarm: Some(id), ..attempt };
    let tried = Tried::AnswerByLink;

    pages.ask("POST", &link, &format!("{FORM}{FOREIGN}"), &good).await;
    pages.ask("POST", &link, &own_form(""), "rev=1&do=dance").await;
    pages.ask("POST", "/a/AAAAAAAAAAAAAAAAAAAAAA", &own_form(""), &good).await;
    let rebound =
        format!("POST {link} HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    http::ask(pages.address, &rebound).await;
    assert_eq!(
        attempts(&pages, 4).await,
        [
            theirs(barred(tried, Barred::ForeignForm)),
            theirs(barred(tried, Barred::BadForm)),
            barred(tried, Barred::LinkUnknown),
            barred(tried, Barred::ForeignForm),
        ]
    );
    assert_eq!(pages.alarms(), before);
    assert!(pages.mind().orders.is_empty());
}

#[tokio::test]
async fn rule_3_looking_is_no_attempt_unless_there_is_nothing_to_be_seen() {
    let pages = Pages::called().await;
    let alarm = pages.alarm("r01").id;
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(pages.ask(method, &pages.link(alarm, "p01"), "", "").await.status, 200);
    }
    let by = "p01".parse().expect("id");
    pages.order(Order::Accept { alarm, by });
    let disposition = shouwang::core::alarm::Disposition::Helped;
    pages.order(Order::Close { alarm, by: Some(by), disposition, conversation: String::new() });
    pages.later(std::time::Duration::from_hours(25));
    support::until_found("the link is over", async || {
        (pages.get(&pages.link(alarm, "p02")).await.status == 410).then_some(())
    })
    .await;
    let over = Attempt { by: "p02".parse().ok(), alarm: Some(alarm), ..barred(Tried::OpenLink, Barred::LinkOver) };
    assert_eq!(attempts(&pages, 1).await, [over], "and what was looked at before is not among it");
}

#[tokio::test]
async fn whoever_may_not_act_at_the_desk_is_kept_and_who_comes_and_goes_too() {
    let pages = Pages::called().await;
    let (alarm, before) = (pages.alarm("r01").id, pages.alarms());
    let path = format!("/desk/alarm/{alarm}");
    let (desk, visitor) = (pages.log_in("desk").await, pages.log_in("visitor").await);
    let by = |who: &str, attempt: Attempt| Attempt { by: who.parse().ok(), ..attempt };
    let came = |who| by(who, Attempt::new(Tried::LogIn, None));
    assert_eq!(attempts(&pages, 2).await, [came("desk"), came("p03")]);

    let at_desk = |why| barred(Tried::AnswerAtDesk, why);
    pages.ask("POST", &path, &own_form(""), "rev=1&do=come").await;
    pages.ask("POST", &path, &own_form(&visitor), "rev=1&do=come").await;
    pages.ask("POST", &path, &format!("{FORM}{desk}{FOREIGN}"), "rev=1&do=come").await;
    pages.ask("POST", "/desk/alarm/st1.ff.1.resident-zhangsan.smoke", &own_form(&desk), "rev=1&do=dance").await;
    let about = Some(alarm);
    assert_eq!(
        attempts(&pages, 4).await,
        [
            at_desk(Barred::NotLoggedIn),
            Attempt { alarm: about, ..by("p03", at_desk(Barred::NotAllowed)) },
            Attempt { alarm: about, ..by("desk", at_desk(Barred::ForeignForm)) },
            by("desk", at_desk(Barred::BadForm)),
        ],
        "and no alarm that there is not"
    );
    assert_eq!(pages.alarms(), before);
}

#[tokio::test]
async fn a_wrong_password_is_kept_without_what_was_typed() {
    let pages = Pages::quiet().await;
    let cookie = pages.log_in("desk").await;
    attempts(&pages, 1).await;
    for body in ["user=desk&password=wrong", "user=made-up+password&password=desk", "user=nobody&password=x"] {
        assert_eq!(pages.ask("POST", "/desk/login", &own_form(""), body).await.status, 401);
    }
    pages.ask("POST", "/desk/logout", &own_form(&cookie), "").await;
    let wrong = barred(Tried::LogIn, Barred::LoginWrong);
    let desk = "desk".parse().ok();
    let out = Attempt { by: desk, ..Attempt::new(Tried::LogOut, None) };
    assert_eq!(attempts(&pages, 4).await, [Attempt { by: desk, ..wrong }, wrong, wrong, out]);
}

#[tokio::test]
async fn a_flood_is_counted_and_the_count_is_handed_over_when_the_pages_end() {
    let pages = Pages::called().await;
    for _ in 0..40 {
        pages.get("/a/AAAAAAAAAAAAAAAAAAAAAA").await;
    }
    let single = usize::try_from(ATTEMPTS_PER_MIN).expect("small");
    let wrong = barred(Tried::OpenLink, Barred::LinkUnknown);
    assert_eq!(attempts(&pages, single).await, vec![wrong; single]);
    pages.stop.cancel();
    assert_eq!(attempts(&pages, 1).await, [Attempt { times: 40 - ATTEMPTS_PER_MIN, ..wrong }]);
}

/// What stands in the log of a house that has ended.
fn logged(house: &House) -> Vec<Input> {
    let files: Arc<dyn Files> = Arc::new(Disk::own(&house.path("data").join("log")).expect("the log's folder is free"));
    assert!(verify(Arc::clone(&files), Stream::Urgent).expect("read").is_whole(), "the chain holds");
    replay(&files, Mono(0)).expect("read").map(|(_, input)| input).collect()
}

#[tokio::test]
async fn in_a_real_house_all_of_it_is_in_the_chain_after_its_end() {
    if !installed("mosquitto") {
        return;
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    let mut house = House::build_with(&buttons(1), &format!("[web]\nlisten = \"{free}\"\n")).await;
    house.start_gateway_and_wait().await;
    house.press("button_0001").await;
    let mut alarm = String::new();
    until("the press is an alarm", || {
        let alarms = house.try_shell(&["alarms", "--json"]).unwrap_or_default();
        alarm = alarms.get(0).and_then(|alarm| alarm["id"].as_str()).unwrap_or_default().to_owned();
        !alarm.is_empty()
    })
    .await;
    let host = format!("Host: {free}\r\nConnection: close\r\n{FORM}");
    for (path, headers) in [
        ("/a/AAAAAAAAAAAAAAAAAAAAAA", "Sec-Fetch-Site: same-origin\r\n"),
        ("/a/AAAAAAAAAAAAAAAAAAAAAA", FOREIGN),
        ("/desk/login", "Sec-Fetch-Site: same-origin\r\n"),
    ] {
        let request = format!("POST {path} HTTP/1.1\r\n{host}{headers}Content-Length: 13\r\n\r\nrev=1&do=come");
        http::ask(free, &request).await;
    }
    // The last of them may still be on its way when the house is told to end.
    house.stop_gateway();
    let kept: Vec<Attempt> = logged(&house)
        .into_iter()
        .filter_map(|input| if let Input::Attempt(attempt) = input { Some(attempt) } else { None })
        .collect();
    assert_eq!(
        kept,
        [
            barred(Tried::AnswerByLink, Barred::LinkUnknown),
            barred(Tried::AnswerByLink, Barred::ForeignForm),
            barred(Tried::LogIn, Barred::LoginWrong),
        ],
        "{}",
        house.log_tail()
    );
}
