//! The channels that post to web servers, against real ones that misbehave.

mod support;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::Sha256;
use shouwang::config::channels::WecomForm;
use shouwang::core::condition::Priority;
use shouwang::notify::channel::{Ailment, Failure, FromChannel, Health, Letter, Word};
use shouwang::notify::configured::{self, Around};
use shouwang::notify::webhook::{self, Server, Utc};
use shouwang::notify::{ntfy, wecom};
use shouwang::private::Private;
use support::authority::{Authority, VALID};
use support::broker::free_port;
use support::desk::{ALARM, Desk, letter};
use support::installed;
use support::web::{WebServer, server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

const SECRET: &str = "made-up";
const SENT: i64 = 1_795_317_125;

fn utc() -> Utc {
    Arc::new(|| Some(SENT))
}

fn open_webhook(server: Server) -> Desk {
    let secret = Private::new(SECRET.to_owned());
    let settings = webhook::Settings { name: "hook".parse().expect("an id"), server, secret, utc: utc() };
    Desk::open(|errands, said, stop| webhook::run(settings, errands, said, stop))
}

fn open_wecom(server: Server) -> Desk {
    let settings = wecom::Settings { name: "group".parse().expect("an id"), server, form: WecomForm::Text };
    Desk::open(|errands, said, stop| wecom::run(settings, errands, said, stop))
}

/// A port on which everybody is told these bytes, whatever they send.
async fn that_answers(bytes: &'static [u8]) -> Server {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Whoever probes says nothing.
            if stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {
                let _ = stream.write_all(bytes).await;
            }
        }
    });
    server(&url, PathBuf::new())
}

#[tokio::test]
async fn a_webhook_is_told_the_whole_notice_and_can_check_who_says_it() {
    let web = WebServer::start("").await;
    let mut desk = open_webhook(web.at("/hook?key=made-up"));
    assert_eq!(desk.health().await, Health::Up, "the probe found the server");
    assert_eq!(desk.deliver(letter(), Some("r07")).await, Word::Sent);
    assert_eq!(desk.deliver(letter(), None).await, Word::Sent);

    let [first, second] = &web.posted()[..] else { panic!("two posts, and none for the probe") };
    assert_eq!(first.uri.to_string(), "/hook?key=made-up");
    assert_eq!(first.header("content-type"), "application/json; charset=utf-8");
    let body = first.json();
    assert_eq!((&body["schema"], &body["alarm"], &body["to"]), (&1.into(), &ALARM.into(), &"r07".into()));
    assert_eq!((&body["priority"], &body["code"]), (&"high".into(), &17.into()));
    assert_eq!(
        (&body["text"], &body["link"]),
        (&letter().text.reveal().as_str().into(), &"https://station.example/a/made-up".into())
    );
    assert_eq!(body["sent_at"], "2026-11-22T03:12:05Z");

    assert_eq!(first.header("x-shouwang-timestamp"), SENT.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(format!("{SENT}.").as_bytes());
    mac.update(&first.body);
    let hex = first.header("x-shouwang-signature").strip_prefix("v1=").expect("its version");
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("hexadecimal digits"));
    let signed: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect();
    assert!(mac.verify_slice(&signed).is_ok(), "{hex}");

    assert_eq!(first.header("idempotency-key"), body["id"]);
    assert!(first.header("idempotency-key").starts_with(&format!("{ALARM}/")));
    assert_ne!(first.header("idempotency-key"), second.header("idempotency-key"));
}

