//! The name of a repository, with the revision and the part that are meant.

use std::fmt;

use super::HubError;

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Records.
    Dataset,
    /// A model.
    Model,
}

/// A repository at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    kind: Kind,
    id: String,
    revision: String,
}

impl Repo {
    /// Parses `owner/name[@revision][:part]`; the revision is `main` where none is given.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(kind: Kind, text: &str) -> Result<(Self, Option<String>), HubError> {
        let wrong = |reason| HubError::Name {
            name: text.to_owned(),
            reason,
        };
        let (repo, part) = match text.split_once(':') {
            Some((_, "")) => return Err(wrong("names no part behind `:`")),
            Some((repo, part)) => (repo, Some(part.to_owned())),
            None => (text, None),
        };
        let (id, revision) = repo.split_once('@').unwrap_or((repo, "main"));
        if id.split('/').count() > 2 || !id.split('/').all(is_name) {
            return Err(wrong("does not begin with owner/name"));
        }
        // Branches may have slashes: refs/convert/parquet.
        if !revision.split('/').all(is_name) {
            return Err(wrong("has no revision that could be one"));
        }
        let repo = Self {
            kind,
            id: id.to_owned(),
            revision: revision.to_owned(),
        };
        Ok((repo, part))
    }

    /// The name without its owner.
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }

    /// A branch, a tag or a commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Whether the revision is a commit, which never moves.
    pub(super) fn is_commit(&self) -> bool {
        is_hex(&self.revision, 40)
    }

    /// The folder in the cache.
    pub(super) fn folder(&self) -> String {
        let kind = match self.kind {
            Kind::Dataset => "datasets",
            Kind::Model => "models",
        };
        format!("{kind}--{}", self.id.replace('/', "--"))
    }

    /// Where the hub lists its files.
    pub(super) fn listing(&self) -> String {
        let kind = match self.kind {
            Kind::Dataset => "datasets",
            Kind::Model => "models",
        };
        let revision = self.revision.replace('/', "%2F");
        format!("/api/{kind}/{}/revision/{revision}", self.id)
    }

    /// Where the hub serves a file of it.
    pub(super) fn file(&self, commit: &str, file: &str) -> String {
        let kind = match self.kind {
            Kind::Dataset => "/datasets",
            Kind::Model => "",
        };
        format!("{kind}/{}/resolve/{commit}/{}", self.id, escape(file))
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// Whether a text is one step of a path that leads nowhere else.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.chars().all(allowed) && !text.starts_with('.')
}

/// Whether a text is a hexadecimal number of so many digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A path as it stands in an address.
fn escape(path: &str) -> String {
    let mut escaped = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                escaped.push(byte.into());
            }
            _ => escaped += &format!("%{byte:02X}"),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_revision_and_a_part() {
        let parse = |text| Repo::parse(Kind::Dataset, text).unwrap();
        let (repo, part) = parse("openai/gsm8k@refs/convert/parquet:main/train");
        assert_eq!(
            (repo.to_string().as_str(), repo.name()),
            ("openai/gsm8k", "gsm8k")
        );
        assert_eq!(
            (repo.revision(), part.as_deref()),
            ("refs/convert/parquet", Some("main/train"))
        );
        assert_eq!(
            repo.listing(),
            "/api/datasets/openai/gsm8k/revision/refs%2Fconvert%2Fparquet"
        );
        assert_eq!(repo.folder(), "datasets--openai--gsm8k");
        assert_eq!(
            repo.file("c0", "a b/ü.json"),
            "/datasets/openai/gsm8k/resolve/c0/a%20b/%C3%BC.json"
        );
        let (plain, part) = parse("squad");
        assert_eq!((plain.revision(), part), ("main", None));
        assert!(!plain.is_commit());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "", "a/b/c", "../x", "a/..", "a b/c", "a/b@", "a/b@../x", "a/b:", "@x",
        ] {
            let error = Repo::parse(Kind::Model, text).unwrap_err().to_string();
            assert!(error.contains("owner/name[@revision]"), "{text}: {error}");
        }
    }
}
