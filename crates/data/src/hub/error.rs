//! Why the hub does not give something, and what helps.

use std::path::PathBuf;

/// Why files of the hub cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name is none of a repository.
    #[error("hub: `{name}` {reason}; write owner/name[@revision][:config/split or file pattern]")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nothing says where the cache is.
    #[error("hub: neither HF_HUB_CACHE, HF_HOME nor HOME is set; set one to keep files in")]
    NoCache,
    /// The hub does not answer.
    #[error(
        "{url}: the hub is not reached ({reason}); try again to go on where this ended, set \
         HF_ENDPOINT to a mirror, or fetch the files elsewhere and copy them into {cache}, or give \
         their path instead"
    )]
    Network {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
        /// The cache that is looked into.
        cache: PathBuf,
    },
    /// The cache lacks it, and the hub may not be asked.
    #[error(
        "{repo} at {revision} is not in the cache {cache}, and HF_HUB_OFFLINE is set; unset it to \
         download"
    )]
    Offline {
        /// The repository.
        repo: String,
        /// The revision.
        revision: String,
        /// The cache.
        cache: PathBuf,
    },
    /// There is no such thing.
    #[error("{url}: not found; check owner, name and revision, and set HF_TOKEN if it is private")]
    NotFound {
        /// What was asked for.
        url: String,
    },
    /// It may not be read.
    #[error(
        "{url}: refused with status {status}; accept its conditions on the hub, and set HF_TOKEN to \
         a token that may read it"
    )]
    Refused {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The hub answers with something else than what was asked for.
    #[error("{url}: the hub answers {reason}; try again later, or set HF_ENDPOINT to a mirror")]
    Answer {
        /// What was asked for.
        url: String,
        /// What it said.
        reason: String,
    },
    /// The repository has the files, but not these.
    #[error("{repo}: {reason}; it has {files}")]
    Choice {
        /// The repository.
        repo: String,
        /// What is missing or unclear, and what to write.
        reason: String,
        /// What there is to choose from.
        files: String,
    },
    /// What came is not what the hub has.
    #[error("{file}: has {found} where the hub has {expected}; it was thrown away, try again")]
    Checksum {
        /// The file.
        file: String,
        /// What the hub says, a SHA-256 or a length.
        expected: String,
        /// What came.
        found: String,
    },
    /// The cache cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
}
