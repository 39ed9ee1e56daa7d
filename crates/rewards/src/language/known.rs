//! The languages this crate tells apart, and how the detectors call them.

use whatlang::Lang;

use crate::units::Script;

/// A language code this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language `{0}`: use an ISO 639-1 code such as `en` or `zh`")]
pub struct UnknownLanguage(pub String);

/// The languages a text is held against where a run names none: the fifteen with the most readers
/// among those that can be told apart from a handful of words.
pub const COMMON: [&str; 15] = [
    "ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "tr", "vi", "zh",
];

/// ISO 639-1 code, script, and the detector's name.
pub(super) const LANGUAGES: &[(&str, Script, Lang)] = &[
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

/// The script of a language and the detector's name for it.
pub(super) fn known(code: &str) -> Option<(Script, Lang)> {
    let (_, script, lang) = LANGUAGES.iter().find(|(known, ..)| *known == code)?;
    Some((*script, *lang))
}
