//! A model that is asked many samples: one of this machine, or one behind an endpoint.

mod local;

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use data::{Answers, Ask, Reply, Unanswered};
use endpoint::{Endpoint, Settings};
use lm::Sampling;

use crate::generate::speaker::Speaker;
use crate::usage::UsageError;
pub(crate) use local::Local;

/// How a model of this machine is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) sampling: Sampling,
    /// Tokens of a reply at most; fewer where the positions leave fewer.
    pub(crate) max_tokens: usize,
    pub(crate) seed: u64,
    /// Samples under way at once.
    pub(crate) rows: usize,
}

/// A model, whichever it is.
pub(crate) enum Voice {
    Here(Box<Local>),
    There(Box<Endpoint>),
}

impl Voice {
    /// Reads the weights of `speaker`.
    ///
    /// # Errors
    /// Weights that are missing or damaged.
    pub(crate) fn here(speaker: &Speaker, manner: Manner) -> Result<Self> {
        Ok(Self::Here(Box::new(Local::new(speaker, manner)?)))
    }

    /// # Errors
    /// Settings that make no sense, or a variable without a key.
    pub(crate) fn there(settings: &Settings) -> Result<Self> {
        Ok(Self::There(Box::new(Endpoint::new(settings)?)))
    }
}

impl Answers for Voice {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match self {
            Self::Here(local) => local.answer(asks, each),
            Self::There(endpoint) => endpoint.answer(asks, each),
        }
    }
}

/// `temperature` 0 takes the likeliest token; otherwise tokens outside the likeliest that hold `top_p`
/// are left out.
///
/// # Errors
/// A value outside its range.
pub(crate) fn sampling(temperature: f64, top_p: f64) -> Result<Sampling, UsageError> {
    let sampling = match temperature {
        0.0 => Sampling::GREEDY,
        temperature => Sampling {
            temperature,
            top_p,
            ..Sampling::PLAIN
        },
    };
    let checked = sampling.validate();
    checked.map_err(|error| UsageError(error.to_string()))?;
    Ok(sampling)
}

/// The settings of the endpoint at `place`: a URL with the model's name there, or a TOML file;
/// `flag` gives the name on the command line.
///
/// # Errors
/// A file that cannot be read or has unknown settings; a URL without a name.
pub(crate) fn endpoint_settings(
    place: &str,
    name: Option<&str>,
    key: Option<&str>,
    flag: &str,
) -> Result<Settings, UsageError> {
    let mut settings: Settings = if place.ends_with(".toml") {
        let text = std::fs::read_to_string(Path::new(place))
            .map_err(|error| UsageError(format!("{place}: {error}")))?;
        toml::from_str(&text).map_err(|error| UsageError(format!("{place}: {error}")))?
    } else {
        let missing = || UsageError(format!("give {flag}, the model at {place}"));
        Settings::new(place, name.ok_or_else(missing)?)
    };
    if let Some(name) = name {
        name.clone_into(&mut settings.model);
    }
    if let Some(key) = key {
        key.clone_into(&mut settings.key);
    }
    Ok(settings)
}

/// Settings that make sense.
///
/// # Errors
/// The first that does not.
pub(crate) fn validated(settings: Settings) -> Result<Settings, UsageError> {
    let checked = settings.validate();
    checked.map_err(|error| UsageError(error.to_string()))?;
    Ok(settings)
}
