//! Nobody can be recognised in the tree: who may read a private value, what fixtures may look like, whose machine it is.

use crate::Complaint;
use crate::rust::tokens;
use crate::tree::{File, Tree};

/// Files that read a private value, each with its reason.
const REVEALS: &[(&str, &str)] = &[
    ("src/private.rs", "its own test"),
    ("src/broker/mod.rs", "a broker is told the password"),
    ("src/config/secret.rs", "its own test: a credential is what its file holds"),
    ("src/config/village/address.rs", "compares radio addresses, and prints none"),
    ("src/device/sms_pdu/octets.rs", "writes a number into the message that goes there"),
    ("src/device/sms_pdu/message.rs", "writes a text into the message that carries it"),
    ("src/device/sms_pdu/compose.rs", "its own test: a text is read again as it was sent"),
    ("src/device/sms_pdu/fields.rs", "`decode` shows an installer the message they typed"),
    ("src/device/gsm_at/mod.rs", "`decode` shows an installer the lines they typed"),
    (
        "src/config/village/edit/mod.rs",
        "writes addresses and keys into village.toml, and tells them to the daemon that does",
    ),
    ("src/notify/modem/number.rs", "dials a number, and compares two"),
    ("src/notify/modem/command.rs", "writes a number, a PDU or the PIN to the modem"),
    ("src/notify/modem/start.rs", "looks whether a PIN can be one before it is tried"),
    ("src/notify/modem/letter.rs", "makes the PDUs of a text"),
    ("src/notify/modem/ring.rs", "gives the modem the words that it is to say"),
    ("src/notify/modem/inbox.rs", "joins the parts of a text that came in: only a Private leaves it"),
    ("src/notify/modem/shell.rs", "writes bytes to the modem's port"),
    ("src/sim/street/names.rs", "made-up numbers: whose one is"),
    ("src/sim/street/words.rs", "what made-up people read on their telephones"),
    ("src/sim/oracle/telephones.rs", "whether a letter holds who and where, and holds it for nobody else"),
    ("src/sim/modem/network.rs", "the book of what reached made-up people"),
    ("src/sim/modem/pdu.rs", "its own test: what is written here is read there"),
    ("src/notify/message.rs", "the message of a notice, to whoever is called: only a Private leaves it"),
    ("src/notify/wording.rs", "the texts to people who are called: only a Private leaves it"),
    ("src/notify/proving.rs", "compares the code that was read back with the one that was sent"),
    ("src/notify/queue/outcome.rs", "reads what somebody answered; its words go no further than a fingerprint"),
    ("src/notify/queue/own_text.rs", "knows the SIM's own text when it comes in again, by number and stamp"),
    ("src/notify/body.rs", "what a program at the other end is told, as the queue wrote it for whom it is for"),
    ("src/notify/post.rs", "path and headers of a POST, to the server that gave them"),
    ("src/notify/webhook.rs", "signs with the secret that both ends share"),
    ("src/notify/ntfy.rs", "topic, token and words, to the server that carries them"),
    ("src/notify/ready.rs", "looks whether an address can be used, and prints none"),
    ("src/config/web.rs", "its own test: a path is read and not shown"),
    ("src/county/sms.rs", "reads a station's text, and compares its number with the listed ones"),
    ("src/config/village/proof.rs", "hashes a number with its owner, so that a proof is of both"),
    ("src/daemon/exercise.rs", "its own test: the status text, which has no name in it"),
    ("src/config/village/door.rs", "compares a door code that was given with the one on the card"),
    ("src/daemon/directory.rs", "compares telephone numbers, to know who wrote"),
    ("src/web/names.rs", "names and places on the pages, to those whom CARE-RULES 28 lets see them"),
    ("src/paper/names.rs", "names and places on paper, to those whom CARE-RULES 28 lets read them"),
    ("src/web/password.rs", "a hash is read where passwords are compared with it"),
    ("src/source/heard.rs", "its own test: who is in the heard list"),
    ("src/daemon/answers.rs", "the heard list, over the control socket, to the installer who assigns what is heard"),
    ("src/daemon/pairing.rs", "newcomers, over the control socket, to the installer who lets them in"),
    ("src/cli/check.rs", "names, when the installer asks for them on their own terminal"),
    ("src/cli/rota/mod.rs", "names on a rota that is printed, when asked for on the own terminal"),
    ("src/cli/visits/mod.rs", "what people are called in the list of visits, when asked for on the own terminal"),
    ("src/cli/people.rs", "names in the list of people, when asked for on the own terminal"),
    ("src/demo/script.rs", "names of people whom the demonstration has made up"),
];

