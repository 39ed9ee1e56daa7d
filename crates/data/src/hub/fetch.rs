//! Getting files into the cache: whole, checked, and from where an earlier try ended.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::cache::{Cached, folder_of, io};
use super::client::Meta;
use super::name::{Repo, is_hex};
use super::pick::Unclear;
use super::{Hub, HubError, Snapshot};
use crate::files::sha256_of;

/// Tries of a download that breaks off, each going on where the last one ended.
const TRIES: usize = 4;

/// Bytes moved at once.
const BUFFER: usize = 1 << 20;

impl Hub {
    /// The files that `pick` chooses among those of a repository, downloaded where the cache lacks
    /// them. Without the hub (`offline`, or it is not reached) the cache's last snapshot serves.
    ///
    /// # Errors
    /// When the hub cannot be reached and the cache does not have them, the repository or the files
    /// are not there or not open, what came is damaged, or the cache cannot be written.
    pub(super) fn snapshot(
        &self,
        repo: &Repo,
        pick: impl Fn(&[String]) -> Result<Vec<String>, Unclear>,
    ) -> Result<Snapshot, HubError> {
        let cached = Cached::new(&self.settings.cache, repo);
        let choose = |files: &[String]| {
            pick(files).map_err(|(reason, files)| HubError::Choice {
                repo: repo.to_string(),
                reason,
                files,
            })
        };
        let kept = |commit: String| {
            let mut files = cached.files(&commit);
            files = choose(&files)?;
            Ok(Snapshot {
                dir: cached.snapshot(&commit),
                commit,
                files,
                cached: true,
            })
        };
        if self.settings.offline {
            let commit = cached.commit(repo).ok_or_else(|| HubError::Offline {
                repo: repo.to_string(),
                revision: repo.revision().to_owned(),
                cache: self.settings.cache.clone(),
            })?;
            return kept(commit);
        }
        let listing = match self.list(repo) {
            Ok(listing) => listing,
            Err(error @ HubError::Network { .. }) => {
                // What the cache has will do; if it has not, the network is what is wrong.
                let found = cached.commit(repo).map(kept);
                return found.and_then(Result::ok).ok_or(error);
            }
            Err(error) => return Err(error),
        };
        let files = choose(&listing.files())?;
        for file in &files {
            self.fetch(repo, &cached, &listing.sha, file)?;
        }
        cached.remember(repo, &listing.sha)?;
        Ok(Snapshot {
            dir: cached.snapshot(&listing.sha),
            commit: listing.sha,
            files,
            cached: false,
        })
    }

    /// Makes sure that a file is in its snapshot.
    fn fetch(
        &self,
        repo: &Repo,
        cached: &Cached,
        commit: &str,
        file: &str,
    ) -> Result<(), HubError> {
        if cached.snapshot(commit).join(file).is_file() {
            return Ok(());
        }
        let url = format!("{}{}", self.settings.endpoint, repo.file(commit, file));
        let meta = self.meta(&url)?;
        let _lock = cached.lock(&meta.etag)?;
        let blob = cached.blob(&meta.etag);
        if !blob.is_file() {
            folder_of(&blob)?;
            self.download(&url, file, &meta, &blob)?;
        }
        cached.place(&meta.etag, commit, file)
    }

    fn download(&self, url: &str, file: &str, meta: &Meta, blob: &Path) -> Result<(), HubError> {
        let part = blob.with_file_name(format!("{}.incomplete", meta.etag));
        let mut tries = 0;
        loop {
            tries += 1;
            match self.receive(url, file, meta, &part) {
                Err(HubError::Network { .. }) if tries < TRIES => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        if let Err(error) = check(file, meta, &part) {
            let _ = fs::remove_file(&part);
            return Err(error);
        }
        fs::rename(&part, blob).map_err(io(blob))
    }

    /// Receives what is left of a file; a connection that breaks off is a [`HubError::Network`].
    fn receive(&self, url: &str, file: &str, meta: &Meta, part: &Path) -> Result<(), HubError> {
        let mut held = fs::metadata(part).map_or(0, |part| part.len());
        match meta.size {
            Some(size) if held == size && size > 0 => return Ok(()),
            // More than there should be: another file's, or a mistake. From the beginning.
            Some(size) if held > size => held = 0,
            _ => {}
        }
        let (mut response, start) = self.bytes(url, held)?;
        let mut out = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(part)
            .map_err(io(part))?;
        out.set_len(start).map_err(io(part))?;
        out.seek(SeekFrom::End(0)).map_err(io(part))?;
        let mut done = start;
        let mut reader = response.body_mut().as_reader();
        let mut buffer = vec![0; BUFFER];
        let broken = |reason: String| HubError::Network {
            url: url.to_owned(),
            reason,
            cache: self.settings.cache.clone(),
        };
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) => return Err(broken(error.to_string())),
            };
            out.write_all(&buffer[..read]).map_err(io(part))?;
            done += read as u64;
            if let Some(progress) = &self.progress {
                progress(file, done, meta.size.unwrap_or(done));
            }
        }
        match meta.size {
            Some(size) if done < size => Err(broken(format!("after {done} of {size} bytes"))),
            _ => out.sync_all().map_err(io(part)),
        }
    }
}

/// Holds a file to what the hub says of it.
fn check(file: &str, meta: &Meta, path: &Path) -> Result<(), HubError> {
    let content = File::open(path).map_err(io(path))?;
    let length = content.metadata().map_err(io(path))?.len();
    let differs = |expected: String, found: String| HubError::Checksum {
        file: file.to_owned(),
        expected,
        found,
    };
    if let Some(size) = meta.size.filter(|size| *size != length) {
        return Err(differs(format!("{size} bytes"), format!("{length}")));
    }
    if !is_hex(&meta.etag, 64) {
        return Ok(());
    }
    let found = sha256_of(content).map_err(io(path))?;
    match found.eq_ignore_ascii_case(&meta.etag) {
        true => Ok(()),
        false => Err(differs(
            format!("SHA-256 {}", meta.etag),
            format!("SHA-256 {found}"),
        )),
    }
}
