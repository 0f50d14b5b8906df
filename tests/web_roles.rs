//! Every address of the station's pages, asked in every way by everybody: what they are answered, and that nothing happens but what
//! they may do.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use shouwang::core::alarm::Disposition;
use shouwang::core::effect::Order;
use support::station_page::{Pages, own_form};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Who asks: nobody, somebody with a made-up cookie, somebody who was logged out, who may look, who answers alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Nobody,
    Forger,
    LoggedOut,
    Viewer,
    Duty,
}

use Role::{Duty, Forger, LoggedOut, Nobody, Viewer};

/// An address, with what looking at it and sending a form to it is answered to those who are not logged in, who may look and who
/// answer alarms; 0 stands for a stream, which has no end.
struct Row {
    route: &'static str,
    path: String,
    look: [u16; 3],
    send: [u16; 3],
    /// An order comes of sending it, for these.
    orders: &'static [Role],
}

const EVERYBODY: &[Role] = &[Nobody, Forger, LoggedOut, Viewer, Duty];

fn rows(pages: &Pages) -> Vec<Row> {
    let (open, over) = (pages.alarm("r01"), pages.alarm("r02").id);
    let row = |route, path: &str, look, send, orders| Row { route, path: path.to_owned(), look, send, orders };
    let alarm = |id: &str| format!("/desk/alarm/{id}");
    vec![
        row("/a/{token}", &pages.link(open.id, "p01"), [200; 3], [303; 3], EVERYBODY),
        row("/a/{token}", &pages.link(open.id, "p03"), [404; 3], [404; 3], &[]),
        row("/a/{token}", &pages.link(over, "p01"), [410; 3], [410; 3], &[]),
        row("/a/{token}", "/a/AAAAAAAAAAAAAAAAAAAAAA", [404; 3], [404; 3], &[]),
        row("/web.css", "/web.css", [200; 3], [405; 3], &[]),
        row("/web.js", "/web.js", [200; 3], [405; 3], &[]),
        row("/", "/", [303; 3], [405; 3], &[]),
        row("/desk/login", "/desk/login", [200; 3], [401; 3], &[]),
        row("/desk/logout", "/desk/logout", [405; 3], [303; 3], &[]),
        row("/desk", "/desk", [303, 200, 200], [405; 3], &[]),
        row("/desk/live", "/desk/live", [401, 0, 0], [405; 3], &[]),
        row("/desk/alarm/{id}", &alarm(&open.id.to_string()), [303, 403, 200], [401, 403, 303], &[Duty]),
        row("/desk/alarm/{id}", &alarm("st1.ff.1.resident-r09.smoke"), [303, 403, 404], [401, 403, 303], &[Duty]),
        row("/desk/alarm/{id}", &alarm("nonsense"), [303, 403, 404], [401, 403, 404], &[]),
        row("/desk/stop/{until}", "/desk/stop/1", [405; 3], [401, 403, 303], &[Duty]),
        row("/desk/stop/{until}", "/desk/stop/nonsense", [405; 3], [401, 403, 404], &[]),
        row("/desk/visit/{resident}", "/desk/visit/r02", [303, 403, 200], [401, 403, 400], &[]),
        row("/desk/visit/{resident}", "/desk/visit/r99", [303, 403, 404], [401, 403, 400], &[]),
        row("/wall", "/wall", [303, 200, 200], [405; 3], &[]),
        row("/wall/live", "/wall/live", [401, 0, 0], [405; 3], &[]),
        row("", "/desk/nothing", [404; 3], [404; 3], &[]),
        row("", "/a/", [404; 3], [404; 3], &[]),
    ]
}

/// A village with an open alarm, and one that was closed two days ago.
async fn village() -> Pages {
    let pages = Pages::quiet().await;
    pages.press("d002");
    let (alarm, by) = (pages.alarm("r02").id, "p01".parse().expect("id"));
    pages.order(Order::Accept { alarm, by });
    pages.order(Order::Close { alarm, by: Some(by), disposition: Disposition::Helped, conversation: String::new() });
    pages.later(std::time::Duration::from_hours(48));
    pages.press("d001");
    pages
}

async fn cookie(pages: &Pages, role: Role) -> String {
    match role {
        Nobody => String::new(),
        Forger => "Cookie: shouwang=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; role=duty\r\n".to_owned(),
        LoggedOut => {
            let cookie = pages.log_in("desk").await;
            assert_eq!(
                pages.ask("POST", "/desk/logout", &own_form(&cookie).replace("Origin: null\r\n", ""), "").await.status,
                303
            );
            cookie
        }
        Viewer => pages.log_in("visitor").await,
        Duty => pages.log_in("desk").await,
    }
}

