//! Passwords of the duty desk: argon2id, as PHC strings (RFC 9106).

use argon2::password_hash::{PasswordHash, PasswordHasher as _, SaltString};
use argon2::{Argon2, Params, PasswordVerifier as _};

use crate::limits::web::{PASSWORD_BYTES_MAX, PASSWORD_MEMORY_KIB_MAX};
use crate::private::Private;

/// Shortest password, in signs. Source: NIST SP 800-63B, 5.1.1.1.
pub const SIGNS_MIN: usize = 8;

/// Why a password or its hash is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {SIGNS_MIN} signs")]
    TooShort,
    /// Too long.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// The system gives no random numbers.
    #[error("this computer gives no random numbers")]
    Randomness,
    /// Not a hash of this kind.
    #[error("this is no argon2id hash; make one with: shouwang password")]
    NotAHash,
    /// It asks for more memory than a box has.
    #[error(
        "this hash asks for more than {PASSWORD_MEMORY_KIB_MAX} KiB of memory; make another with: shouwang password"
    )]
    TooCostly,
}

/// The hash of a password, which alone is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    /// Hashes a password.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn of(password: &str) -> Result<Hash, PasswordError> {
        if password.chars().count() < SIGNS_MIN {
            return Err(PasswordError::TooShort);
        }
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordError::TooLong);
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| PasswordError::Randomness)?;
        let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Randomness)?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.map(|hash| Hash(hash.to_string())).map_err(|_| PasswordError::TooLong)
    }

    /// Reads a PHC string.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn read(text: &str) -> Result<Hash, PasswordError> {
        let hash = PasswordHash::new(text.trim()).map_err(|_| PasswordError::NotAHash)?;
        let params = Params::try_from(&hash).map_err(|_| PasswordError::NotAHash)?;
        if hash.algorithm.as_str() != "argon2id" || hash.salt.is_none() || hash.hash.is_none() {
            return Err(PasswordError::NotAHash);
        }
        if params.m_cost() > PASSWORD_MEMORY_KIB_MAX {
            return Err(PasswordError::TooCostly);
        }
        Ok(Hash(text.trim().to_owned()))
    }

    /// Reads one that stands in the configuration, or in a file of its own.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn of_config(text: &Private<String>) -> Result<Hash, PasswordError> {
        Self::read(text.reveal())
    }

    /// The PHC string.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether it is this password's. Takes a part of a second and 19 MiB.
    #[must_use]
    pub fn fits(&self, password: &str) -> bool {
        let Ok(hash) = PasswordHash::new(&self.0) else { return false };
        password.len() <= PASSWORD_BYTES_MAX && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_and_no_other() {
        let hash = Hash::of("示例密码一二三四").expect("hashed");
        let read = Hash::read(&format!("{}\n", hash.text())).expect("reads");
        assert!(read.fits("示例密码一二三四") && !read.fits("示例密码一二三五") && !read.fits(""));
        assert_ne!(Hash::of("示例密码一二三四"), Ok(hash), "every hash has a salt of its own");
    }

    #[test]
    fn what_is_no_hash_or_costs_too_much_is_refused() {
        assert_eq!(Hash::of("short"), Err(PasswordError::TooShort));
        assert_eq!(Hash::of(&"x".repeat(257)), Err(PasswordError::TooLong));
        let salt = "c2FsdHNhbHRzYWx0";
        let sum = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for (text, why) in [
            ("made-up".to_owned(), PasswordError::NotAHash),
            (format!("$argon2i$v=19$m=19456,t=2,p=1${salt}${sum}"), PasswordError::NotAHash),
            ("$argon2id$v=19$m=19456,t=2,p=1".to_owned(), PasswordError::NotAHash),
            (format!("$argon2id$v=19$m=4000000,t=2,p=1${salt}${sum}"), PasswordError::TooCostly),
        ] {
            assert_eq!(Hash::read(&text), Err(why), "{text}");
        }
    }
}
