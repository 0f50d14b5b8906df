//! Reads along on an MQTT 5 connection: messages and their acknowledgements, whatever pieces the bytes come in.

/// Longest packet that is looked into; longer ones are passed over.
const LOOKED_INTO_BYTES_MAX: usize = 64 * 1024;

/// A packet that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// A message; with a number when it is to be acknowledged.
    Publish { id: Option<u16>, topic: String },
    /// The acknowledgement of one.
    PubAck { id: u16, refused: bool },
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct PacketReader {
    held: Vec<u8>,
    /// Bytes of a packet that is passed over.
    passed_over: usize,
}

impl PacketReader {
    /// The packets that are whole with these bytes.
    pub fn read(&mut self, mut bytes: &[u8]) -> Vec<Packet> {
        let mut packets = Vec::new();
        while !bytes.is_empty() {
            let over = self.passed_over.min(bytes.len());
            self.passed_over -= over;
            self.held.extend_from_slice(&bytes[over..]);
            bytes = &[];
            while let Some((header, length)) = lengths(&self.held) {
                if length > LOOKED_INTO_BYTES_MAX {
                    let whole = header + length;
                    self.passed_over = whole.saturating_sub(self.held.len());
                    self.held.drain(..whole.min(self.held.len()));
                    continue;
                }
                if self.held.len() < header + length {
                    break;
                }
                let packet: Vec<u8> = self.held.drain(..header + length).collect();
                packets.extend(understood(packet[0], &packet[header..]));
            }
        }
        packets
    }
}

/// Lengths of a packet's fixed header and of what follows it. Source: MQTT 5.0 section 2.1.4.
fn lengths(held: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (nth, byte) in held.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * nth);
        if byte & 0x80 == 0 {
            return Some((nth + 2, length));
        }
    }
    None
}

/// Source: MQTT 5.0 sections 3.3 and 3.4.
fn understood(first: u8, body: &[u8]) -> Option<Packet> {
    let number = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    match first >> 4 {
        3 => {
            let length = usize::from(number(0)?);
            let topic = String::from_utf8_lossy(body.get(2..2 + length)?).into_owned();
            let id = if first & 0b110 == 0 { None } else { Some(number(2 + length)?) };
            Some(Packet::Publish { id, topic })
        }
        4 => Some(Packet::PubAck { id: number(0)?, refused: body.get(2).is_some_and(|reason| *reason >= 0x80) }),
        _ => None,
    }
}
