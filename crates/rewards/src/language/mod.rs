//! The language reward: how much of the reasoning is in the language of the problem.
//!
//! The script decides where it can. Languages of one script, say English and French, are told apart
//! sentence by sentence, on windows of seven words that slide over it; each word goes with the
//! majority of the windows it stands in. Left out: whether the words are words. Nonsense in the
//! right script passes where no other language of the run has that script.

mod function_words;
mod identify;
mod known;
mod whole;

use data::Problem;
use whatlang::Lang;

use crate::reward::{Reward, Verdict};
use crate::tags::{Tag, marks};
use crate::units::{Script, Unit, units};
use identify::Identifier;
use known::known;
pub use known::{COMMON, UnknownLanguage};
pub use whole::identify;

/// How many words a language is told from.
const WINDOW: usize = 7;

/// How far the windows are apart.
const STRIDE: usize = 2;

/// The fewest words a language is told from; below, the script decides.
const FEWEST: usize = 3;

/// How many characters on either side say whether a Chinese character stands in Japanese.
const NEIGHBOURS: usize = 8;

/// The words a reasoning needs to earn the reward in full.
const ENOUGH: usize = 3;

/// Words of the target language over all words of the reasoning, from 0 to 1 (DeepSeek-R1, arXiv
/// 2501.12948v1, section 2.3.2), times `min(1, words / 3)`.
///
/// The reasoning is what the think blocks hold, or the whole response where there are none. The
/// factor is there because silence is not consistency: `7 + 5 = 12` earns nothing and `Answer: 12`
/// a third. A problem in an unknown language is unjudged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Language {
    languages: Vec<String>,
}

impl Language {
    /// The reward for a run that asks in `languages` (ISO 639-1): a text is taken for one of them
    /// or the problem's own. Without any, as by [`Language::default`], they are [`COMMON`].
    ///
    /// # Errors
    ///
    /// On the first code that is not known.
    pub fn among(languages: &[String]) -> Result<Self, UnknownLanguage> {
        match languages.iter().find(|code| known(code).is_none()) {
            Some(code) => Err(UnknownLanguage(code.clone())),
            None => Ok(Self {
                languages: languages.to_vec(),
            }),
        }
    }

    /// The share of the words of the reasoning of `response` that are in `language`, however few
    /// they are; `None` where there are none or the language is not known.
    pub fn consistency(&self, response: &str, language: &str) -> Option<f32> {
        self.counted(response, language).map(|(share, _)| share)
    }

    /// The share, and of how many words.
    fn counted(&self, response: &str, language: &str) -> Option<(f32, usize)> {
        let (script, lang) = known(language)?;
        let units = units(&reasoning(response));
        let all = units.iter().filter(|unit| unit.counts).count();
        if all == 0 {
            return None;
        }
        let target = if matches!(script, Script::Han | Script::Kana) {
            east_asian(&units, script)
        } else {
            let written: Vec<&Unit> = units.iter().filter(|unit| unit.script == script).collect();
            self.written_in(&written, script, lang)
        };
        Some((target as f32 / all as f32, all))
    }

    /// How many of `words`, all of one script, are in `lang`.
    fn written_in(&self, words: &[&Unit], script: Script, lang: Lang) -> usize {
        let mut candidates = self.candidates(script);
        if !candidates.contains(&lang) {
            candidates.push(lang);
        }
        if candidates.len() == 1 || words.len() < FEWEST {
            return words.iter().filter(|word| word.counts).count();
        }
        let identifier = Identifier::new(candidates);
        segments(words)
            .into_iter()
            .map(|segment| read_as(segment, lang, &identifier))
            .sum()
    }

    /// The run's languages of a script.
    fn candidates(&self, script: Script) -> Vec<Lang> {
        let of_script = |code: &str| known(code).filter(|(other, _)| *other == script);
        let langs = |codes: &mut dyn Iterator<Item = &str>| -> Vec<Lang> {
            codes.filter_map(of_script).map(|(_, lang)| lang).collect()
        };
        if self.languages.is_empty() {
            langs(&mut COMMON.into_iter())
        } else {
            langs(&mut self.languages.iter().map(String::as_str))
        }
    }
}

