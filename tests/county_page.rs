//! The county page over real HTTP, on a real database: what comes first, what is never shown as fine, and who may ask.

mod support;

use std::time::Duration;

use shouwang::core::watch::Watch;
use shouwang::county::page;
use shouwang::limits;
use support::county_messages::{EPOCH, alarm, alarm_message, heartbeat};
use support::county_page::{BEGIN_MS, Page, case, device, resident};
use support::{soon, until_found};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Each of these follows the one before it.
#[track_caller]
fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is missing, or stands too early, in {text}"));
        rest = &rest[at + part.len()..];
    }
}

/// Reads what is sent until it has this part, and returns all that was sent.
async fn read_until(stream: &mut TcpStream, so_far: &mut Vec<u8>, part: &str) -> String {
    loop {
        let said = String::from_utf8_lossy(so_far);
        if said.contains(part) {
            return said.into_owned();
        }
        let read = soon(part, stream.read_buf(so_far)).await.expect("the stream stands");
        assert!(read > 0, "the stream ended before {part}");
    }
}

#[tokio::test]
async fn what_wants_somebody_comes_first() {
    let page = Page::busy().await;
    let zh = page.get("/").await;
    assert_eq!(zh.status, 200);
    assert!(zh.body.contains("<html lang=\"zh-CN\">"));
    assert_in_order(
        &zh.body,
        &[
            "2 人未守护 · 1 人守护减弱 · 2 个报警无人接单 · 1 个报警有人在处理 · 1 站失联",
            "截至 ",
            "谁没有被守护",
            "<strong>r21</strong>",
            "照料站失联,听不到求助",
            "<strong>r03</strong>",
            "没有一件设备在时限内有信号",
            "<strong>r02</strong>",
            "只靠 d021",
            "未办结的报警",
            "无人接单",
            "浴室",
            "未响应",
            "已接单",
            "演练</span>",
            "未办结的故障",
            "设备无信号",
            "故障中",
            "失联:它的报警到不了县里",
            "电量低",
            "件设备没有报告故障",
        ],
    );
    page.stop().await.expect("it ends well");
}

