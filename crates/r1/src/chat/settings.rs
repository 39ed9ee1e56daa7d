//! What decides a reply beside the conversation.

use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use lm::Sampling;

use super::command::Setting;

/// Tokens of a reply at most, where nothing is said of it.
const MAX_NEW_TOKENS: usize = 1024;

/// How replies are drawn and what ends them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    pub(super) sampling: Sampling,
    pub(super) max_new_tokens: usize,
    /// Each of these texts ends a reply; none is empty.
    pub(super) stop: Vec<String>,
    pub(super) seed: u64,
}

impl Settings {
    /// Settings of the command line.
    pub(super) fn new(
        sampling: Sampling,
        max_new_tokens: Option<usize>,
        stop: Vec<String>,
        seed: u64,
    ) -> Self {
        Self {
            sampling,
            max_new_tokens: max_new_tokens.unwrap_or(MAX_NEW_TOKENS),
            stop,
            seed,
        }
    }

    /// Changes one.
    ///
    /// # Errors
    /// What is no number, or out of range; nothing is changed then.
    pub(super) fn set(&mut self, setting: Setting, value: &str) -> Result<()> {
        let mut changed = self.clone();
        let sampling = &mut changed.sampling;
        match setting {
            Setting::Temperature => sampling.temperature = number(setting, value)?,
            Setting::TopP => sampling.top_p = number(setting, value)?,
            Setting::TopK => sampling.top_k = number(setting, value)?,
            Setting::MinP => sampling.min_p = number(setting, value)?,
            Setting::RepetitionPenalty => sampling.repetition_penalty = number(setting, value)?,
            Setting::MaxNewTokens => changed.max_new_tokens = number(setting, value)?,
            Setting::Seed => changed.seed = number(setting, value)?,
        }
        changed.sampling.validate()?;
        ensure!(
            changed.max_new_tokens > 0,
            "max-new-tokens is 0; it must be at least 1"
        );
        *self = changed;
        Ok(())
    }

    /// One of them in words.
    pub(super) fn show(&self, setting: Setting) -> String {
        let sampling = &self.sampling;
        let value: &dyn std::fmt::Display = match setting {
            Setting::Temperature => &sampling.temperature,
            Setting::TopP => &sampling.top_p,
            Setting::TopK => &sampling.top_k,
            Setting::MinP => &sampling.min_p,
            Setting::RepetitionPenalty => &sampling.repetition_penalty,
            Setting::MaxNewTokens => &self.max_new_tokens,
            Setting::Seed => &self.seed,
        };
        format!("{} is {value}", setting.name())
    }
}

fn number<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    setting: Setting,
    value: &str,
) -> Result<T> {
    let what = || format!("/{} takes a number, not `{value}`", setting.name());
    value.parse().with_context(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_changed_and_shown() {
        let mut settings = Settings::new(Sampling::PLAIN, None, Vec::new(), 0);
        assert_eq!(
            settings.show(Setting::MaxNewTokens),
            "max-new-tokens is 1024"
        );
        for (setting, value) in [
            (Setting::Temperature, "0.5"),
            (Setting::TopP, "0.25"),
            (Setting::TopK, "40"),
            (Setting::MinP, "0.125"),
            (Setting::RepetitionPenalty, "1.5"),
            (Setting::MaxNewTokens, "7"),
            (Setting::Seed, "9"),
        ] {
            settings.set(setting, value).unwrap();
            let shown = settings.show(setting);
            assert_eq!(shown, format!("{} is {value}", setting.name()));
        }
        let kept = settings.clone();
        for (setting, value) in [
            (Setting::Temperature, "-1"),
            (Setting::TopP, "0"),
            (Setting::TopK, "1.5"),
            (Setting::MaxNewTokens, "0"),
            (Setting::Seed, "x"),
        ] {
            assert!(settings.set(setting, value).is_err(), "{value}");
        }
        assert_eq!(settings, kept);
    }
}
