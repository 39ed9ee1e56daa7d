//! The section `rubric` as the crate that carries it out wants it.

use rewards::{JudgeConfig, LengthConfig, ProgramConfig, RepetitionConfig, RubricConfig};

use super::Rubric;

impl Rubric {
    /// The mode and the terms that have a weight; the weights of accuracy, format and language are a
    /// stage's own.
    pub(crate) fn terms(&self) -> RubricConfig {
        let weight = |weight: f64| (weight > 0.0).then_some(weight as f32);
        RubricConfig {
            mode: self.mode,
            repetition: weight(self.repetition).map(|weight| RepetitionConfig {
                weight,
                ngram: self.repetition_ngram,
            }),
            length: weight(self.length).map(|weight| LengthConfig {
                weight,
                target: self.length_target,
                alpha: self.length_alpha as f32,
            }),
            judge: weight(self.judge).map(|weight| JudgeConfig {
                weight,
                url: self.judge_url.clone(),
                model: self.judge_model.clone(),
                key: self.judge_key.clone(),
                timeout: self.judge_timeout,
                retries: u32::try_from(self.judge_retries).unwrap_or(u32::MAX),
            }),
            programs: weight(self.program)
                .map(|weight| ProgramConfig {
                    name: self.program_name.clone(),
                    weight,
                    command: self.program_command.clone(),
                    timeout: self.program_timeout,
                })
                .into_iter()
                .collect(),
            ..RubricConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    fn of(changes: &[&str]) -> Result<RubricConfig, String> {
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let preset = Preset::load("smoke", &changes).map_err(|error| error.to_string())?;
        Ok(preset.rubric.terms())
    }

    #[test]
    fn without_weights_there_is_no_term() {
        assert_eq!(of(&[]), Ok(RubricConfig::default()));
    }

    #[test]
    fn every_setting_arrives() {
        let found = of(&[
            "rubric.mode=form_gated",
            "rubric.repetition=0.5",
            "rubric.repetition_ngram=4",
            "rubric.length=0.25",
            "rubric.length_target=40",
            "rubric.length_alpha=0.125",
            "rubric.judge=2",
            "rubric.judge_url=http://localhost:1/v1",
            "rubric.judge_model=m",
            "rubric.judge_key=PATH",
            "rubric.judge_timeout=3",
            "rubric.judge_retries=1",
            "rubric.program=0.75",
            "rubric.program_name=own",
            "rubric.program_command=python3 my.py",
            "rubric.program_timeout=4",
        ])
        .unwrap();
        let expected = RubricConfig {
            mode: rewards::Mode::FormGated,
            repetition: Some(RepetitionConfig {
                weight: 0.5,
                ngram: 4,
            }),
            length: Some(LengthConfig {
                weight: 0.25,
                target: 40,
                alpha: 0.125,
            }),
            judge: Some(JudgeConfig {
                weight: 2.0,
                url: "http://localhost:1/v1".into(),
                model: "m".into(),
                key: "PATH".into(),
                timeout: 3.0,
                retries: 1,
            }),
            programs: vec![ProgramConfig {
                name: "own".into(),
                weight: 0.75,
                command: "python3 my.py".into(),
                timeout: 4.0,
            }],
            ..RubricConfig::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_term_that_cannot_be_is_refused_by_its_key() {
        for (changes, named) in [
            (&["rubric.mode=product"][..], "`gated`"),
            (&["rubric.repetition=-1"], "rubric.repetition"),
            (&["rubric.repetition_ngram=0"], "rubric.repetition_ngram"),
            (&["rubric.length_target=0"], "rubric.length_target"),
            (&["rubric.length_alpha=0"], "rubric.length_alpha"),
            (&["rubric.judge=1"], "`rubric.judge_url`"),
            (&["rubric.judge_retries=11"], "rubric.judge_retries"),
            (
                &[
                    "rubric.judge=1",
                    "rubric.judge_url=http://a",
                    "rubric.judge_model=m",
                    "rubric.judge_key=NO_SUCH_KEY_ANYWHERE",
                ],
                "NO_SUCH_KEY_ANYWHERE",
            ),
            (&["rubric.program=1"], "`rubric.program_command`"),
            (
                &[
                    "rubric.program=1",
                    "rubric.program_command=a",
                    "rubric.program_name=format",
                ],
                "`rubric.program_name`",
            ),
            (
                &["rubric.mode=gated", "zero.reward_parts=decoupled"],
                "zero.reward_parts",
            ),
            (
                &["rubric.mode=per_part", "zero.baseline=leave_one_out"],
                "rubric.mode",
            ),
        ] {
            let message = of(changes).unwrap_err();
            assert!(message.contains(named), "{changes:?}: {message}");
        }
        of(&["rubric.mode=per_part", "zero.reward_parts=decoupled"]).unwrap();
    }
}
