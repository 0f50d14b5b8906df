//! What `shouwang check` says of client certificates: which cannot be used, which end soon, and which the clock judges wrongly.

mod support;

use std::path::Path;

use shouwang::broker::identity::Identity;
use shouwang::config::{Station, What, certificate};
use shouwang::core::time::Wall;
use support::authority::{Authority, VALID};
use support::installed;

const DAY_MS: i64 = 86_400_000;
/// 2049-01-01, when [`VALID`] ends.
const END_MS: i64 = 2_493_072_000_000;

fn said(identity: &Identity, now_ms: i64) -> Vec<(String, What, String)> {
    let text = format!(
        "[station]\nid = \"st1\"\ngateway = \"gw1\"\n[county]\nurl = \"mqtts://county.example\"\nca_file = \"ca.pem\"\n\
         cert_file = \"{}\"\nkey_file = \"{}\"\n",
        identity.cert_file.display(),
        identity.key_file.display()
    );
    let station = Station::parse("shouwang.toml", &text, Path::new(""), &[]).expect("sound").value;
    let problems = certificate::of_station("shouwang.toml", &station, Wall(now_ms));
    problems.list().iter().map(|one| (one.key.clone(), one.what, one.fix.clone())).collect()
}

#[test]
fn a_certificate_is_warned_of_by_its_dates_its_key_and_its_absence() {
    if !installed("openssl") {
        return;
    }
    let authority = Authority::create();
    let (own, other) = (authority.issue_client("a", "st1/gw1", VALID), authority.issue_client("b", "st1/gw2", VALID));
    assert_eq!(said(&own, END_MS - 31 * DAY_MS), []);
    for (now_ms, what, words) in [
        (END_MS - 29 * DAY_MS, What::CertificateEnding, "ends on 2049-01-01, in 29 days"),
        (END_MS + DAY_MS, What::CertificateOver, "this machine's clock says 2049-01-02"),
        (0, What::CertificateNotYet, "this machine's clock says 1970-01-01: look at the clock first"),
    ] {
        let said = said(&own, now_ms);
        let [(key, found, fix)] = said.as_slice() else { panic!("one warning: {said:?}") };
        assert_eq!((key.as_str(), *found), ("county.cert_file", what));
        assert!(fix.contains(words), "{fix}");
    }
    let mixed = Identity { key_file: other.key_file, ..own.clone() };
    let of_mixed = said(&mixed, END_MS - 365 * DAY_MS);
    assert_eq!((of_mixed[0].0.as_str(), of_mixed[0].1), ("county.key_file", What::CertificateUnusable));
    let absent = Identity { cert_file: "/nonexistent/a.pem".into(), ..own };
    assert_eq!(said(&absent, 0)[0].1, What::FileMissing);
}
