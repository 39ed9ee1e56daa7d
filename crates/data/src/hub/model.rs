//! A model's files: what is needed to open it, and nothing besides.

use serde::Deserialize;

use super::cache::io;
use super::name::{Kind, Repo};
use super::pick::Unclear;
use super::{Hub, HubError, Snapshot};

/// Files no model here is opened without.
const NEEDED: [&str; 2] = ["config.json", "tokenizer.json"];

/// Files that are taken where there are such.
const TAKEN: [&str; 5] = [
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "LICENSE",
];

const INDEX: &str = "model.safetensors.index.json";
const SINGLE: &str = "model.safetensors";

/// The file of each tensor.
#[derive(Deserialize)]
struct Index {
    weight_map: serde_json::Map<String, serde_json::Value>,
}

impl Hub {
    /// The model `owner/name[@revision]`: a folder with its configuration, tokenizer, chat template
    /// and safetensors, those that the index names where there is one.
    ///
    /// # Errors
    /// When the hub cannot be reached and the cache does not have all of them, the repository is
    /// not there or not open, lacks a file that is needed, or what came is damaged.
    pub fn model(&self, name: &str) -> Result<Snapshot, HubError> {
        let (repo, part) = Repo::parse(Kind::Model, name)?;
        if part.is_some() {
            return Err(HubError::Name {
                name: name.to_owned(),
                reason: "names a part, but a model is taken whole",
            });
        }
        let small = self.snapshot(&repo, described)?;
        let shards = match small.files.iter().any(|file| file == INDEX) {
            true => shards(&small)?,
            false => vec![SINGLE.to_owned()],
        };
        // The same commit, so that weights and configuration belong together.
        let (at, _) = Repo::parse(Kind::Model, &format!("{repo}@{}", small.commit))?;
        let weights = self.snapshot(&at, |files| all(files, &shards))?;
        Ok(Snapshot {
            files: small.files.into_iter().chain(weights.files).collect(),
            ..small
        })
    }
}

/// All that describes a model, and whether there are weights.
fn described(files: &[String]) -> Result<Vec<String>, Unclear> {
    let has = |name: &&str| files.iter().any(|file| file == name);
    let mut chosen = all(files, &NEEDED.map(str::to_owned))?;
    if has(&INDEX) {
        chosen.push(INDEX.to_owned());
    } else if !has(&SINGLE) {
        return Err(lacking(files, SINGLE));
    }
    let taken = TAKEN.iter().filter(|name| has(name));
    chosen.extend(taken.map(ToString::to_string));
    Ok(chosen)
}

fn all(files: &[String], wanted: &[String]) -> Result<Vec<String>, Unclear> {
    match wanted.iter().find(|name| !files.contains(name)) {
        Some(name) => Err(lacking(files, name)),
        None => Ok(wanted.to_vec()),
    }
}

fn lacking(files: &[String], name: &str) -> Unclear {
    let shown: Vec<&str> = files.iter().take(20).map(String::as_str).collect();
    let reason = format!("there is no {name}, which a model is opened with");
    (reason, shown.join(", "))
}

/// The files that an index names, each once.
fn shards(snapshot: &Snapshot) -> Result<Vec<String>, HubError> {
    let path = snapshot.dir.join(INDEX);
    let text = std::fs::read_to_string(&path).map_err(io(&path))?;
    let wrong = |reason: String| HubError::Answer {
        url: path.display().to_string(),
        reason,
    };
    let index: Index = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let mut names = Vec::new();
    for name in index.weight_map.values() {
        let name = name.as_str().filter(|name| name.ends_with(".safetensors"));
        let name = name.ok_or_else(|| wrong("no file names in its `weight_map`".to_owned()))?;
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    match names.is_empty() {
        true => Err(wrong("no tensor in its `weight_map`".to_owned())),
        false => Ok(names),
    }
}
