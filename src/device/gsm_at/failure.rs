//! Why a modem refuses: its two lists of codes, and which of them are worth another try.

/// Which list a code is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// `ERROR` alone.
    Plain,
    /// `+CME ERROR: n`: the modem, its SIM, its network (3GPP TS 27.007 section 9.2).
    Equipment(u16),
    /// `+CMS ERROR: n`: a short message (3GPP TS 27.005 section 3.2.5, below 128 TS 24.011 annex E).
    Message(u16),
}

/// Whether it is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It may pass by itself.
    Later,
    /// Somebody must change something first: a number, a SIM, a setting.
    NotWithoutAChange,
}

impl Failure {
    /// Whether to try again. judgement: a code that nobody knows is tried again, because an alarm is not given up for it.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            // 38, 41, 42, 47, 331, 332, 500 and everything that the lists do not know.
            Failure::Message(1 | 8 | 10 | 21 | 28 | 29 | 30 | 50 | 69 | 302..=305 | 310..=313 | 315..=318 | 330) => {
                Retry::NotWithoutAChange
            }
            Failure::Equipment(3 | 4 | 5..=7 | 10..=13 | 15..=18 | 32) => Retry::NotWithoutAChange,
            Failure::Plain | Failure::Message(_) | Failure::Equipment(_) => Retry::Later,
        }
    }

    /// The code's meaning in the words of its list.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Failure::Plain => "error",
            Failure::Equipment(code) => equipment(code),
            Failure::Message(code) => message(code),
        }
    }
}

const fn equipment(code: u16) -> &'static str {
    match code {
        0 => "phone failure",
        1 => "no connection to phone",
        2 => "phone adaptor link reserved",
        3 => "operation not allowed",
        4 => "operation not supported",
        5 => "PH-SIM PIN required",
        6 => "PH-FSIM PIN required",
        7 => "PH-FSIM PUK required",
        10 => "SIM not inserted",
        11 => "SIM PIN required",
        12 => "SIM PUK required",
        13 => "SIM failure",
        14 => "SIM busy",
        15 => "SIM wrong",
        16 => "incorrect password",
        17 => "SIM PIN2 required",
        18 => "SIM PUK2 required",
        20 => "memory full",
        21 => "invalid index",
        22 => "not found",
        23 => "memory failure",
        24 => "text string too long",
        25 => "invalid characters in text string",
        26 => "dial string too long",
        27 => "invalid characters in dial string",
        30 => "no network service",
        31 => "network timeout",
        32 => "network not allowed - emergency calls only",
        40 => "network personalisation PIN required",
        41 => "network personalisation PUK required",
        42 => "network subset personalisation PIN required",
        43 => "network subset personalisation PUK required",
        44 => "service provider personalisation PIN required",
        45 => "service provider personalisation PUK required",
        46 => "corporate personalisation PIN required",
        47 => "corporate personalisation PUK required",
        100 => "unknown",
        103 => "illegal MS",
        106 => "illegal ME",
        107 => "GPRS services not allowed",
        111 => "PLMN not allowed",
        112 => "location area not allowed",
        113 => "roaming not allowed in this location area",
        132 => "service option not supported",
        133 => "requested service option not subscribed",
        134 => "service option temporarily out of order",
        148 => "unspecified GPRS error",
        149 => "PDP authentication failure",
        150 => "invalid mobile class",
        _ => "not in the list",
    }
}

const fn message(code: u16) -> &'static str {
    match code {
        0..=127 => transfer(code),
        128..=299 => protocol(code),
        _ => service(code),
    }
}

/// What the network says of the transfer (TS 24.011 annex E-2).
const fn transfer(code: u16) -> &'static str {
    match code {
        1 => "unassigned (unallocated) number",
        8 => "operator determined barring",
        10 => "call barred",
        17 => "network failure",
        21 => "short message transfer rejected",
        22 | 42 => "congestion",
        27 => "destination out of service",
        28 => "unidentified subscriber",
        29 => "facility rejected",
        30 => "unknown subscriber",
        38 => "network out of order",
        41 => "temporary failure",
        47 => "resources unavailable, unspecified",
        50 => "requested facility not subscribed",
        69 => "requested facility not implemented",
        81 => "invalid short message transfer reference value",
        95 => "invalid message, unspecified",
        96 => "invalid mandatory information",
        97 => "message type non-existent or not implemented",
        98 => "message not compatible with short message protocol state",
        99 => "information element non-existent or not implemented",
        111 => "protocol error, unspecified",
        127 => "interworking, unspecified",
        _ => "not in the list",
    }
}

/// What the centre or the telephone says of the message (TS 23.040 section 9.2.3.22).
const fn protocol(code: u16) -> &'static str {
    match code {
        128 => "telematic interworking not supported",
        129 => "short message type 0 not supported",
        130 => "cannot replace short message",
        143 => "unspecified TP-PID error",
        144 => "data coding scheme (alphabet) not supported",
        145 => "message class not supported",
        159 => "unspecified TP-DCS error",
        160 => "command cannot be actioned",
        161 => "command unsupported",
        175 => "unspecified TP-Command error",
        176 => "TPDU not supported",
        192 => "SC busy",
        193 => "no SC subscription",
        194 => "SC system failure",
        195 => "invalid SME address",
        196 => "destination SME barred",
        197 => "SM rejected-duplicate SM",
        198 => "TP-VPF not supported",
        199 => "TP-VP not supported",
        208 => "SIM SMS storage full",
        209 => "no SMS storage capability in SIM",
        210 => "error in MS",
        211 => "memory capacity exceeded",
        212 => "SIM application toolkit busy",
        213 => "SIM data download error",
        255 => "unspecified error cause",
        _ => "not in the list",
    }
}

/// What the modem says of its message service (TS 27.005 section 3.2.5).
const fn service(code: u16) -> &'static str {
    match code {
        300 => "ME failure",
        301 => "SMS service of ME reserved",
        302 => "operation not allowed",
        303 => "operation not supported",
        304 => "invalid PDU mode parameter",
        305 => "invalid text mode parameter",
        310 => "SIM not inserted",
        311 => "SIM PIN required",
        312 => "PH-SIM PIN required",
        313 => "SIM failure",
        314 => "SIM busy",
        315 => "SIM wrong",
        316 => "SIM PUK required",
        317 => "SIM PIN2 required",
        318 => "SIM PUK2 required",
        320 => "memory failure",
        321 => "invalid memory index",
        322 => "memory full",
        330 => "SMSC address unknown",
        331 => "no network service",
        332 => "network timeout",
        340 => "no +CNMA acknowledgement expected",
        500 => "unknown error",
        _ => "not in the list",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_a_wrong_number_is_not() {
        for code in [38, 41, 42, 47, 331, 332, 500, 9999] {
            assert_eq!(Failure::Message(code).retry(), Retry::Later, "{code}");
        }
        for code in [1, 28, 69, 304, 305, 310, 330] {
            assert_eq!(Failure::Message(code).retry(), Retry::NotWithoutAChange, "{code}");
        }
    }
}
