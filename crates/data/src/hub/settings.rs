//! Which hub is asked, and where its files lie: what the environment says.

use std::fmt;
use std::path::PathBuf;

use super::HubError;

/// Where files come from and where they are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The hub's address, `https://huggingface.co`.
    pub endpoint: String,
    /// The cache, a folder of repositories.
    pub cache: PathBuf,
    /// Whether only the cache is used.
    pub offline: bool,
    /// What opens repositories that are not public. Sent to the hub alone, and never shown.
    pub token: Option<String>,
}

impl Settings {
    /// As the environment says: `HF_ENDPOINT`, `HF_HUB_CACHE` or `HF_HOME` or `XDG_CACHE_HOME`,
    /// `HF_HUB_OFFLINE`, `HF_TOKEN` or the file that `HF_TOKEN_PATH` names.
    ///
    /// # Errors
    /// When neither they nor `HOME` say where the cache is.
    pub fn from_env() -> Result<Self, HubError> {
        Self::from(|name| std::env::var(name).ok())
    }

    pub(super) fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, HubError> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let path = |name: &str| set(name).map(PathBuf::from);
        let caches = path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")));
        let home = path("HF_HOME").or_else(|| Some(caches?.join("huggingface")));
        let cache = path("HF_HUB_CACHE").or_else(|| Some(home.as_ref()?.join("hub")));
        let file = path("HF_TOKEN_PATH").or_else(|| Some(home?.join("token")));
        let token = || std::fs::read_to_string(file?).ok();
        let token = set("HF_TOKEN").or_else(token);
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache: cache.ok_or(HubError::NoCache)?,
            offline: set("HF_HUB_OFFLINE")
                .is_some_and(|on| ["1", "true", "yes", "on"].contains(&&*on.to_lowercase())),
            token: token
                .map(|token| token.trim().to_owned())
                .filter(|token| !token.is_empty()),
        })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("offline", &self.offline)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, HubError> {
        Settings::from(|name| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        })
    }

    #[test]
    fn the_nearest_variable_decides() {
        let cache = |variables: &[(&str, &str)]| with(variables).unwrap().cache;
        let home = ("HOME", "/h");
        assert_eq!(cache(&[home]), PathBuf::from("/h/.cache/huggingface/hub"));
        let xdg = ("XDG_CACHE_HOME", "/x");
        assert_eq!(cache(&[home, xdg]), PathBuf::from("/x/huggingface/hub"));
        let own = ("HF_HOME", "/hf");
        assert_eq!(cache(&[home, xdg, own]), PathBuf::from("/hf/hub"));
        assert_eq!(cache(&[own, ("HF_HUB_CACHE", "/c")]), PathBuf::from("/c"));
        assert!(with(&[]).unwrap_err().to_string().contains("HF_HUB_CACHE"));
    }

    #[test]
    fn a_token_is_found_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "from-file\n").unwrap();
        let home = ("HF_HOME", folder.path().to_str().unwrap());
        assert_eq!(with(&[home]).unwrap().token.as_deref(), Some("from-file"));
        let given = with(&[home, ("HF_TOKEN", "given"), ("HF_HUB_OFFLINE", "1")]).unwrap();
        assert_eq!(
            (given.token.as_deref(), given.offline),
            (Some("given"), true)
        );
        assert!(!format!("{given:?}").contains("given"));
        assert!(!with(&[home, ("HF_HUB_OFFLINE", "0")]).unwrap().offline);
    }
}
