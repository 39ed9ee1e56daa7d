//! Whom to ask: a model of this machine, or one behind an endpoint.

use anyhow::Result;
use endpoint::Endpoint;
use eval::{Identity, Protocol};
use serde_json::{Map, Value, json};

use super::arguments::Measure;
use crate::answers::{Manner, Voice, endpoint_settings, sampling, validated};
use crate::generate::speaker::Speaker;
use crate::progress::Console;
use crate::usage::UsageError;

/// Whom to ask.
pub(super) struct Asked {
    pub(super) identity: Identity,
    pub(super) template: String,
    kind: Kind,
}

enum Kind {
    Here(Speaker, Manner),
    There(Box<Endpoint>),
}

impl Asked {
    /// Finds the model. The weights of one on this machine are not read yet; one behind an endpoint can be asked, so
    /// that a key that is missing is told of before anything is written.
    pub(super) fn find(
        args: &Measure,
        protocol: &Protocol,
        seed: u64,
        console: &Console,
    ) -> Result<Self> {
        match (&args.model, &args.endpoint) {
            (Some(model), _) => {
                let speaker = Speaker::find(model, console)?;
                let shown = model.display().to_string();
                let template = speaker.tokenizer.chat_template();
                let manner = Manner {
                    sampling: sampling(protocol.temperature, protocol.top_p)?,
                    max_tokens: protocol.max_tokens,
                    seed,
                    rows: args.rows,
                };
                Ok(Self {
                    identity: Identity::Weights {
                        name: args.name.clone().unwrap_or(shown),
                        sha256: eval::fingerprint(&speaker.dir)?,
                    },
                    template: template.map_or_else(|| "plain".into(), |it| it.source().to_owned()),
                    kind: Kind::Here(speaker, manner),
                })
            }
            (None, Some(place)) => {
                let settings = settings(args, place, protocol, seed)?;
                Ok(Self {
                    identity: Identity::Endpoint {
                        url: settings.url.clone(),
                        model: settings.model.clone(),
                        settings: beyond(&settings),
                    },
                    template: "the endpoint's own".into(),
                    kind: Kind::There(Box::new(Endpoint::new(&settings)?)),
                })
            }
            (None, None) => Err(UsageError("give --model or --endpoint".into()).into()),
        }
    }

    /// The model itself; its weights are read, where they are on this machine.
    pub(super) fn model(self) -> Result<Voice> {
        match self.kind {
            Kind::Here(speaker, manner) => Voice::here(&speaker, manner),
            Kind::There(endpoint) => Ok(Voice::There(endpoint)),
        }
    }
}

/// What the replies of an endpoint depend on beyond its name, a protocol and a seed.
pub(super) fn beyond(settings: &endpoint::Settings) -> Map<String, Value> {
    [
        ("stop", json!(settings.stop)),
        ("extra", json!(settings.extra)),
        ("max_tokens_name", json!(settings.max_tokens_name)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

/// The endpoint's settings: a file's, or by default, with the protocol's in their place.
fn settings(
    args: &Measure,
    place: &str,
    protocol: &Protocol,
    seed: u64,
) -> Result<endpoint::Settings> {
    let (name, key) = (args.name.as_deref(), args.key.as_deref());
    let mut settings = endpoint_settings(place, name, key, "--name")?;
    settings.temperature = Some(protocol.temperature);
    settings.top_p = Some(protocol.top_p);
    settings.max_tokens = protocol.max_tokens as u64;
    settings.seed = Some(seed);
    Ok(validated(settings)?)
}