/// [`Language::consistency`] held against [`COMMON`].
pub fn consistency(response: &str, language: &str) -> Option<f32> {
    Language::default().consistency(response, language)
}

/// `words` cut into sentences. One that is too short to tell its language goes with the next, the
/// last with the one before.
fn segments<'a, 'b>(words: &'a [&'b Unit]) -> Vec<&'a [&'b Unit]> {
    let mut starts = vec![0];
    for at in 1..words.len() {
        let long = at - starts[starts.len() - 1] >= FEWEST && words.len() - at >= FEWEST;
        if long && words[at].sentence != words[at - 1].sentence {
            starts.push(at);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([words.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| &words[start..end])
        .collect()
}

/// How many words of a segment are in `lang`: those in whose windows it has the majority.
fn read_as(words: &[&Unit], lang: Lang, identifier: &Identifier) -> usize {
    let last = words.len().saturating_sub(WINDOW);
    let starts = (0..last).step_by(STRIDE).chain([last]);
    // What each word got: votes for `lang`, votes in all.
    let mut votes = vec![(0, 0); words.len()];
    for start in starts {
        let window = start..(start + WINDOW).min(words.len());
        let guess = identifier.identify(&words[window.clone()]);
        let is_target = guess.is_none_or(|guess| guess == lang);
        for (target, all) in &mut votes[window] {
            *target += usize::from(is_target);
            *all += 1;
        }
    }
    words
        .iter()
        .zip(votes)
        .filter(|(word, (target, all))| word.counts && target * 2 >= *all)
        .count()
}

/// A Chinese character belongs to Japanese where at least a tenth of the Chinese and Japanese
/// characters around it, within its sentence, are kana, and to Chinese otherwise. Kana are never
/// Chinese.
fn east_asian(units: &[Unit], script: Script) -> usize {
    let written: Vec<&Unit> = units
        .iter()
        .filter(|unit| matches!(unit.script, Script::Han | Script::Kana))
        .collect();
    let is_japanese = |sentence: &[&Unit], at: usize| {
        let end = sentence.len().min(at + NEIGHBOURS + 1);
        let around = &sentence[at.saturating_sub(NEIGHBOURS)..end];
        let kana = around.iter().filter(|unit| unit.script == Script::Kana);
        kana.count() * 10 >= around.len()
    };
    written
        .chunk_by(|a, b| a.sentence == b.sentence)
        .map(|sentence| {
            (0..sentence.len())
                .filter(|&at| sentence[at].counts)
                .filter(|&at| is_japanese(sentence, at) == (script == Script::Kana))
                .count()
        })
        .sum()
}

/// What stands between each `<think>` and the next `</think>`, or the end; the whole response
/// where no think block is opened.
fn reasoning(response: &str) -> String {
    let marks = marks(response);
    let mut thoughts: Option<String> = None;
    let mut open: Option<usize> = None;
    for mark in &marks {
        match (mark.tag, open) {
            (Tag::Think, None) => open = Some(mark.at.end),
            (Tag::EndThink, Some(start)) => {
                let thoughts = thoughts.get_or_insert_default();
                thoughts.push_str(&response[start..mark.at.start]);
                thoughts.push('\n');
                open = None;
            }
            _ => {}
        }
    }
    if let Some(start) = open {
        thoughts
            .get_or_insert_default()
            .push_str(&response[start..]);
    }
    thoughts.unwrap_or_else(|| response.to_owned())
}

impl Reward for Language {
    fn name(&self) -> &'static str {
        "language"
    }

    fn score(&self, problem: &Problem, response: &str) -> Verdict {
        if known(&problem.language).is_none() {
            return Verdict::unjudged(UnknownLanguage(problem.language.clone()).to_string());
        }
        match self.counted(response, &problem.language) {
            Some((share, words)) => Verdict::Judged {
                score: share * (words as f32 / ENOUGH as f32).min(1.0),
                reason: format!("share of {} among {words} words", problem.language),
            },
            None => Verdict::wrong("no words"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::tests::problem;

    fn score(language: &str, response: &str) -> f32 {
        Language::default()
            .score(&problem("12", language), response)
            .score()
            .unwrap()
    }

    #[test]
    fn the_share_is_counted_by_hand() {
        // Three Chinese characters and one English word.
        assert_eq!(consistency("我们得 twelve", "zh"), Some(0.75));
        assert_eq!(consistency("我们得 twelve", "en"), Some(0.25));
        assert_eq!(consistency("Answer: 12", "en"), Some(1.0));
        assert_eq!(consistency("Answer: 12", "zh"), Some(0.0));
    }

    #[test]
    fn no_words_score_nothing() {
        assert_eq!(consistency("7 + 5 = 12", "en"), None);
        assert_eq!(score("en", "7 + 5 = 12"), 0.0);
        assert_eq!(score("zh", "<think></think><answer>十二</answer>"), 0.0);
        assert_eq!(score("en", ""), 0.0);
    }

    #[test]
    fn few_words_earn_little() {
        assert_eq!(score("en", "Answer: 12"), 1.0 / 3.0);
        assert_eq!(score("en", "The answer: 12"), 2.0 / 3.0);
        assert_eq!(score("en", "The answer is 12"), 1.0);
        assert_eq!(score("zh", "我们得 twelve"), 0.75);
        assert_eq!(score("zh", "得 12"), 1.0 / 3.0);
    }

    #[test]
    fn only_the_reasoning_counts() {
        assert_eq!(
            score("zh", "<think>先七加五</think><answer>twelve</answer>"),
            1.0
        );
        assert_eq!(
            score("en", "<think>先七加五</think><answer>twelve</answer>"),
            0.0
        );
        assert_eq!(score("zh", "<think>七加五 two"), 0.75);
    }

    #[test]
    fn chinese_and_japanese_are_told_apart_by_kana() {
        let japanese = "まず七と五を足します";
        assert_eq!(consistency(japanese, "ja"), Some(1.0));
        assert_eq!(consistency(japanese, "zh"), Some(0.0));
        assert_eq!(consistency("先把七和五加起来", "zh"), Some(1.0));
    }

    #[test]
    fn languages_of_one_script_are_guessed() {
        let codes = ["en", "fr", "zh"].map(str::to_owned);
        let language = Language::among(&codes).unwrap();
        let english = "First we add the seven to the five and then we get the result of twelve.";
        let french = "D'abord nous ajoutons sept et cinq, puis nous obtenons le résultat final.";
        assert_eq!(language.consistency(english, "en"), Some(1.0));
        assert_eq!(language.consistency(french, "en"), Some(0.0));
        assert_eq!(language.consistency(french, "fr"), Some(1.0));
        // Without a rival the script decides, and without a list there are rivals.
        let scripts = Language::among(&["en".into(), "zh".into()]).unwrap();
        assert_eq!(scripts.consistency(french, "en"), Some(1.0));
        assert_eq!(consistency(french, "en"), Some(0.0));
    }

    #[test]
    fn a_sentence_is_read_by_itself() {
        let mixed = "First we add seven to five. Puis nous avons douze pommes. So it is twelve.";
        // Six words, five and four.
        assert_eq!(consistency(mixed, "fr"), Some(5.0 / 15.0));
        assert_eq!(consistency(mixed, "en"), Some(10.0 / 15.0));
        let mixed = "我们先把七和五加起来。まず七と五を足します。";
        assert_eq!(consistency(mixed, "zh"), Some(10.0 / 20.0));
        assert_eq!(consistency(mixed, "ja"), Some(10.0 / 20.0));
    }

    #[test]
    fn unknown_languages_are_unjudged() {
        assert_eq!(
            Language::default()
                .score(&problem("12", "qq"), "text")
                .score(),
            None
        );
        let error = Language::among(&["en".into(), "qq".into()]).unwrap_err();
        assert_eq!(error, UnknownLanguage("qq".into()));
    }
}
