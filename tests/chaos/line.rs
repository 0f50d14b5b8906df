//! The line between the village and the county: a network namespace of the test's own behind a pair of virtual cables, in which
//! the county's broker lives, so that shaping and cutting touch nobody else on this machine.

use std::net::Ipv4Addr;

use crate::support::card::{run, try_run};

/// The line.
pub struct Line {
    namespace: String,
    near: String,
    far: String,
}

impl Line {
    /// Lays it; none where that is not permitted.
    pub fn lay() -> Option<Line> {
        let number = std::process::id();
        let namespace = format!("shouwang-{number}");
        let (near, far) = (format!("sw{number}n"), format!("sw{number}f"));
        if !try_run("ip", &["netns", "add", &namespace]) {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "network namespaces must work in CI: as root, with iproute2"
            );
            println!("skipped: shaping wants root and iproute2");
            return None;
        }
        let line = Line { namespace, near, far };
        run("ip", &["link", "add", &line.near, "type", "veth", "peer", "name", &line.far, "netns", &line.namespace]);
        run("ip", &["addr", "add", &format!("{}/30", address(1)), "dev", &line.near]);
        run("ip", &["link", "set", &line.near, "up"]);
        line.inside("ip", &["addr", "add", &format!("{}/30", address(2)), "dev", &line.far]);
        line.inside("ip", &["link", "set", &line.far, "up"]);
        line.inside("ip", &["link", "set", "lo", "up"]);
        Some(line)
    }

    /// Where the county's end is.
    pub fn county() -> Ipv4Addr {
        address(2)
    }

    /// A command line that starts a program at the county's end. It becomes that program, so signals reach it.
    pub fn at_county<'a>(&'a self, line: &[&'a str]) -> Vec<&'a str> {
        [&["netns", "exec", self.namespace.as_str()], line].concat()
    }

    /// So many kilobits a second each way, by a token bucket.
    pub fn narrow(&self, kbit: u32) {
        let rate = format!("{kbit}kbit");
        let rule = ["root", "tbf", "rate", rate.as_str(), "burst", "4kb", "latency", "800ms"];
        self.shape(&rule);
    }

    /// The same by a class of a hierarchy.
    pub fn share(&self, kbit: u32) {
        let rate = format!("{kbit}kbit");
        self.shape(&["root", "handle", "1:", "htb", "default", "10"]);
        let class = ["parent", "1:", "classid", "1:10", "htb", "rate", rate.as_str(), "ceil", rate.as_str()];
        run("tc", &[&["class", "replace", "dev", &self.near], class.as_slice()].concat());
        self.inside("tc", &[&["class", "replace", "dev", &self.far], class.as_slice()].concat());
    }

    /// It carries nothing: packets go nowhere, and nobody is told.
    pub fn cut(&self) {
        self.inside("ip", &["link", "set", &self.far, "down"]);
    }

    /// As good as new.
    pub fn mend(&self) {
        self.inside("ip", &["link", "set", &self.far, "up"]);
        // Where nothing was shaped there is nothing to take away.
        try_run("tc", &["qdisc", "del", "dev", &self.near, "root"]);
        try_run("ip", &["netns", "exec", &self.namespace, "tc", "qdisc", "del", "dev", &self.far, "root"]);
    }

    fn shape(&self, rule: &[&str]) {
        run("tc", &[&["qdisc", "replace", "dev", &self.near], rule].concat());
        self.inside("tc", &[&["qdisc", "replace", "dev", &self.far], rule].concat());
    }

    fn inside(&self, tool: &str, arguments: &[&str]) {
        run("ip", &[&["netns", "exec", &self.namespace, tool], arguments].concat());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // The cable goes with its end.
        try_run("ip", &["netns", "del", &self.namespace]);
        try_run("ip", &["link", "del", &self.near]);
    }
}

/// A /30 of its own, by the process's number, of the block for measurements between networks (RFC 2544).
fn address(host: u8) -> Ipv4Addr {
    let [low, high, ..] = std::process::id().wrapping_mul(4).to_le_bytes();
    Ipv4Addr::new(198, 18, high, low | host)
}
