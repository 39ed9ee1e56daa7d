//! Who is asked, and the journal of what was said, in which nothing is asked twice.

use std::path::{Path, PathBuf};

use anyhow::Result;
use data::journal::Journal;
use serde_json::{Map, Value, json};

use super::arguments::EndpointArgs;
use super::until::Until;
use crate::answers::{Manner, Voice, endpoint_settings, sampling, validated};
use crate::generate::speaker::Speaker;
use crate::preset::Rejection;
use crate::progress::Console;
use crate::stop::InSteps;
use crate::usage::UsageError;

/// The journal's name in the run's directory.
const REPLIES: &str = "replies.jsonl";

/// A teacher that nobody has asked yet.
#[derive(Debug)]
pub(super) struct Teacher {
    pub(super) name: String,
    kind: Kind,
    /// What a reply depends on besides what is asked.
    pub(super) identity: Map<String, Value>,
    journal: PathBuf,
}

#[derive(Debug)]
enum Kind {
    Here(Speaker, Manner),
    There(Box<endpoint::Settings>),
}

impl Teacher {
    /// Finds `named`: reads a model but for its weights, or checks the settings of an endpoint.
    ///
    /// # Errors
    /// Flags that do not go together, a model that is none ([`UsageError`]), files that cannot be read.
    pub(super) fn find(
        named: &str,
        flags: &EndpointArgs,
        plan: &Rejection,
        (seed, rows): (u64, usize),
        dir: &Path,
        console: &Console,
    ) -> Result<Self> {
        let is_endpoint = ["http://", "https://"]
            .iter()
            .any(|it| named.starts_with(it))
            || named.ends_with(".toml");
        let journal = dir.join(REPLIES);
        if is_endpoint {
            let (name, key) = (flags.name.as_deref(), flags.key_env.as_deref());
            let mut settings = endpoint_settings(named, name, key, "--name")?;
            flags.apply(&mut settings);
            settings.temperature = Some(plan.temperature);
            settings.top_p = Some(plan.top_p);
            settings.max_tokens = plan.max_new_tokens as u64;
            settings.seed = Some(seed);
            let settings = validated(settings)?;
            return Ok(Self {
                name: settings.model.clone(),
                identity: settings.identity(),
                kind: Kind::There(Box::new(settings)),
                journal,
            });
        }
        if let Some(flag) = flags.given() {
            let words = format!("{flag} is for a teacher behind an endpoint, and {named} is none");
            return Err(UsageError(words).into());
        }
        let manner = Manner {
            sampling: sampling(plan.temperature, plan.top_p)?,
            max_tokens: plan.max_new_tokens,
            seed,
            rows,
        };
        let speaker = Speaker::find(Path::new(named), console)?;
        let identity = json!({
            "weights": eval::fingerprint(&speaker.dir)?,
            "temperature": plan.temperature,
            "top_p": plan.top_p,
            "max_tokens": plan.max_new_tokens,
            "seed": seed,
        });
        let Value::Object(identity) = identity else {
            unreachable!("it is written as an object")
        };
        let shown = Path::new(named).file_name().unwrap_or_default();
        Ok(Self {
            name: shown.to_string_lossy().into_owned(),
            kind: Kind::Here(speaker, manner),
            identity,
            journal,
        })
    }

    /// The model and tokenizer, where they are on this machine.
    pub(super) fn speaker(&self) -> Option<&Speaker> {
        match &self.kind {
            Kind::Here(speaker, _) => Some(speaker),
            Kind::There(_) => None,
        }
    }

    /// The teacher, ready to answer for as long as `steps` may be taken, with its journal. What the journal holds
    /// was paid before.
    ///
    /// # Errors
    /// Weights that cannot be read, a variable without a key, a journal of other settings.
    pub(super) fn open(&self, steps: InSteps) -> Result<Journal<Until<Voice>>> {
        let voice = match &self.kind {
            Kind::Here(speaker, manner) => Voice::here(speaker, *manner)?,
            Kind::There(settings) => Voice::there(settings)?,
        };
        let until = Until {
            model: voice,
            steps,
        };
        let journal = Journal::open(&self.journal, &self.identity, until)?;
        if let Voice::There(endpoint) = &journal.model().model {
            let before = journal.recorded();
            endpoint.charge(before.prompt_tokens, before.tokens);
        }
        Ok(journal)
    }
}
