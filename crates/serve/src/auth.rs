//! The bearer key.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::ApiError;

/// A key, kept as its digest: comparing digests takes the same time wherever keys differ, and
/// however long they are.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn new(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Whether the headers bring the key.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, key)| key.trim());
        let given: [u8; 32] = Sha256::digest(given).into();
        match bool::from(self.0.ct_eq(&given)) {
            true => Ok(()),
            false => Err(ApiError::Unauthorized),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_passes() {
        let key = Key::new("secret");
        let passes = |value: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            }
            key.check(&headers).is_ok()
        };
        assert!(passes(Some("Bearer secret")));
        assert!(passes(Some("bearer  secret")));
        for wrong in [
            "Bearer secre",
            "Bearer secretx",
            "Bearer",
            "Basic secret",
            "secret",
            "",
        ] {
            assert!(!passes(Some(wrong)), "{wrong}");
        }
        assert!(!passes(None));
    }
}
