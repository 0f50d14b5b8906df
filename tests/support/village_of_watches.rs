//! Simulated watches of all four families, as they behave: log in, heartbeat, press, repeat until answered, come back.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::watch::{Watch, alarm, setracker};

/// How long a watch waits for an answer before it says the same again, and how often it does. The first as real ones do.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// A family of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Setracker,
    Iw,
    Eview,
    Jt808,
}

impl Family {
    pub const ALL: [Family; 4] = [Family::Setracker, Family::Iw, Family::Eview, Family::Jt808];

    /// The format's name.
    pub const fn format(self) -> &'static str {
        match self {
            Family::Setracker => "watch_setracker",
            Family::Iw => "watch_iw_trv",
            Family::Eview => "eview_pendant",
            Family::Jt808 => "jt808",
        }
    }

    /// The address of the device of that number.
    pub fn address(self, number: usize) -> String {
        match self {
            Family::Setracker => format!("90{number:08}"),
            Family::Iw => format!("35000000000{number:04}"),
            Family::Eview => format!("86000000000{number:04}"),
            Family::Jt808 => format!("01380000{number:04}"),
        }
    }

    /// What it says at first, if it says something then.
    fn log_in(self, address: &str, index: u8) -> Said {
        match self {
            Family::Iw => Said::new(format!("IWAP00{address}#"), "IWBP00"),
            _ => self.heartbeat(address, index),
        }
    }

    fn heartbeat(self, address: &str, index: u8) -> Said {
        match self {
            Family::Setracker => Said::new(setracker(address, "LK,1200,0,64"), "*LK]"),
            Family::Iw => Said::new("IWAP03,06000906400102,1200,30#", "IWBP03"),
            Family::Eview => eview(address, index, &[]),
            Family::Jt808 => jt808(address, index, 0x0002, &[]),
        }
    }

    fn press(self, address: &str, index: u8) -> Said {
        match self {
            Family::Setracker => Said::new(setracker(address, &alarm("00010000")), "*AL]"),
            Family::Iw => Said::new(
                "IWAP10061003A2933.7800N10633.0600E000.0131415000.0006000906400502,460,0,9520,3671,01#",
                "IWBP10",
            ),
            // Key 02 with bit 12, and a time.
            Family::Eview => eview(address, index, &[9, 0x02, 0, 0x10, 0, 0, 0x80, 0x5a, 0xb1, 0x6a]),
            Family::Jt808 => {
                let mut body = vec![0, 0, 0, 1, 0, 0, 0, 0];
                body.extend([0; 14]);
                body.extend([0x26, 0x10, 0x03, 0x21, 0x14, 0x15]);
                jt808(address, index, 0x0200, &body)
            }
        }
    }
}

/// Something said, and what must stand in the answer.
struct Said {
    bytes: Vec<u8>,
    answer: Vec<u8>,
}

impl Said {
    fn new(bytes: impl Into<Vec<u8>>, answer: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), answer: answer.into() }
    }
}

fn eview(imei: &str, index: u8, record: &[u8]) -> Said {
    let mut body = vec![0x01, 0x10, 0x01];
    body.extend(imei.bytes());
    body.extend(record);
    let crc = body.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    });
    let mut packet = vec![0xab, 0x10, u8::try_from(body.len()).expect("short"), 0];
    packet.extend(crc.to_le_bytes());
    packet.extend([index, 0]);
    packet.extend(body);
    Said::new(packet, [index, 0, 0x7f, 0x01, 0x00])
}

fn jt808(number: &str, serial: u8, id: u16, body: &[u8]) -> Said {
    let [high, low] = id.to_be_bytes();
    let mut message = vec![high, low, 0, u8::try_from(body.len()).expect("short")];
    let digits: Vec<u8> = number.bytes().map(|digit| digit - b'0').collect();
    message.extend(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]));
    message.extend([0, serial]);
    message.extend(body);
    message.push(message.iter().fold(0, |sum, byte| sum ^ byte));
    let mut frame = vec![0x7e];
    for byte in message {
        match byte {
            0x7d => frame.extend([0x7d, 0x01]),
            0x7e => frame.extend([0x7d, 0x02]),
            other => frame.push(other),
        }
    }
    frame.push(0x7e);
    Said::new(frame, [0, serial, high, low, 0])
}

/// What one watch is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    pub family: Family,
    pub address: String,
    pub port: SocketAddr,
    /// When it is switched on.
    pub begins: Instant,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// When its key is pressed.
    pub press: Option<Instant>,
    pub ends: Instant,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lived {
    pub heartbeats: u64,
    pub connections: u64,
    /// Time from the press to its answer, and how often it was sent.
    pub answered: Option<Duration>,
    pub sent: u64,
    /// Longest wait for the answer to a heartbeat.
    pub slowest: Duration,
}

/// Lives as a watch does.
pub async fn live(plan: Plan) -> Lived {
    let mut lived = Lived::default();
    sleep_until(plan.begins).await;
    while Instant::now() < plan.ends {
        // Ended by whatever ends a connection; a watch comes back.
        let _: Option<()> = one_connection(&plan, &mut lived).await;
        sleep(Duration::from_millis(500)).await;
    }
    lived
}

async fn one_connection(plan: &Plan, lived: &mut Lived) -> Option<()> {
    let mut watch = Watch::try_connect_from(1, plan.port).await.ok()?;
    lived.connections += 1;
    // Serial numbers stay below the signs that are escaped.
    let mut index = 0_u8;
    let mut next_index = || {
        index = (index + 1) % 100;
        index
    };
    say(&mut watch, &plan.family.log_in(&plan.address, next_index())).await?;
    let mut due = Instant::now() + plan.heartbeat;
    while due < plan.ends {
        let press = plan.press.filter(|_| lived.answered.is_none());
        sleep_until(press.map_or(due, |press| press.min(due))).await;
        let begun = Instant::now();
        if press.is_some_and(|press| press <= begun) {
            lived.sent += 1;
            say(&mut watch, &plan.family.press(&plan.address, next_index())).await?;
            lived.answered = Some(plan.press?.elapsed());
        } else {
            say(&mut watch, &plan.family.heartbeat(&plan.address, next_index())).await?;
            lived.heartbeats += 1;
            lived.slowest = lived.slowest.max(begun.elapsed());
            due += plan.heartbeat;
        }
    }
    sleep_until(plan.ends).await;
    Some(())
}

/// Says it and waits for its answer; `None` when the connection has ended or the answer does not come.
async fn say(watch: &mut Watch, said: &Said) -> Option<()> {
    watch.try_say(&said.bytes).await.ok()?;
    timeout(ANSWER_WAIT, watch.until_heard(&said.answer)).await.ok()?
}
