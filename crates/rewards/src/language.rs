//! The language reward: how much of the reasoning is in the language of the problem.
//!
//! The script decides. Only where the run uses several languages of one script, say English and
//! French, is the language guessed, by `whatlang`, on windows of 24 words and among those
//! languages alone; shorter texts are too little to guess from. Left out: whether the words are
//! words. Nonsense in the right script passes.

use data::Problem;
use whatlang::{Detector, Lang};

use crate::reward::{Reward, Verdict};
use crate::tags::{Tag, marks};
use crate::units::{Script, Unit, units};

/// A language code this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language `{0}`: use an ISO 639-1 code such as `en` or `zh`")]
pub struct UnknownLanguage(pub String);

/// How many words a language is guessed from.
const WINDOW: usize = 24;

/// The fewest words a language is guessed from; below, the script decides.
const FEWEST: usize = 5;

/// Known languages: ISO 639-1 code, script, and the detector's name for them.
const LANGUAGES: &[(&str, Script, Lang)] = &[
    ("ar", Script::Arabic, Lang::Ara),
    ("bg", Script::Cyrillic, Lang::Bul),
    ("cs", Script::Latin, Lang::Ces),
    ("da", Script::Latin, Lang::Dan),
    ("de", Script::Latin, Lang::Deu),
    ("el", Script::Greek, Lang::Ell),
    ("en", Script::Latin, Lang::Eng),
    ("es", Script::Latin, Lang::Spa),
    ("fa", Script::Arabic, Lang::Pes),
    ("fi", Script::Latin, Lang::Fin),
    ("fr", Script::Latin, Lang::Fra),
    ("he", Script::Hebrew, Lang::Heb),
    ("hi", Script::Devanagari, Lang::Hin),
    ("hu", Script::Latin, Lang::Hun),
    ("id", Script::Latin, Lang::Ind),
    ("it", Script::Latin, Lang::Ita),
    ("ja", Script::Kana, Lang::Jpn),
    ("ko", Script::Hangul, Lang::Kor),
    ("nb", Script::Latin, Lang::Nob),
    ("nl", Script::Latin, Lang::Nld),
    ("pl", Script::Latin, Lang::Pol),
    ("pt", Script::Latin, Lang::Por),
    ("ro", Script::Latin, Lang::Ron),
    ("ru", Script::Cyrillic, Lang::Rus),
    ("sv", Script::Latin, Lang::Swe),
    ("th", Script::Thai, Lang::Tha),
    ("tr", Script::Latin, Lang::Tur),
    ("uk", Script::Cyrillic, Lang::Ukr),
    ("vi", Script::Latin, Lang::Vie),
    ("zh", Script::Han, Lang::Cmn),
];

fn known(code: &str) -> Option<(Script, Lang)> {
    let (_, script, lang) = LANGUAGES.iter().find(|(known, ..)| *known == code)?;
    Some((*script, *lang))
}

/// Words of the target language over all words of the reasoning, from 0 to 1 (DeepSeek-R1, arXiv
/// 2501.12948v1, section 2.3.2).
///
/// The reasoning is what the think blocks hold, or the whole response where there are none. A
/// reasoning without a single word scores 0: silence is not consistency, and `7 + 5 = 12` must not
/// earn what a sentence earns. `Answer: 12` has one word and scores 1 in English. A problem in an
/// unknown language is unjudged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Language {
    languages: Vec<String>,
}

impl Language {
    /// The reward for a run that asks in `languages` (ISO 639-1); they matter only where several
    /// share a script.
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

    /// The share of the reasoning of `response` that is in `language`; `None` where it has no
    /// words or the language is not known.
    pub fn consistency(&self, response: &str, language: &str) -> Option<f32> {
        let (script, lang) = known(language)?;
        let units = units(&reasoning(response));
        if units.is_empty() {
            return None;
        }
        let rivals: Vec<Lang> = self
            .languages
            .iter()
            .filter(|code| *code != language)
            .filter_map(|code| known(code))
            .filter(|(rival, _)| *rival == script)
            .map(|(_, rival)| rival)
            .collect();
        let target = if matches!(script, Script::Han | Script::Kana) {
            east_asian(&units, script)
        } else {
            let written: Vec<&Unit> = units.iter().filter(|unit| unit.script == script).collect();
            if rivals.is_empty() {
                written.len()
            } else {
                detected(&written, lang, rivals)
            }
        };
        Some(target as f32 / units.len() as f32)
    }
}

/// [`Language::consistency`] where every language has a script of its own.
pub fn consistency(response: &str, language: &str) -> Option<f32> {
    Language::default().consistency(response, language)
}

/// Chinese characters belong to Japanese where at least a tenth of the Chinese and Japanese
/// characters are kana, and to Chinese otherwise. Kana are never Chinese.
fn east_asian(units: &[Unit], script: Script) -> usize {
    let count = |script| units.iter().filter(|unit| unit.script == script).count();
    let (han, kana) = (count(Script::Han), count(Script::Kana));
    let japanese = kana > 0 && kana * 10 >= han + kana;
    match (script, japanese) {
        (Script::Kana, true) => han + kana,
        (Script::Kana, false) => kana,
        (_, true) => 0,
        (_, false) => han,
    }
}

/// How many of `words` stand in windows that read as `lang` rather than as one of `rivals`.
fn detected(words: &[&Unit], lang: Lang, mut rivals: Vec<Lang>) -> usize {
    rivals.push(lang);
    let detector = Detector::with_allowlist(rivals);
    let mut rest = words;
    let mut target = 0;
    while !rest.is_empty() {
        // The last window takes what would be too little for one of its own.
        let size = if rest.len() < WINDOW + FEWEST {
            rest.len()
        } else {
            WINDOW
        };
        let (window, after) = rest.split_at(size);
        rest = after;
        let text: Vec<&str> = window.iter().map(|unit| unit.text.as_str()).collect();
        let guess = (size >= FEWEST)
            .then(|| detector.detect_lang(&text.join(" ")))
            .flatten();
        if guess.is_none_or(|guess| guess == lang) {
            target += size;
        }
    }
    target
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
        match self.consistency(response, &problem.language) {
            Some(score) => Verdict::Judged {
                score,
                reason: format!("share of {}", problem.language),
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
        assert_eq!(score("en", "Answer: 12"), 1.0);
        assert_eq!(score("zh", "Answer: 12"), 0.0);
    }

    #[test]
    fn no_words_score_nothing() {
        assert_eq!(consistency("7 + 5 = 12", "en"), None);
        assert_eq!(score("en", "7 + 5 = 12"), 0.0);
        assert_eq!(score("zh", "<think></think><answer>十二</answer>"), 0.0);
        assert_eq!(score("en", ""), 0.0);
    }

    #[test]
    fn only_the_reasoning_counts() {
        assert_eq!(
            score("zh", "<think>七加五</think><answer>twelve</answer>"),
            1.0
        );
        assert_eq!(
            score("en", "<think>七加五</think><answer>twelve</answer>"),
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
        // Without a rival the script decides.
        assert_eq!(consistency(french, "en"), Some(1.0));
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
