//! Data sets and models from the Hugging Face hub, by its own cache.
//!
//! Files lie where the hub's other clients put them and look for them (`HF_HUB_CACHE`, else
//! `HF_HOME/hub`), so what one has fetched the other finds. A download that was interrupted is
//! resumed, and what the hub gives a SHA-256 of is held to it before it is used. `HF_ENDPOINT`
//! names another hub, `HF_TOKEN` opens what is not public, and `HF_HUB_OFFLINE=1` keeps to the
//! cache, as does a machine that does not reach the hub. Left out: uploading, the README's own
//! lists of configurations, Git's checksums of small files (their length is checked), and chunked
//! (Xet) transfer, for which the hub serves whole files instead.

mod cache;
mod client;
mod error;
mod fetch;
mod glob;
mod model;
mod name;
mod pick;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use error::HubError;
pub use name::{Kind, Repo};
pub use settings::Settings;

use crate::dataset::Dataset;

/// Called as a file comes: its name, the bytes there are, and all of them.
pub type Progress = dyn Fn(&str, u64, u64) + Send + Sync;

/// A hub and its cache.
pub struct Hub {
    settings: Settings,
    agent: ureq::Agent,
    progress: Option<Box<Progress>>,
}

/// The files of a repository at one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where they lie, by their names in the repository.
    pub dir: PathBuf,
    /// The commit.
    pub commit: String,
    /// Those that were asked for, as `/`-separated paths.
    pub files: Vec<String>,
    /// Whether the hub was not asked: the revision may have moved on since.
    pub cached: bool,
}

impl Hub {
    /// The hub that the environment names.
    ///
    /// # Errors
    /// When it leaves no place for a cache.
    pub fn from_env() -> Result<Self, HubError> {
        Settings::from_env().map(Self::new)
    }

    /// A hub with these settings.
    pub fn new(settings: Settings) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_resolve(Some(Duration::from_secs(20)))
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_per_read(Some(Duration::from_secs(60)))
            .build();
        Self {
            settings,
            agent: config.into(),
            progress: None,
        }
    }

    /// The same, saying how far each download is.
    #[must_use]
    pub fn with_progress(self, progress: impl Fn(&str, u64, u64) + Send + Sync + 'static) -> Self {
        Self {
            progress: Some(Box::new(progress)),
            ..self
        }
    }

    /// The data set `owner/name[@revision][:part]`. The part is a pattern of file names (`*` and
    /// `?`), or `split`, `config` or `config/split`; without one it is the split `train`, or the
    /// only one there is.
    ///
    /// # Errors
    /// When the hub cannot be reached and the cache does not have the files; the data set is not
    /// there or not open; the part is not there, is not whole, or could be several; what came is
    /// damaged; or the cache cannot be written.
    pub fn dataset(&self, name: &str) -> Result<Dataset, HubError> {
        let (repo, part) = Repo::parse(Kind::Dataset, name)?;
        let pick = |files: &[String]| pick::data(files, part.as_deref());
        let snapshot = self.snapshot(&repo, pick)?;
        let paths = snapshot.files.iter().map(|file| snapshot.dir.join(file));
        Ok(Dataset::of_files(repo.name(), paths.collect()))
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