#[tokio::test]
async fn english_says_the_same() {
    let page = Page::busy().await;
    let asked = page.get("/?lang=en").await;
    assert!(asked.body.contains("<html lang=\"en\">") && asked.body.contains("href=\"?lang=zh\""));
    assert_in_order(
        &asked.body,
        &[
            "2 people not watched · 1 person weakly watched · 2 alarms nobody has accepted · 1 alarm being dealt with · 1 station silent",
            "Who is not being watched",
            "Open alarms",
            "nobody has accepted</strong>",
            "unanswered</strong>",
            "Open faults",
            "Stations",
            "Devices",
            "<details",
        ],
    );
    let host = page.address;
    let preferred = page
        .ask(&format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nAccept-Language: en-GB, zh;q=0.5\r\nConnection: close\r\n\r\n"
        ))
        .await;
    assert!(preferred.body.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn no_evidence_is_never_calm() {
    let mut page = Page::without_database().await;
    let none = page.get("/").await;
    assert_eq!(none.status, 200);
    assert_in_order(&none.body, &["class=\"band deaf\" role=\"status\"", "不知道谁在被守护"]);
    assert_eq!(page.get("/api/alarms").await.status, 503);

    page.make_database().await;
    let empty = page.get("/").await;
    assert_in_order(
        &empty.body,
        &["class=\"band urgent\"", "2 站失联", "还没有任何老人的守护状态", "从未收到它的任何消息"],
    );

    for station in ["st1", "st2"] {
        page.take(&format!("sw/1/{station}/gw1/hb"), &heartbeat()).await;
        page.take(&format!("sw/1/{station}/gw1/resident/r01"), &resident(Watch::Watched, &["d011"])).await;
    }
    let calm = page.get("/").await;
    assert_in_order(&calm.body, &["class=\"band calm\"", "2 人守护中 · 2 站有心跳"]);

    page.now_ms.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    let deaf = page.get("/").await;
    assert_in_order(&deaf.body, &["class=\"band deaf\"", "县平台已 1 分钟 未接收"]);
}

#[tokio::test]
async fn rule_27_a_station_without_mains_says_so_with_its_minutes_and_the_homes_that_nobody_watches() {
    let page = Page::empty().await;
    let mut beat: serde_json::Value = serde_json::from_slice(&heartbeat()).expect("JSON");
    (beat["mains"], beat["battery_min"]) = (false.into(), 95.into());
    page.take("sw/1/st1/gw1/hb", beat.to_string().as_bytes()).await;
    let mut lost = alarm(5, 1);
    lost.id.subject = shouwang::core::alarm::Subject::Station;
    lost.id.condition = shouwang::core::condition::Condition::MainsLost;
    lost.priority = shouwang::core::condition::Priority::Technical;
    lost.homes = vec!["h01".parse().expect("id"), "h02".parse().expect("id")];
    lost.left = Some(shouwang::core::alarm::Left::Minutes(95));
    page.take("sw/1/st1/gw1/ev/alarm", &alarm_message(EPOCH, 1, lost)).await;
    let shown = page.get("/").await.body;
    assert_in_order(
        &shown,
        &[
            "未办结的故障",
            "<strong>停电</strong>",
            "电池可用 1 小时 35 分钟 · 以下各户未守护: h01 · h02",
            "<section id=\"stations\"",
            "停电 · 电池可用 1 小时 35 分钟",
        ],
    );
}

#[tokio::test]
async fn what_a_gateway_says_is_inert() {
    let page = Page::empty().await;
    let evil = "<script>alert(1)</script>\r\n\"'><img src=x onerror=alert(1)>";
    page.take("sw/1/st1/gw1/hb", &heartbeat()).await;
    page.take("sw/1/st1/gw1/dev/d011", &device(Some(50), None, Some(evil))).await;
    let shown = page.get("/").await.body;
    assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{shown}");
    assert!(!shown.contains("<script>") && !shown.contains("<img"), "{shown}");
    let mut live = page.look_on("en").await;
    let said = read_until(&mut live, &mut Vec::new(), "&lt;script&gt;").await;
    assert!(!said.contains("<script>"));
}

#[tokio::test]
async fn a_live_page_is_told_what_changed_in_its_language() {
    let page = Page::empty().await;
    let (mut zh, mut en) = (page.look_on("zh").await, page.look_on("en").await);
    let (mut so_far_zh, mut so_far_en) = (Vec::new(), Vec::new());
    let said_zh = read_until(&mut zh, &mut so_far_zh, "event: board").await;
    read_until(&mut en, &mut so_far_en, "event: board").await;
    assert!(said_zh.contains("text/event-stream") && !said_zh.contains("求助"));
    page.take("sw/1/st1/gw1/ev/alarm", &alarm_message(EPOCH, 1, alarm(5, 1))).await;
    let said_zh = read_until(&mut zh, &mut so_far_zh, "<strong>求助</strong> r05").await;
    read_until(&mut en, &mut so_far_en, "<strong>help call</strong> r05").await;
    assert_eq!(said_zh.matches("event: board").count(), 2, "{said_zh}");

    page.stop().await.expect("live pages do not hold it up");
    let mut rest = Vec::new();
    soon("the stream ends", zh.read_to_end(&mut rest)).await.expect("it ends in order");
}

#[tokio::test]
async fn too_many_live_pages_are_refused_with_a_sentence() {
    let page = Page::empty().await;
    let mut looking = Vec::new();
    for _ in 0..limits::COUNTY_PAGE_LISTENERS_MAX {
        let mut stream = page.look_on("zh").await;
        read_until(&mut stream, &mut Vec::new(), "200 OK").await;
        looking.push(stream);
    }
    let refused = page.get("/live?lang=zh").await;
    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("这一页不会自动更新"), "{}", refused.body);
    assert_eq!(page.get("/").await.status, 200, "looking is always possible");
    looking.pop();
    until_found("a place", async || {
        let mut stream = page.look_on("zh").await;
        let mut start = [0; 12];
        soon("an answer", stream.read_exact(&mut start)).await.expect("an answer");
        (&start == b"HTTP/1.1 200").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_browser_may_fetch_and_run_nothing_else() {
    let page = Page::empty().await;
    for (path, status, kind) in [
        ("/", 200, "text/html; charset=utf-8"),
        ("/page.css", 200, "text/css; charset=utf-8"),
        ("/page.js", 200, "text/javascript; charset=utf-8"),
        ("/api/stations", 200, "application/json"),
        ("/nowhere", 404, "text/plain; charset=utf-8"),
        ("/../../etc/passwd", 404, "text/plain; charset=utf-8"),
    ] {
        let answer = page.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        for header in [
            format!("content-type: {kind}"),
            "content-security-policy: default-src 'none';".to_owned(),
            "cache-control: no-store".to_owned(),
            "x-content-type-options: nosniff".to_owned(),
            "referrer-policy: no-referrer".to_owned(),
        ] {
            assert!(answer.head.contains(&header), "{path}: {header} is missing in {}", answer.head);
        }
        assert!(answer.head.contains("frame-ancestors 'none'"));
    }
    let host = page.address;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let asked = format!("{method} / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(page.ask(&asked).await.status, 405, "{method}");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(page.ask(&long).await.status, 431);
}

#[tokio::test]
async fn a_foreign_name_is_not_answered() {
    let page = Page::busy().await;
    for host in
        ["Host: example.org\r\n", "Host: 127.0.0.1.example.org\r\n", "Host: 127.0.0.1\r\nHost: example.org\r\n", ""]
    {
        for path in ["/", "/live", "/api/alarms"] {
            let answer = page.ask(&format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n")).await;
            assert!(matches!(answer.status, 400 | 421), "{host} {path}: {}", answer.status);
            assert!(!answer.body.contains("r03"));
        }
    }
}

#[tokio::test]
async fn machines_get_the_rows_of_the_command_line() {
    let page = Page::busy().await;
    let rows = async |path: &str| -> Vec<serde_json::Value> {
        serde_json::from_str(&page.get(path).await.body).expect("a list as JSON")
    };
    let alarms = rows("/api/alarms").await;
    assert_eq!((alarms.len(), &alarms[0]["station"], &alarms[0]["rev"]), (5, &"st1".into(), &1.into()));
    page.take("sw/1/st1/gw1/ev/alarm", &alarm_message(EPOCH, 9, alarm(5, 3))).await;
    assert_eq!((rows("/api/alarms").await.len(), rows("/api/alarms?all").await.len()), (4, 5));
    assert_eq!(rows("/api/devices").await.len(), 4);
    let stations = rows("/api/stations").await;
    let silent: Vec<_> = stations.iter().map(|row| (row["station"].clone(), row["silent"].clone())).collect();
    assert_eq!(silent, [("st1".into(), false.into()), ("st2".into(), true.into())]);
}

#[tokio::test]
async fn a_station_that_only_sends_texts_is_shown_as_silent_and_watching_and_its_alarm_as_told_by_text() {
    let page = Page::busy().await;
    page.tells_by_text().await;
    let zh = page.get("/").await.body;
    assert_in_order(
        &zh,
        &[
            "2 人未守护",
            "1 站失联",
            "<strong>r21</strong>",
            "照料站断网,本地在守,县里只收得到短信",
            "未办结的报警",
            "r21",
            "无人接单",
            "短信告知",
            "照料站失联",
            "示例北村站",
            "断网,本地在守(自 8 分钟前)",
            "报警 1 · 故障 0 · 守护中 1 · 守护减弱 0 · 未守护 0 · 停电 · 电池可用 3 小时 20 分钟",
            "只有短信能到县里",
        ],
    );
    let en = page.get("/?lang=en").await.body;
    assert_in_order(&en, &["told by text message", "station silent", "no link, watching locally (for 8 min)"]);
    page.later(5 * 3_600_000 + 1_800_001).await;
    let late = page.get("/").await.body;
    assert!(
        !late.contains("本地在守") && late.contains("失联:它的报警到不了县里"),
        "a text that does not come ends it"
    );
}

#[tokio::test]
async fn rule_11_the_page_says_whom_the_county_calls_and_who_has_acknowledged() {
    let page = Page::busy().await;
    let calls = [("station-st2", "done"), ("person-zhao", "failed")];
    page.climbs("st2/gw1", &case(false, "null", &calls)).await;
    let zh = page.get("/").await.body;
    assert_in_order(&zh, &["照料站失联", "示例北村站", "县里已呼叫 2 个电话,其中 1 个没有打通,无人确认"]);
    page.climbs("st2/gw1", &case(true, "null", &[])).await;
    assert!(page.get("/").await.body.contains("县里无人可呼叫"));
    let acknowledged = format!(r#"{{"by":"person-zhao","at_ms":{},"until_ms":0}}"#, BEGIN_MS - 125_000);
    let unanswered = format!("st1/gw1/st1.{EPOCH}.6000.resident-r06.fall_confirmed");
    page.climbs(&unanswered, &case(false, &acknowledged, &calls)).await;
    assert_in_order(&page.get("/").await.body, &["未响应", "县里 person-zhao 已确认(2 分钟前)"]);
    let en = page.get("/?lang=en").await.body;
    assert!(en.contains("person-zhao at the county has acknowledged, 2 min ago"), "{en}");
}

#[tokio::test]
async fn a_database_that_is_made_anew_is_found() {
    let mut page = Page::busy().await;
    assert!(page.get("/").await.body.contains("r03"));
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", page.database().display()));
    }
    page.now_ms.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    // The old file is still open and says that the service has been deaf ever since.
    page.get("/").await;
    assert!(page.get("/").await.body.contains("接收服务还没有运行过"));
    page.make_database().await;
    page.later(0).await;
    assert!(page.get("/").await.body.contains("class=\"band urgent\""));
}

#[tokio::test]
async fn the_page_is_offered_to_this_machine_only_and_waits_for_its_port() {
    let board = || page::Board {
        database: "county.sqlite".into(),
        clock: std::sync::Arc::new(|| 0),
        silent_after_s: 180,
        names: std::collections::BTreeMap::new(),
        zone: jiff::tz::TimeZone::UTC,
    };
    let everybody = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let refused = page::serve(everybody, board(), CancellationToken::new()).await.expect_err("refused");
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);

    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(page::serve_at(address, board(), stop.clone()));
    // It is turned away at least once while the port is in use.
    let waited = tokio::time::timeout(Duration::from_millis(50), taken.accept()).await;
    assert!(waited.is_err() && !serving.is_finished());
    drop(taken);
    until_found("the page on its port", async || TcpStream::connect(address).await.ok()).await;
    stop.cancel();
    soon("it ends", serving).await.expect("it does not panic");
}
