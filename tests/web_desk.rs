//! The duty desk and the wall over real HTTP: what stands there in which order, for whom, and what is noted in whose name.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use shouwang::core::alarm::{Disposition, NoteKind};
use shouwang::core::effect::Order;
use shouwang::core::id::CommandId;
use shouwang::core::time::{Gap, Trust};
use shouwang::core::visit::DoorCode;
use support::station_page::{Pages, own_form};

/// A page as somebody who is logged in sees it.
async fn see(pages: &Pages, user: &str, path: &str) -> String {
    let cookie = pages.log_in(user).await;
    let answer = pages.ask("GET", path, &format!("Accept-Language: zh\r\n{cookie}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.head);
    answer.body
}

fn in_this_order(page: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let at = page[from..].find(part).unwrap_or_else(|| panic!("{part} does not follow in {page}"));
        from += at + part.len();
    }
}

#[tokio::test]
async fn who_waits_stands_first_with_what_follows_and_when() {
    let pages = Pages::busy().await;
    let page = see(&pages, "desk", "/desk").await;
    in_this_order(
        &page,
        &[
            "1 个报警无人接单",
            "报警中",
            "示例奶奶",
            "求助",
            "示例村一组 1 号",
            "无人接单",
            "03:13",
            "呼叫下一位",
            "尚未确认拨出",
            "示例邻居甲",
            "已送达",
            "示例网格员乙",
            "没送到",
            "处理",
            "警号静音",
            "已接单",
            "示例爷爷",
            "去的人: <strong>示例网格员乙",
            "问到了没有",
            "演练",
        ],
    );
    in_this_order(
        &page,
        &["谁在值班", "示例邻居甲", "点名未应", "到 07:12", "下一班 07:12: 示例网格员乙", "11:12–12:12", "1 人"],
    );
    assert!(
        page.contains("data-due=\"500100000\"") && page.contains("data-says=\"# 秒后\""),
        "the script counts down to it"
    );
    assert!(page.contains("&lt;b&gt;示例大娘&lt;/b&gt;") && !page.contains("<b>"));
}

#[tokio::test]
async fn whoever_may_only_look_sees_no_telephone_and_no_button() {
    let pages = Pages::busy().await;
    let duty = see(&pages, "desk", "/desk").await;
    assert!(duty.contains("tel:13800000002") && duty.contains("value=\"mute\""));
    let view = see(&pages, "visitor", "/desk").await;
    assert!(view.contains("示例奶奶") && view.contains("只能查看"));
    assert!(
        !view.contains("tel:")
            && !view.contains("1380000")
            && !view.contains("name=\"do\"")
            && !view.contains("desk/alarm")
    );
}

#[tokio::test]
async fn rule_28_the_wall_shows_house_and_surname_and_neither_absence_nor_health() {
    let pages = Pages::busy().await;
    pages.hear(
        "d004",
        shouwang::core::reading::Said::event(shouwang::core::reading::Measure::Fall(
            shouwang::core::reading::FallVerdict::Confirmed,
        )),
    );
    pages.later(Duration::from_mins(1));
    // All fall silent, so nobody is watched.
    pages.later(Duration::from_hours(30));
    let page = see(&pages, "visitor", "/wall").await;
    for shown in ["示例村一组 1 号 <strong>示</strong>", "示例村一组 2 号 <strong>欧阳</strong>", "未守护", "未响应"]
    {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    for hidden in
        ["示例奶奶", "示例王氏", "欧阳示例", "示例外出", "示例邻居甲", "跌倒", "120", "卧室", "tel:", "r01", "暂停"]
    {
        assert!(!page.contains(hidden), "{hidden} is on the wall: {page}");
    }
    assert!(page.contains("data-since="), "what nobody has answered counts up");
}

#[tokio::test]
async fn what_is_noted_for_somebody_stands_in_their_name_with_who_noted_it() {
    let pages = Pages::called().await;
    let cookie = pages.log_in("desk").await;
    let alarm = pages.alarm("r01");
    let path = format!("/desk/alarm/{}", alarm.id);
    let page = pages.ask("GET", &path, &cookie, "").await.body;
    in_this_order(
        &page,
        &[
            "示例奶奶",
            "求助",
            "示例大槐树",
            "替谁登记",
            "示例邻居甲 · 邻居",
            "接单:去",
            "需要 120",
            "本人表示不需要帮助",
            "经过",
        ],
    );
    assert!(page.contains("<option value=\"desk\" selected>"), "whoever is logged in, unless they choose");

    let send = async |body: &str| {
        let answer = pages.ask("POST", &path, &own_form(&cookie), body).await;
        assert_eq!(answer.status, 303, "{body}: {}", answer.body);
        answer.header("location").expect("it leads back").to_owned()
    };
    assert_eq!(send(&format!("rev={}&by=p02&do=come", alarm.rev)).await, "../../desk?lang=zh");
    assert_eq!(pages.alarm("r01").state.word(), "accepted");
    let (alarm_id, desk, other) = (alarm.id, "desk".parse().expect("id"), "p02".parse().expect("id"));
    assert_eq!(
        pages.ordered(),
        [
            Order::Note { alarm: alarm_id, by: Some(desk), text: "desk → p02: come".to_owned() },
            Order::Accept { alarm: alarm_id, by: other },
        ]
    );
    assert!(send("rev=9&do=come").await.contains("no=held_by_another"));
    assert!(send("rev=9&as=helped&by=desk").await.contains("lang=zh"));
    let closed = pages.alarm("r01");
    assert_eq!(closed.state.word(), "closed");
    assert!(closed.visit_due, "nobody was there: a visit is due");
}

#[tokio::test]
async fn after_a_conversation_it_is_closed_with_the_words_and_a_second_tap_is_the_same() {
    let pages = Pages::called().await;
    let cookie = pages.log_in("desk").await;
    let alarm = pages.alarm("r01");
    let path = format!("/desk/alarm/{}", alarm.id);
    let form = format!("rev={}&as=no_help_needed", alarm.rev);
    let refused = pages.ask("POST", &path, &own_form(&cookie), &form).await;
    assert!(refused.head.contains("no=needs_acceptance"), "{}", refused.head);
    let said = format!("{form}&said=%E5%A5%B9%E8%AF%B4%0D%0A%E6%B2%A1%E4%BA%8B");
    for _ in 0..2 {
        let answer = pages.ask("POST", &path, &own_form(&cookie), &said).await;
        assert!(answer.head.contains("location: ../../desk?lang=zh\r\n"), "{}", answer.head);
    }
    let closed = pages.alarm("r01");
    let conversations: Vec<&str> =
        closed.notes.iter().filter(|note| note.kind == NoteKind::Conversation).map(|note| note.text.as_str()).collect();
    assert_eq!(conversations, ["她说 没事"], "one line, once");
    assert_eq!(pages.ask("GET", &path, &cookie, "").await.status, 200);
}

#[tokio::test]
async fn a_siren_is_muted_and_a_fault_is_seen_to_with_one_tap() {
    let pages = Pages::called().await;
    let cookie = pages.log_in("desk").await;
    let post = async |id: String, body: &str| {
        pages.ask("POST", &format!("/desk/alarm/{id}"), &own_form(&cookie), body).await.status
    };
    let alarm = pages.alarm("r01").id;
    assert_eq!(post(alarm.to_string(), "rev=1&do=mute&by=p01").await, 303);
    assert_eq!(pages.ordered(), [Order::Mute { alarm, by: "desk".parse().expect("id") }], "whoever taps has muted it");
    let page = see(&pages, "desk", "/desk").await;
    assert!(page.contains("警号静音到 03:14"), "{page}");

    pages.mind().orders.clear();
    let now = pages.mind().now;
    let down = shouwang::core::effect::Input::Source { id: "zigbee".parse().expect("id"), up: false };
    _ = pages.mind().station.handle(now, &down);
    pages.later(Duration::from_mins(10));
    let page = see(&pages, "desk", "/desk").await;
    in_this_order(&page, &["故障", "接收器中断", "zigbee", "无人处理", "我来处理"]);
    let fault = pages.alarms().into_iter().find(|alarm| !alarm.id.condition.rule().about_person).expect("a fault").id;
    assert_eq!(post(fault.to_string(), "rev=1&do=acknowledge").await, 303);
    assert_eq!(pages.ordered(), [Order::Acknowledge { alarm: fault, by: Some("desk".parse().expect("id")) }]);
    in_this_order(&see(&pages, "desk", "/desk").await, &["故障", "接收器中断", "处理人: 示例值班室", "期限"]);
}

#[tokio::test]
async fn rule_27_lost_mains_stand_with_their_minutes_and_the_houses_that_nobody_watches() {
    let pages = Pages::called().await;
    let power = shouwang::core::power::Power { mains: Some(false), minutes_left: Some(95) };
    {
        let mut mind = pages.mind();
        let now = mind.now;
        let up = shouwang::core::effect::Input::Source { id: "zigbee".parse().expect("id"), up: true };
        _ = mind.station.handle(now, &up);
        _ = mind.station.handle(now, &shouwang::core::effect::Input::Power(power));
    }
    pages.later(Duration::from_secs(10));
    let page = see(&pages, "desk", "/desk").await;
    in_this_order(
        &page,
        &["故障", "<strong>停电</strong>", "电池可用 1 小时 35 分钟 · 以下各户未守护: 示例", "无人处理"],
    );
}

#[tokio::test]
async fn a_form_that_makes_no_sense_is_refused() {
    let pages = Pages::called().await;
    let cookie = pages.log_in("desk").await;
    let path = format!("/desk/alarm/{}", pages.alarm("r01").id);
    for body in [
        "rev=1&do=come&by=p99",
        "rev=1&do=come&by=",
        "rev=1&do=come&by=%3Cb%3E",
        "rev=1&do=note",
        "rev=1&do=dance",
        "rev=x&do=come",
        "rev=1&as=nothing",
        "do=come",
        "",
    ] {
        assert_eq!(pages.ask("POST", &path, &own_form(&cookie), body).await.status, 400, "{body}");
    }
    assert!(pages.mind().orders.is_empty());
}

#[tokio::test]
async fn a_resident_who_is_away_is_missed_on_no_list() {
    let pages = Pages::quiet().await;
    pages.later(Duration::from_hours(30));
    for path in ["/desk", "/wall"] {
        let page = see(&pages, "desk", path).await;
        assert!(page.contains("未守护") && !page.contains("示例外出"), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_note_with_a_line_of_its_own_does_not_break_the_stream() {
    let pages = Pages::called().await;
    let alarm = pages.alarm("r01").id;
    let by = "p01".parse().expect("id");
    pages.order(Order::Note { alarm, by: Some(by), text: "一\r二\r\n三".to_owned() });
    let cookie = pages.log_in("desk").await;
    let request = format!("GET /desk/live HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n", pages.address);
    let mut stream = support::http::send(pages.address, &request).await;
    let board = support::http::until(&mut stream, "event: ping").await;
    assert!(board.contains("event: board") && board.contains("示例奶奶"), "{board}");
    assert!(board.contains("data: 500000000"), "the station's time comes with it: {board}");
    pages.order(Order::Accept { alarm, by });
    support::http::until(&mut stream, "去的人").await;
    // Whoever logs out is told, and hears no more.
    let out = pages.ask("POST", "/desk/logout", &own_form(&cookie), "").await;
    assert_eq!(out.status, 303);
    pages.order(Order::Close { alarm, by: Some(by), disposition: Disposition::Helped, conversation: String::new() });
    let rest = support::http::until(&mut stream, "event: out").await;
    assert!(!rest.contains("event: board"), "{rest}");
}

#[tokio::test]
async fn rule_23_a_stop_is_on_the_desk_and_on_the_answer_page_until_somebody_has_asked_every_home() {
    let pages = Pages::called().await;
    let stop = pages.stopped(Duration::from_mins(9), Gap::SameBoot);
    let says = "停机 03:03–03:12,期间呼叫可能未收到";
    for user in ["desk", "visitor"] {
        let page = see(&pages, user, "/desk").await;
        assert!(page.contains(says), "{page}");
        assert_eq!(page.contains("已逐户问过"), user == "desk", "whoever looks has no button");
    }
    let english = pages.log_in("desk").await;
    let english = pages.ask("GET", "/desk?lang=en", &english, "").await.body;
    assert!(english.contains("Down 03:03–03:12: calls in that time may not have been heard"), "{english}");
    let link = pages.link(pages.alarm("r01").id, "p01");
    assert!(pages.get(&link).await.body.contains(says));

    let cookie = pages.log_in("desk").await;
    let path = format!("/desk/stop/{}", stop.until.mono.0);
    for _ in 0..2 {
        let answer = pages.ask("POST", &path, &own_form(&cookie), "").await;
        assert!(answer.head.contains("location: ../../desk?lang=zh\r\n"), "{}", answer.head);
    }
    assert_eq!(pages.ordered()[0], Order::NoteStop { until: stop.until.mono, by: "desk".parse().expect("id") });
    assert!(!see(&pages, "desk", "/desk").await.contains("停机"));
    support::until_found("the answer page says nothing of it any more", async || {
        (!pages.get(&link).await.body.contains("停机")).then_some(())
    })
    .await;
    let wrong = pages.ask("POST", "/desk/stop/7", &own_form(&cookie), "").await;
    assert!(wrong.head.contains("no=unknown_stop"), "{}", wrong.head);
}

#[tokio::test]
async fn rule_23_a_stop_of_unknown_length_is_at_least_and_goes_after_a_day() {
    let pages = Pages::quiet().await;
    pages.mind().now.trust = Trust::Holdover;
    pages.stopped(Duration::from_mins(1), Gap::Unknown);
    let page = see(&pages, "desk", "/desk").await;
    assert!(page.contains("停机 03:11(时钟未校准)–至少 03:12(时钟未校准),期间呼叫可能未收到"), "{page}");
    pages.later(Duration::from_hours(24));
    assert!(!see(&pages, "desk", "/desk").await.contains("停机"));
}

/// `r01` called, and the call was closed from afar: somebody is to go.
async fn unverified() -> Pages {
    let pages = Pages::called().await;
    let (alarm, by) = (pages.alarm("r01").id, "p01".parse().expect("id"));
    pages.order(Order::Accept { alarm, by });
    pages.order(Order::Close { alarm, by: Some(by), disposition: Disposition::Helped, conversation: String::new() });
    pages
}

#[tokio::test]
async fn rule_31_whoever_is_to_be_visited_stands_at_the_desk_until_somebody_there_says_that_they_went() {
    let pages = unverified().await;
    let desk = see(&pages, "desk", "/desk").await;
    in_this_order(
        &desk,
        &[
            "待探访",
            "示例奶奶",
            "示例村一组 1 号",
            "登记探访",
            "报警办结时无人到场",
            "03:12 起,2026年11月23日 03:12 前",
        ],
    );
    let view = see(&pages, "visitor", "/desk").await;
    assert!(view.contains("报警办结时无人到场") && !view.contains("desk/visit"));
    let wall = see(&pages, "visitor", "/wall").await;
    assert!(wall.contains("待探访 <strong>1</strong>") && !wall.contains("无人到场"), "a number and no more: {wall}");

    let cookie = pages.log_in("desk").await;
    let page = pages.ask("GET", "/desk/visit/r01", &format!("Accept-Language: zh\r\n{cookie}"), "").await.body;
    in_this_order(
        &page,
        &["示例奶奶", "示例大槐树", "还没有探访记录", "name=\"rev\" value=\"1\"", "门内码", "我去看过了"],
    );
    assert!(!page.contains("0471"));
    for body in ["", "do=visited", "rev=1", "rev=1&do=dance", "rev=x&do=visited"] {
        assert_eq!(pages.ask("POST", "/desk/visit/r01", &own_form(&cookie), body).await.status, 400, "{body}");
    }
    assert_eq!(pages.ask("POST", "/desk/visit/r99", &own_form(&cookie), "rev=1&do=visited").await.status, 404);
    for _ in 0..2 {
        let answer = pages.ask("POST", "/desk/visit/r01", &own_form(&cookie), "rev=1&do=visited&door=0471").await;
        assert!(answer.head.contains("location: ../../desk?lang=zh\r\n"), "{}", answer.head);
    }
    let (resident, by, home) = ("r01".parse().expect("id"), "desk".parse().expect("id"), "h01".parse().expect("id"));
    assert_eq!(pages.ordered()[0], Order::Visited { resident, by, door: Some(DoorCode::Of(home)) });
    let standing = pages.mind().station.visits().next().expect("a standing").clone();
    assert_eq!((standing.rev, standing.last.map(|visit| visit.proven)), (2, Some(true)), "two taps are one");
    let desk = see(&pages, "desk", "/desk").await;
    assert!(desk.contains("没有待探访的老人") && !see(&pages, "desk", "/wall").await.contains("待探访"));
}

#[tokio::test]
async fn rule_30_the_desk_shows_whether_an_arrival_is_proven() {
    let pages = Pages::called().await;
    let cookie = pages.log_in("desk").await;
    let alarm = pages.alarm("r01");
    let path = format!("/desk/alarm/{}", alarm.id);
    let send = async |rev: u32, body: &str| {
        pages.ask("POST", &path, &own_form(&cookie), &format!("rev={rev}&by=desk&do=arrived{body}")).await.status
    };
    assert_eq!(send(1, "&door=1111").await, 303);
    assert!(see(&pages, "desk", "/desk").await.contains("到场:自报"));
    assert_eq!(send(2, "&door=0471").await, 303);
    assert!(see(&pages, "desk", "/desk").await.contains("到场:已核实"));
    let one = see(&pages, "desk", &path).await;
    assert!(one.contains("到场:已核实") && one.contains("门内码不对") && !one.contains("1111"), "{one}");
}

/// How many orders of a kind were given that are not the same one again.
fn different(pages: &Pages, is_meant: impl Fn(&Order) -> bool) -> usize {
    let mind = pages.mind();
    let ids: BTreeSet<CommandId> = mind.orders.iter().filter(|(_, order)| is_meant(order)).map(|(id, _)| *id).collect();
    ids.len()
}

#[tokio::test]
async fn rule_30_a_code_that_was_mistyped_is_put_right_from_the_same_page() {
    let pages = Pages::called().await;
    let cookie = pages.log_in("desk").await;
    let path = format!("/desk/alarm/{}", pages.alarm("r01").id);
    for by in ["desk", "p01"] {
        for code in ["1111", "0471", "0471"] {
            let body = format!("rev=1&by={by}&do=arrived&door={code}");
            assert_eq!(pages.ask("POST", &path, &own_form(&cookie), &body).await.status, 303, "{body}");
        }
        let arrival = pages.alarm("r01").arrival.expect("somebody is there");
        assert_eq!((arrival.by.as_str(), arrival.proven), (by, true));
    }
    let arrivals = different(&pages, |order| matches!(order, Order::OnSite { .. }));
    assert_eq!(arrivals, 4, "a second tap with the same code is none");
    let notes = different(&pages, |order| matches!(order, Order::Note { .. }));
    assert_eq!(notes, 1, "who noted it for somebody else is said once");
}

#[tokio::test]
async fn rule_30_a_visits_code_that_was_mistyped_is_put_right_from_the_same_page() {
    let pages = unverified().await;
    let cookie = pages.log_in("desk").await;
    for code in ["1111", "0471", "0471"] {
        let body = format!("rev=1&do=visited&door={code}");
        assert_eq!(pages.ask("POST", "/desk/visit/r01", &own_form(&cookie), &body).await.status, 303, "{body}");
    }
    let standing = pages.mind().station.visits().next().expect("a standing").clone();
    assert_eq!(standing.last.map(|visit| visit.proven), Some(true));
    assert_eq!(different(&pages, |order| matches!(order, Order::Visited { .. })), 2);
}