#[tokio::test]
async fn a_status_says_whether_another_try_may_mend_it_and_whether_the_channel_is_to_blame() {
    let (up, refused, trouble) = (Health::Up, Word::Failed(Failure::Refused), Word::Failed(Failure::Trouble));
    let (not_let_in, not_there) = (Health::Down(Ailment::NotLetIn), Health::Down(Ailment::NotThere));
    for (status, word, health) in [
        (200, Word::Sent, up),
        (204, Word::Sent, up),
        (302, refused, not_let_in),
        (400, refused, up),
        (401, refused, not_let_in),
        (404, refused, not_let_in),
        (408, trouble, up),
        (422, refused, up),
        (429, trouble, up),
        (500, trouble, not_there),
        (503, trouble, not_there),
    ] {
        let web = WebServer::start("").await;
        let mut desk = open_webhook(web.at("/"));
        assert_eq!(desk.health().await, Health::Up);
        web.answers(Some((status, &[("location", "/elsewhere")], "")));
        assert_eq!(desk.deliver(letter(), None).await, word, "{status}");
        if health != up {
            assert_eq!(desk.health().await, health, "{status}");
        }
        assert_eq!(web.posted().len(), 1, "{status}: nothing is followed, and nothing is posted twice");
        web.answers(Some((200, &[], "")));
        let ticket = desk.give(letter(), None).await;
        assert_eq!(desk.word(ticket).await, (Word::Sent, vec![]), "{status}");
        if health != up {
            assert_eq!(desk.health().await, up, "{status}");
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_is_trouble_and_never_read_without_end() {
    const ENDLESS: &[u8] = &{
        let mut bytes = [b'x'; 40_000];
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 4000000000\r\n\r\n";
        let mut at = 0;
        while at < head.len() {
            bytes[at] = head[at];
            at += 1;
        }
        bytes
    };
    const LONG_HEAD: &[u8] = &{
        let mut bytes = [b'x'; 40_000];
        let head = b"HTTP/1.1 200 OK\r\nx: ";
        let mut at = 0;
        while at < head.len() {
            bytes[at] = head[at];
            at += 1;
        }
        bytes
    };
    for bytes in
        [b"" as &[u8], b"220 mail.example ESMTP\r\n", b"HTTP/1.1 200 OK\r\n", b"\xff\xff\xff", ENDLESS, LONG_HEAD]
    {
        let mut desk = open_webhook(that_answers(bytes).await);
        assert_eq!(desk.health().await, Health::Up);
        assert_eq!(desk.deliver(letter(), None).await, Word::Failed(Failure::Trouble), "{bytes:?}");
        assert_eq!(desk.health().await, Health::Down(Ailment::NotThere));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_costs_ten_seconds_and_no_more() {
    let web = WebServer::start("").await;
    web.answers(None);
    let mut desk = open_webhook(web.at("/"));
    let began = Instant::now();
    assert_eq!(desk.deliver(letter(), None).await, Word::Failed(Failure::Trouble));
    assert!(began.elapsed().as_secs() <= 10, "{:?}", began.elapsed());
    assert_eq!(desk.health().await, Health::Down(Ailment::NotThere));
}

#[tokio::test]
async fn nobody_there_is_told_before_it_is_needed_and_an_errand_finds_it_again() {
    let port = free_port();
    let mut desk = open_webhook(server(&format!("http://127.0.0.1:{port}/"), PathBuf::new()));
    assert_eq!(desk.health().await, Health::Down(Ailment::NotThere));
    let ticket = desk.give(letter(), None).await;
    assert_eq!(desk.word(ticket).await, (Word::Failed(Failure::Trouble), vec![]), "its health has not changed");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("still free");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    });
    assert_eq!(desk.deliver(letter(), None).await, Word::Sent);
    assert_eq!(desk.health().await, Health::Up);
}

#[tokio::test]
async fn a_call_is_not_for_it_and_a_stop_ends_what_is_in_hand() {
    let web = WebServer::start("").await;
    let mut desk = open_webhook(web.at("/"));
    let ticket = desk.ring().await;
    assert_eq!(desk.word(ticket).await.0, Word::Failed(Failure::Unable));
    web.answers(None);
    let ticket = desk.give(letter(), None).await;
    support::until("it is posted", || web.posted().len() == 1).await;
    let last = desk.stop().await;
    assert!(last.contains(&FromChannel::Word(ticket, Word::Failed(Failure::Trouble))), "{last:?}");
}

/// Answers 204 over TLS with a certificate of this authority.
async fn with_tls(authority: &Authority) -> u16 {
    let lines = authority.issue("hook", "DNS:localhost", VALID);
    let file = |word: &str| {
        let line = lines.lines().find_map(|line| line.strip_prefix(word)).expect("a line of it");
        std::fs::read(line.trim()).expect("a file")
    };
    let chain = CertificateDer::pem_slice_iter(&file("certfile")).collect::<Result<Vec<_>, _>>().expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(&file("keyfile")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            if stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
        }
    });
    port
}

#[tokio::test]
async fn a_server_is_believed_when_its_authority_is_and_under_its_own_name_only() {
    if !installed("openssl") {
        return;
    }
    let (authority, stranger) = (Authority::create(), Authority::create());
    let port = with_tls(&authority).await;
    let url = format!("https://localhost:{port}/hook");
    let mut desk = open_webhook(server(&url, authority.certificate()));
    assert_eq!(desk.deliver(letter(), None).await, Word::Sent);
    for (url, ca_file) in [
        (url.clone(), stranger.certificate()),
        (format!("https://127.0.0.1:{port}/hook"), authority.certificate()),
        (url.clone(), PathBuf::from("/nonexistent/ca.pem")),
    ] {
        let mut desk = open_webhook(server(&url, ca_file));
        assert_eq!(desk.deliver(letter(), None).await, Word::Failed(Failure::Trouble), "{url}");
        assert_eq!(desk.health().await, Health::Down(Ailment::NotThere));
    }
}

#[tokio::test]
async fn the_authorities_that_debian_ships_can_be_believed() {
    let list = Path::new("/etc/ssl/certs/ca-certificates.crt");
    if list.exists() {
        shouwang::broker::believing(list).await.expect("every certificate in it is understood");
    }
}

#[tokio::test]
async fn a_group_robot_took_it_when_the_code_in_the_answer_says_so() {
    let (trouble, refused) = (Word::Failed(Failure::Trouble), Word::Failed(Failure::Refused));
    for (body, word, health) in [
        (r#"{"errcode":0,"errmsg":"ok"}"#, Word::Sent, Health::Up),
        (r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, refused, Health::Down(Ailment::NotLetIn)),
        (r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, trouble, Health::Up),
        (r#"{"errcode":-1,"errmsg":"system busy"}"#, trouble, Health::Up),
        (r#"{"errcode":40058,"errmsg":"invalid parameter"}"#, refused, Health::Up),
        ("<html>please log in</html>", trouble, Health::Down(Ailment::NotThere)),
        ("{}", trouble, Health::Down(Ailment::NotThere)),
    ] {
        let web = WebServer::start(body).await;
        let mut desk = open_wecom(web.at("/cgi-bin/webhook/send?key=made-up"));
        assert_eq!(desk.health().await, Health::Up);
        assert_eq!(desk.deliver(letter(), None).await, word, "{body}");
        if health != Health::Up {
            assert_eq!(desk.health().await, health, "{body}");
        }
        let posted = web.posted();
        assert_eq!(posted[0].uri.to_string(), "/cgi-bin/webhook/send?key=made-up");
        let message = posted[0].json();
        assert_eq!(message["msgtype"], "text");
        let content = message["text"]["content"].as_str().expect("a text");
        assert_eq!(content, format!("{}\nhttps://station.example/a/made-up", letter().text.reveal()));
    }
}

#[tokio::test]
async fn a_group_robot_is_not_sent_more_than_it_takes_in_a_minute() {
    let web = WebServer::start(r#"{"errcode":0}"#).await;
    let mut desk = open_wecom(web.at("/"));
    assert_eq!(desk.health().await, Health::Up);
    let fault = Letter { priority: Priority::Technical, ..letter() };
    let mut words = Vec::new();
    for letter in std::iter::repeat_n(fault, 17).chain(std::iter::repeat_n(letter(), 6)) {
        words.push(desk.deliver(letter, None).await);
    }
    let failed = |words: &[Word]| words.iter().filter(|word| **word == Word::Failed(Failure::Trouble)).count();
    assert_eq!((failed(&words[..17]), failed(&words[17..])), (2, 1), "{words:?}");
    assert_eq!(web.posted().len(), 20);
}

#[tokio::test]
async fn a_long_message_to_a_group_robot_is_cut_at_a_sign_and_may_be_markdown() {
    let web = WebServer::start(r#"{"errcode":0}"#).await;
    let settings =
        wecom::Settings { name: "group".parse().expect("an id"), server: web.at("/"), form: WecomForm::Markdown };
    let mut desk = Desk::open(|errands, said, stop| wecom::run(settings, errands, said, stop));
    let long = Letter { text: Private::new("报".repeat(2_000)), link: None, ..letter() };
    assert_eq!(desk.deliver(long, None).await, Word::Sent);
    let message = web.posted()[0].json();
    let content = message["markdown"]["content"].as_str().expect("markdown");
    assert!(content.len() <= 4_096 && content.ends_with("报…"), "{}", content.len());
}

#[tokio::test]
async fn ntfy_is_told_the_topic_of_whom_it_is_for() {
    let web = WebServer::start(r#"{"id":"xE73Iyuabi","event":"message"}"#).await;
    let private = |text: &str| Private::new(text.to_owned());
    let settings = ntfy::Settings {
        name: "push".parse().expect("an id"),
        server: web.at("/"),
        topic: None,
        topics: [("r07".parse().expect("an id"), private("made-up-topic"))].into(),
        token: Some(private("tk_made_up")),
    };
    let all = ntfy::Settings { topic: Some(private("everybody")), token: None, ..settings.clone() };
    let mut desk = Desk::open(|errands, said, stop| ntfy::run(settings, errands, said, stop));
    assert_eq!(desk.deliver(letter(), Some("r07")).await, Word::Sent);
    assert_eq!(desk.deliver(letter(), Some("r08")).await, Word::Failed(Failure::Unable), "no topic is theirs");
    let mut desk = Desk::open(|errands, said, stop| ntfy::run(all, errands, said, stop));
    assert_eq!(desk.deliver(Letter { link: None, ..letter() }, Some("r08")).await, Word::Sent);

    let [own, everybodys] = &web.posted()[..] else { panic!("two posts") };
    assert_eq!(own.uri.to_string(), "/", "the topic is not in the address");
    assert_eq!(own.header("authorization"), "Bearer tk_made_up");
    let body = own.json();
    assert_eq!((&body["topic"], &body["priority"]), (&"made-up-topic".into(), &5.into()));
    assert_eq!((&body["title"], &body["tags"][0]), (&"守望 紧急".into(), &"rotating_light".into()));
    assert_eq!(
        (&body["message"], &body["click"]),
        (&letter().text.reveal().as_str().into(), &"https://station.example/a/made-up".into())
    );
    let body = everybodys.json();
    assert_eq!((&body["topic"], body.get("click")), (&"everybody".into(), None));
    assert!(everybodys.headers.get("authorization").is_none());

    web.answers(Some((200, &[], "<html>please log in</html>")));
    assert_eq!(desk.deliver(letter(), None).await, Word::Failed(Failure::Trouble));
}

#[tokio::test]
async fn a_channel_whose_secret_is_missing_is_down_and_starts_when_it_is_there() {
    let web = WebServer::start("").await;
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[station]\nid = \"st1\"\ngateway = \"gw1\"\n[channels.hook]\nkind = \"webhook\"\nurl_file = \"./url\"\n\
                secret_file = \"hook-secret\"\n";
    let station = shouwang::config::Station::parse("shouwang.toml", text, folder.path(), &[]).expect("sound").value;
    let channel = station.channels.into_iter().next().expect("a channel");
    let around = Around { credentials: Some(folder.path().to_owned()), utc: utc() };
    let mut desk = Desk::open(|errands, said, stop| configured::run(channel, around, errands, said, stop));
    assert_eq!(desk.health().await, Health::Down(Ailment::NotLetIn));
    assert_eq!(desk.deliver(letter(), None).await, Word::Failed(Failure::Trouble));
    std::fs::write(folder.path().join("url"), format!("{}/hook\n", web.at("/").url)).expect("writes");
    std::fs::write(folder.path().join("hook-secret"), "made-up\n").expect("writes");
    // Not paused throughout: a paused clock runs ahead of a connection that is being made.
    tokio::time::pause();
    tokio::time::advance(shouwang::limits::channels::SECRET_AGAIN).await;
    tokio::time::resume();
    assert_eq!(desk.health().await, Health::Up);
}
