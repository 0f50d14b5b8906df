//! Who is at the shell: the login name behind a user number, as an id.
//!
//! A change of the village carries who made it. Users are looked up in `/etc/passwd`; one that stands elsewhere, or whose
//! name is no id, is called by the number.

use std::fs;

use crate::core::id::Slug;

/// Where the system's own users stand. Source: passwd(5).
const PASSWD: &str = "/etc/passwd";

/// The login name of a user.
#[must_use]
pub fn of_user(uid: u32) -> Slug {
    named(&fs::read_to_string(PASSWD).unwrap_or_default(), uid)
}

/// The user who runs this program.
#[must_use]
pub fn of_this_process() -> Slug {
    of_user(rustix::process::getuid().as_raw())
}

/// The name in a text like `/etc/passwd`: `name:password:uid:…`.
fn named(passwd: &str, uid: u32) -> Slug {
    let found = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then_some(name)
    });
    let number = || format!("uid-{uid}").parse().expect("four signs and at most ten digits are an id");
    found.and_then(|name| name.parse().ok()).unwrap_or_else(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_called_by_name_and_without_a_fit_one_by_number() {
        let passwd =
            "root:x:0:0:root:/:/bin/sh\nduty-desk:x:1001:1001::/:/bin/sh\nAnna B:x:1002:1002::/:/bin/sh\nbroken\n";
        for (uid, name) in [(0, "root"), (1001, "duty-desk"), (1002, "uid-1002"), (4_294_967_295, "uid-4294967295")] {
            assert_eq!(named(passwd, uid).as_str(), name);
        }
    }
}
