//! What a modem can be told, one at a time, and how long each may take.

use std::time::Duration;

use crate::limits::modem as limit;
use crate::private::Private;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// Whether it answers at all.
    Wake,
    /// A setting of the start.
    Set(Setting),
    /// What the SIM waits for.
    Sim,
    /// The PIN.
    Pin(Private<String>),
    /// Whether messages are PDUs, which a modem that has started by itself has forgotten.
    Mode,
    /// The network for calls and messages.
    Network,
    /// The 4G network.
    Network4g,
    /// How well it hears the network.
    Signal,
    /// Everything that is stored.
    List,
    /// One stored message.
    Read(u16),
    /// Takes a stored message away.
    Delete(u16),
    /// Announces a PDU of so many octets without its centre.
    Submit(usize),
    /// The PDU itself, in hex.
    Pdu(Private<String>),
    /// Calls a number.
    Dial(Private<String>),
    /// The calls that there are.
    Calls,
    /// Ends a call.
    HangUp,
    /// Ends a call, in the older way.
    HangUpOld,
    /// Says something into a call.
    Speak(Private<String>),
}

/// One setting of the start, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// It does not repeat what it is told.
    EchoOff,
    /// Errors carry their number.
    Errors,
    /// Messages as PDUs.
    PduMode,
    /// Messages are read, written and received in the SIM: one memory, or an index would mean two things.
    Memory,
    /// Messages are stored and announced, reports are told at once.
    Notices,
    /// As the one before, for modems that can only store reports.
    NoticesStored,
    /// The network is told when it changes.
    NetworkTold,
    /// The 4G network too.
    Network4gTold,
    /// Who calls is told.
    Caller,
    /// Keys are heard, as SIMCom does it.
    Keys,
    /// Keys are heard, as Quectel does it.
    KeysOther,
    /// How a call goes is told, as SIMCom does it.
    CallTold,
}

impl Setting {
    /// Those that are made before the SIM is asked for.
    pub(super) const FIRST: &[Setting] = &[Setting::EchoOff, Setting::Errors];

    /// Those that are made when the SIM is ready.
    pub(super) const THEN: &[Setting] = &[
        Setting::PduMode,
        Setting::Memory,
        Setting::Notices,
        Setting::NetworkTold,
        Setting::Network4gTold,
        Setting::Caller,
        Setting::Keys,
        Setting::KeysOther,
        Setting::CallTold,
    ];

    /// Whether nothing works without it.
    pub(super) const fn is_needed(self) -> bool {
        matches!(self, Setting::PduMode)
    }

    /// What stands in for it where the modem refuses it.
    pub(super) const fn instead(self) -> Option<Setting> {
        match self {
            Setting::Notices => Some(Setting::NoticesStored),
            _ => None,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Setting::EchoOff => "ATE0",
            Setting::Errors => "AT+CMEE=1",
            Setting::PduMode => "AT+CMGF=0",
            Setting::Memory => "AT+CPMS=\"SM\",\"SM\",\"SM\"",
            Setting::Notices => "AT+CNMI=2,1,0,1,0",
            Setting::NoticesStored => "AT+CNMI=2,1,0,2,0",
            Setting::NetworkTold => "AT+CREG=1",
            Setting::Network4gTold => "AT+CEREG=1",
            Setting::Caller => "AT+CLIP=1",
            Setting::Keys => "AT+DDET=1",
            Setting::KeysOther => "AT+QTONEDET=1",
            Setting::CallTold => "AT+MORING=1",
        }
    }
}

impl Command {
    /// What is written.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let text = match self {
            Command::Wake => "AT".to_owned(),
            Command::Set(setting) => setting.text().to_owned(),
            Command::Sim => "AT+CPIN?".to_owned(),
            Command::Pin(pin) => format!("AT+CPIN=\"{}\"", pin.reveal()),
            Command::Mode => "AT+CMGF?".to_owned(),
            Command::Network => "AT+CREG?".to_owned(),
            Command::Network4g => "AT+CEREG?".to_owned(),
            Command::Signal => "AT+CSQ".to_owned(),
            Command::List => "AT+CMGL=4".to_owned(),
            Command::Read(index) => format!("AT+CMGR={index}"),
            Command::Delete(index) => format!("AT+CMGD={index}"),
            Command::Submit(octets) => format!("AT+CMGS={octets}"),
            // Ctrl-Z ends it, and no line end may follow.
            Command::Pdu(hex) => return format!("{}\x1A", hex.reveal()).into_bytes(),
            Command::Dial(number) => format!("ATD{};", number.reveal()),
            Command::Calls => "AT+CLCC".to_owned(),
            Command::HangUp => "AT+CHUP".to_owned(),
            Command::HangUpOld => "ATH".to_owned(),
            Command::Speak(hex) => format!("AT+CTTS=1,\"{}\"", hex.reveal()),
        };
        format!("{text}\r").into_bytes()
    }

    /// How long it may take.
    pub(super) const fn patience(&self) -> Duration {
        match self {
            Command::Wake => limit::MODEM_WAKE_WAIT,
            Command::Submit(_) => limit::MODEM_PROMPT_WAIT,
            Command::Pdu(_) => limit::MODEM_SEND_WAIT,
            Command::Dial(_) => limit::MODEM_DIAL_WAIT,
            _ => limit::MODEM_ANSWER_WAIT,
        }
    }

    /// Whether a line repeats this command: the modem echoes.
    pub(super) fn is_echoed_by(&self, line: &str) -> bool {
        line.starts_with("AT") && self.bytes().strip_suffix(b"\r").is_some_and(|written| written == line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdu_ends_with_control_z_and_everything_else_with_a_carriage_return() {
        assert_eq!(Command::Pdu(Private::new("00".to_owned())).bytes(), b"00\x1A");
        assert_eq!(Command::Dial(Private::new("10086".to_owned())).bytes(), b"ATD10086;\r");
        assert_eq!(Command::Read(3).bytes(), b"AT+CMGR=3\r");
    }

    #[test]
    fn nobodys_number_is_printed() {
        let command = Command::Dial(Private::new("13800000001".to_owned()));
        assert!(!format!("{command:?}").contains("138"));
    }
}