#[tokio::test]
async fn whoever_asks_for_whatever_in_whatever_way_gets_what_the_table_says_and_changes_nothing_else() {
    for role in [Nobody, Forger, LoggedOut, Viewer, Duty] {
        let pages = village().await;
        let place = match role {
            Nobody | Forger | LoggedOut => 0,
            Viewer => 1,
            Duty => 2,
        };
        for row in rows(&pages) {
            let cookie = cookie(&pages, role).await;
            for method in METHODS {
                let expected = match method {
                    "GET" | "HEAD" => row.look[place],
                    "POST" => row.send[place],
                    _ if row.route.is_empty() => 404,
                    _ => 405,
                };
                let (before, orders) = (pages.alarms(), pages.mind().orders.len());
                let what = format!("{role:?} {method} {}", row.path);
                if expected == 0 {
                    if method == "GET" {
                        let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n", row.path, pages.address);
                        let stream = support::http::send(pages.address, &request).await;
                        let head = support::http::first_line(stream).await;
                        assert_eq!(head, "HTTP/1.1 200 OK", "{what}");
                    }
                } else {
                    let body = if method == "POST" { "rev=1&do=want_120" } else { "" };
                    let answer = pages.ask(method, &row.path, &own_form(&cookie), body).await;
                    assert_eq!(answer.status, expected, "{what}: {}", answer.body);
                    assert!(answer.head.contains("content-security-policy: default-src 'none'"), "{what}");
                    if answer.status >= 400 {
                        assert!(!answer.body.contains("示例"), "{what}: nobody's name: {}", answer.body);
                    }
                }
                let may = method == "POST" && row.orders.contains(&role);
                assert_eq!(pages.mind().orders.len() > orders, may, "{what}");
                if !may {
                    assert_eq!(pages.alarms(), before, "{what}");
                }
            }
        }
        let who: BTreeSet<String> = pages.ordered().iter().map(by).collect();
        let expected: &[&str] = if role == Duty { &["desk", "p01"] } else { &["p01"] };
        assert!(who.iter().eq(expected), "{role:?}: everybody acts in their own name: {who:?}");
    }
}

fn by(order: &Order) -> String {
    match order {
        Order::Want120 { by, .. } | Order::NoteStop { by, .. } => by.to_string(),
        other => panic!("nobody ordered {other:?}"),
    }
}

#[tokio::test]
async fn every_address_of_the_pages_stands_in_the_table() {
    let pages = village().await;
    let mut declared = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the pages' folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let routes = text.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
                declared.extend(routes.map(str::to_owned));
            }
        }
    }
    let tested: BTreeSet<String> =
        rows(&pages).iter().map(|row| row.route.to_owned()).filter(|route| !route.is_empty()).collect();
    assert_eq!(declared, tested);
}

#[tokio::test]
async fn a_form_of_another_site_moves_nobody_who_is_logged_in() {
    let pages = village().await;
    let cookie = pages.log_in("desk").await;
    let path = format!("/desk/alarm/{}", pages.alarm("r01").id);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for headers in [
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "",
    ] {
        for path in [path.as_str(), "/desk/visit/r02", "/desk/logout", "/desk/login"] {
            let answer = pages.ask("POST", path, &format!("{form}{cookie}{headers}"), "rev=1&do=come").await;
            assert_eq!(answer.status, 403, "{path} {headers}");
        }
    }
    assert!(pages.mind().orders.is_empty());
    assert_eq!(pages.ask("GET", "/desk", &cookie, "").await.status, 200, "and nobody was logged out");
    assert_eq!(pages.tally.view()["web.foreign_form"], 20);
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_slow_nobody_who_is_in() {
    let pages = village().await;
    let inside = pages.log_in("desk").await;
    let try_it = async |body: &str| pages.ask("POST", "/desk/login", &own_form(""), body).await;
    for body in [
        "user=desk&password=wrong",
        "user=nobody&password=made-up+password",
        "user=&password=",
        "password=x",
        "user=desk",
    ] {
        let answer = try_it(body).await;
        assert_eq!(answer.status, 401, "{body}");
        assert!(answer.header("set-cookie").is_none() && answer.body.contains("用户名或密码不对"), "{}", answer.body);
    }
    for _ in 0..5 {
        try_it("user=desk&password=wrong").await;
    }
    let answer = try_it("user=desk&password=made-up+password").await;
    assert_eq!(answer.status, 429, "ten in a minute are enough");
    assert_eq!(pages.ask("GET", "/desk", &inside, "").await.status, 200);
    let tally = pages.tally.view();
    assert_eq!((tally["web.login"], tally["web.login_wrong"], tally["web.login_flood"]), (1, 10, 1));
}
