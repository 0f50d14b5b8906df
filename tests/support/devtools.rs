//! A real browser that is told what to do: where to go, what to tap, how wide it is. It is spoken to through two pipes
//! (`--remote-debugging-pipe`, a message each up to a zero byte), so that no port and no other program is needed.

use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};
use tokio::process::{Child, Command};

use super::browser::{BROWSER, FIXED};
use super::soon;

/// One tab of a browser.
pub struct Tab {
    to: Sender,
    from: BufReader<Receiver>,
    number: u64,
    session: String,
    _browser: Child,
}

impl Tab {
    /// Starts a browser with one empty tab of this size in points.
    pub async fn open(dir: &Path, width: u32, height: u32, phone: bool) -> Tab {
        let pipe = |name: &str| {
            let path = dir.join(name);
            let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
            assert!(made.success());
            path
        };
        let (to, from) = (pipe("to"), pipe("from"));
        let sender = OpenOptions::new().read_write(true).open_sender(&to).expect("a pipe");
        let receiver = OpenOptions::new().read_write(true).open_receiver(&from).expect("a pipe");
        let browser = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<to 4>from", BROWSER])
            .args(FIXED)
            .arg(format!("--user-data-dir={}", dir.join("profile").display()))
            .args(["--remote-debugging-pipe", "about:blank"])
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the browser starts");
        let mut tab =
            Tab { to: sender, from: BufReader::new(receiver), number: 0, session: String::new(), _browser: browser };
        let target = tab.tell("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = tab.tell("Target.attachToTarget", attach).await;
        tab.session = attached["sessionId"].as_str().expect("a session").to_owned();
        tab.tell("Page.enable", json!({})).await;
        tab.size(width, height, phone).await;
        tab
    }

    /// Another size in points.
    pub async fn size(&mut self, width: u32, height: u32, phone: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": if phone { 2 } else { 1 }, "mobile": phone });
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// No script of any page runs from here on.
    pub async fn without_scripts(&mut self) {
        self.tell("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Dark or light.
    pub async fn colours(&mut self, scheme: &str) {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.tell("Emulation.setEmulatedMedia", feature).await;
    }

    /// Opens an address.
    pub async fn go(&mut self, address: &str) {
        self.tell("Page.navigate", json!({ "url": address })).await;
        self.wait("Page.loadEventFired").await;
    }

    /// Taps what the selector finds, and waits for the page behind it.
    pub async fn tap(&mut self, selector: &str) {
        self.touch(selector).await;
        self.wait("Page.loadEventFired").await;
    }

    /// Taps what the selector finds.
    pub async fn touch(&mut self, selector: &str) {
        let node = self.node(selector).await;
        self.tell("DOM.scrollIntoViewIfNeeded", json!({ "nodeId": node })).await;
        let model = self.tell("DOM.getBoxModel", json!({ "nodeId": node })).await;
        let corner = |at: usize| model["model"]["content"][at].as_f64().expect("a corner");
        let (x, y) = (f64::midpoint(corner(0), corner(4)), f64::midpoint(corner(1), corner(5)));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.tell("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into what the selector finds.
    pub async fn write(&mut self, selector: &str, text: &str) {
        let node = self.node(selector).await;
        self.tell("DOM.focus", json!({ "nodeId": node })).await;
        self.tell("Input.insertText", json!({ "text": text })).await;
    }

    /// The page as it stands.
    pub async fn html(&mut self) -> String {
        let node = self.node("html").await;
        let html = self.tell("DOM.getOuterHTML", json!({ "nodeId": node })).await;
        html["outerHTML"].as_str().expect("HTML").to_owned()
    }

    /// How wide the page would like to be, in points.
    pub async fn width(&mut self) -> f64 {
        let metrics = self.tell("Page.getLayoutMetrics", json!({})).await;
        metrics["cssContentSize"]["width"].as_f64().expect("a width")
    }

    /// The size in points of the letters of what the selector finds, by the browser's own reckoning.
    pub async fn letters(&mut self, selector: &str) -> f64 {
        self.tell("CSS.enable", json!({})).await;
        let node = self.node(selector).await;
        let style = self.tell("CSS.getComputedStyleForNode", json!({ "nodeId": node })).await;
        let all = style["computedStyle"].as_array().expect("a style");
        let size = all.iter().find(|one| one["name"] == "font-size").expect("letters have a size");
        size["value"].as_str().and_then(|size| size.trim_end_matches("px").parse().ok()).expect("points")
    }

    /// A picture of the whole page.
    pub async fn picture(&mut self, file: &Path) {
        let picture = self.tell("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let bytes = STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(file, bytes).expect("the picture can be written");
    }

    async fn node(&mut self, selector: &str) -> Value {
        self.tell("DOM.enable", json!({})).await;
        let document = self.tell("DOM.getDocument", json!({})).await;
        let asked = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
        let found = self.tell("DOM.querySelector", asked).await;
        assert!(found["nodeId"].as_u64().is_some_and(|id| id > 0), "nothing fits {selector}");
        found["nodeId"].clone()
    }

    async fn tell(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).await.expect("the browser listens");
        loop {
            let said = self.hear().await;
            if said["id"] == self.number {
                assert!(said["error"].is_null(), "{method}: {}", said["error"]);
                return said["result"].clone();
            }
        }
    }

    async fn wait(&mut self, event: &str) {
        while self.hear().await["method"] != event {}
    }

    async fn hear(&mut self) -> Value {
        let mut bytes = Vec::new();
        soon("the browser speaks", self.from.read_until(0, &mut bytes)).await.expect("it can be heard");
        bytes.pop();
        serde_json::from_slice(&bytes).expect("JSON")
    }
}
