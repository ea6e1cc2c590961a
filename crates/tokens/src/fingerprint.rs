//! Fingerprints that identify tokens in journals and on pages.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The first 16 hexadecimal digits of the SHA-256 of `token`.
#[must_use]
pub fn fingerprint(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_the_head_of_the_sha_256() {
        assert_eq!(super::fingerprint("abc"), "ba7816bf8f01cfea");
        assert_eq!(super::fingerprint(""), "e3b0c44298fc1c14");
    }
}