/// The series of made-up mobile numbers: 138 0000 00NN.
const MADE_UP: &str = "138000000";

/// Places that are somebody's machine; in pieces, so that this file may be read by its own check.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/tmp/", "wt"), concat!("/ro", "ot/"), concat!("../sha", "red")];

/// Everything by which somebody, or somebody's machine, could be recognised.
pub fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> = tree.rust("src/").flat_map(reveals).collect();
    for file in tree.all().filter(|file| file.path != "Cargo.lock") {
        for (line, text) in file.lines() {
            if let Some(number) = telephone(text) {
                let says = format!("a number that may ring ({}…) is banned, use {MADE_UP}NN", &number[..3]);
                complaints.push(Complaint::new(&file.path, line, says));
            }
            for path in MACHINE_PATHS.iter().filter(|path| text.contains(**path)) {
                let says =
                    format!("the machine path {path} is banned, use a path below the repository, or a document in it");
                complaints.push(Complaint::new(&file.path, line, says));
            }
        }
    }
    complaints
}

fn reveals(file: &File) -> Vec<Complaint> {
    let tokens = tokens(&file.text);
    let calls = tokens.windows(3).filter(|window| window[0].is(".") && window[1].is("reveal") && window[2].is("("));
    let lines: Vec<usize> = calls.map(|window| window[0].line).collect();
    match REVEALS.iter().find(|(path, _)| *path == file.path) {
        Some((_, reason)) if lines.is_empty() => {
            let says = format!(
                "the exception for `reveal` (\"{reason}\") is not needed, remove it from tests/tidy/privacy.rs"
            );
            vec![Complaint::new(&file.path, 1, says)]
        }
        Some(_) => Vec::new(),
        None => {
            let says = "`reveal` is banned, use the pseudonym; who must know the value has a line and a reason in tests/tidy/privacy.rs";
            lines.into_iter().map(|line| Complaint::new(&file.path, line, says)).collect()
        }
    }
}

/// A run of eleven digits that could be a Chinese mobile number and is not of the made-up series.
fn telephone(line: &str) -> Option<&str> {
    let words = line.split(|sign: char| !sign.is_ascii_alphanumeric());
    let numbers = words.filter(|word| word.len() == 11 && word.bytes().all(|byte| byte.is_ascii_digit()));
    numbers.filter(|word| matches!(word.as_bytes(), [b'1', b'3'..=b'9', ..])).find(|word| !word.starts_with(MADE_UP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_may_ring_is_found_and_a_made_up_one_is_not() {
        // In pieces, so that this file may be read by its own check.
        let real = concat!("139", "12345678");
        assert_eq!(telephone(&format!("phone = \"{real}\"")), Some(real));
        assert_eq!(telephone(&format!("phone = \"+86-{real}\"")), Some(real));
        for fine in ["13800000012", "1763712345678", "12345678901", "a13912345678", "139 1234 5678"] {
            assert_eq!(telephone(fine), None, "{fine}");
        }
    }

    #[test]
    fn whoever_reads_a_private_value_needs_a_reason() {
        let tree = Tree::made_up(&[
            ("src/web/page.rs", "// x.reveal()\nlet name = x.reveal();"),
            ("src/private.rs", "fn reveal(&self) {}"),
            ("src/broker/mod.rs", "x.reveal();"),
        ]);
        let found: Vec<(String, usize)> =
            check(&tree).into_iter().map(|complaint| (complaint.file, complaint.line)).collect();
        assert_eq!(found, [("src/web/page.rs".to_owned(), 2), ("src/private.rs".to_owned(), 1)]);
    }

    #[test]
    fn a_path_of_a_machine_is_found() {
        let tree = Tree::made_up(&[("config/a.toml", &format!("path = \"{}main\"", MACHINE_PATHS[0]))]);
        assert_eq!(check(&tree).len(), 1);
    }
}
