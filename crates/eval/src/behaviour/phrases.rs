//! Phrases by which a model says that it checks, takes back, or starts over.
//!
//! English, German, French, Spanish, Portuguese and Russian phrases are sequences of words within a
//! clause; Chinese, Japanese and Korean ones are stretches of a sentence. A word such as *wait* counts
//! only where it begins a clause, so "wait for the train" does not.

use std::ops::Range;

use super::sentences::{clauses, sentences};

/// What a phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Something is checked.
    Verification,
    /// Something is taken back.
    Backtracking,
    /// The reasoning begins anew, or takes another way.
    Restart,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Verification, Self::Backtracking, Self::Restart];
}

/// The sentences of `text` that show a behaviour, each kind once a sentence, and where they stand.
pub fn find(text: &str) -> Vec<(Kind, Range<usize>)> {
    let mut found = Vec::new();
    for place in sentences(text) {
        let sentence = &text[place.clone()];
        let clauses = clauses(sentence);
        let shows = |kind: &Kind| in_words(*kind, &clauses) || in_characters(*kind, sentence);
        let kinds = Kind::ALL.into_iter().filter(shows);
        found.extend(kinds.map(|kind| (kind, place.clone())));
    }
    found
}

/// `^` begins a clause, words such as *but* and *hmm* aside; `$` ends one.
fn spaced(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Verification => &[
            "let me check",
            "let me verify",
            "let me double check",
            "let me confirm",
            "let me recheck",
            "let me test",
            "let me re check",
            "let's check",
            "let's verify",
            "let's double check",
            "let's confirm",
            "let's test",
            "let us check",
            "let us verify",
            "i'll verify",
            "i'll check",
            "i will verify",
            "i should check",
            "i should verify",
            "i should double check",
            "we can check",
            "we can verify",
            "we should check",
            "we should verify",
            "we verify",
            "need to verify",
            "need to check",
            "double check",
            "double checking",
            "sanity check",
            "^to verify",
            "^to check",
            "^to confirm",
            "^check$",
            "^checking$",
            "^verification$",
            "^verifying",
            "^checking",
            "^check that",
            "^verify that",
            "plug back",
            "plugging back",
            "plug it back",
            "plug this back",
            "substitute back",
            "substituting back",
            "quick check",
            // German
            "überprüfen wir",
            "prüfen wir",
            "ich überprüfe",
            "ich prüfe",
            "lass mich prüfen",
            "lass mich überprüfen",
            "lass mich das überprüfen",
            "lass mich das prüfen",
            "zur kontrolle",
            "zur überprüfung",
            "^probe$",
            "machen wir die probe",
            "zur probe",
            // French
            "vérifions",
            "je vérifie",
            "je vais vérifier",
            "pour vérifier",
            "^vérification$",
            "laissez moi vérifier",
            "laisse moi vérifier",
            // Spanish and Portuguese
            "verifiquemos",
            "comprobemos",
            "voy a comprobar",
            "voy a verificar",
            "para verificar",
            "para comprobar",
            "déjame verificar",
            "déjame comprobar",
            "^comprobación$",
            "vamos verificar",
            "vou verificar",
            "deixe me verificar",
            "vamos conferir",
            // Russian
            "проверим",
            "проверю",
            "давайте проверим",
            "^проверка$",
            "нужно проверить",
            "надо проверить",
            "перепроверим",
        ],
        Kind::Backtracking => &[
            "^wait$",
            "^wait no",
            "^wait that",
            "^wait that's",
            "^wait actually",
            "^wait i",
            "^wait this",
            "^wait maybe",
            "^wait but",
            "^wait is",
            "^wait if",
            "^wait let",
            "^hold on",
            "^no wait",
            "^actually no",
            "^oops",
            "^no that",
            "^no that's",
            "^no this",
            "^scratch that",
            "that's wrong",
            "that is wrong",
            "this is wrong",
            "that was wrong",
            "that's not right",
            "that's not correct",
            "that's incorrect",
            "that isn't right",
            "that is not right",
            "this is not right",
            "this isn't right",
            "that can't be right",
            "this can't be right",
            "that cannot be right",
            "that doesn't work",
            "this doesn't work",
            "that does not work",
            "that didn't work",
            "i made a mistake",
            "i made an error",
            "i've made a mistake",
            "i was wrong",
            "i misread",
            "i miscalculated",
            "i miscounted",
            "my mistake",
            "let me reconsider",
            "let me rethink",
            "let me correct",
            "let me fix that",
            // German
            "^moment$",
            "^moment mal",
            "^warte$",
            "^warte mal",
            "^halt$",
            "das stimmt nicht",
            "das ist falsch",
            "das ist nicht richtig",
            "das kann nicht stimmen",
            "verrechnet",
            "ich habe einen fehler gemacht",
            "^nein das",
            // French
            "^attends$",
            "^attendez$",
            "^non attends",
            "ce n'est pas correct",
            "c'est faux",
            "ce n'est pas bon",
            "je me suis trompé",
            "je me suis trompée",
            "j'ai fait une erreur",
            // Spanish and Portuguese
            "^espera$",
            "^un momento$",
            "^no espera",
            "eso no es correcto",
            "eso está mal",
            "esto está mal",
            "me equivoqué",
            "cometí un error",
            "^espere$",
            "isso está errado",
            "eu errei",
            "cometi um erro",
            "^não espera",
            // Russian
            "^подождите$",
            "^подожди$",
            "^стоп$",
            "это неверно",
            "это неправильно",
            "я ошибся",
            "я ошиблась",
            "я допустил ошибку",
            "^нет это не",
        ],
        Kind::Restart => &[
            "let me start over",
            "let's start over",
            "start over$",
            "let me start again",
            "let's start again",
            "start again from",
            "from scratch",
            "let me try again",
            "let's try again",
            "let me redo",
            "let's redo",
            "let me restart",
            "let me begin again",
            "let's begin again",
            "try a different approach",
            "try another approach",
            "try a different method",
            "try another method",
            "try another way",
            "try a different way",
            "try an alternative",
            "^another approach",
            "^alternatively$",
            "^alternative approach",
            "a different approach$",
            "let me try something else",
            "let's try something else",
            "back to the beginning",
            "back to square one",
            // German
            "von vorne",
            "noch einmal von vorn",
            "einen anderen ansatz",
            "fangen wir neu an",
            "versuchen wir es anders",
            "versuche ich es anders",
            "einen anderen weg",
            // French
            "recommençons",
            "je recommence",
            "reprenons depuis le début",
            "essayons une autre",
            "essayons autrement",
            "repartons de zéro",
            // Spanish and Portuguese
            "empecemos de nuevo",
            "volvamos a empezar",
            "empezar de nuevo",
            "probemos otro",
            "intentemos otro",
            "intentemos de nuevo",
            "vamos recomeçar",
            "vamos começar de novo",
            "vamos tentar outra",
            "vamos tentar de novo",
            // Russian
            "начнём сначала",
            "начнем сначала",
            "начнём заново",
            "начнем заново",
            "попробуем иначе",
            "попробуем по другому",
            "попробуем другой",
            "попробуем снова",
        ],
    }
}

/// Stretches of a sentence, and what may not directly precede or follow them. `^` begins a clause.
fn unspaced(kind: Kind) -> &'static [(&'static str, &'static str, &'static str)] {
    match kind {
        Kind::Verification => &[
            ("检查一下", "", ""),
            ("让我检查", "", ""),
            ("再检查", "", ""),
            ("验证", "", "码"),
            ("验算", "", ""),
            ("检验", "", "科"),
            ("核对", "", ""),
            ("代回", "", ""),
            ("确认一下", "", ""),
            ("驗證", "", ""),
            ("檢查一下", "", ""),
            ("検算", "", ""),
            ("確認し", "", ""),
            ("確かめ", "", ""),
            ("検証", "", ""),
            ("확인해", "", ""),
            ("검산", "", ""),
            ("검증해", "", ""),
        ],
        Kind::Backtracking => &[
            ("^等等", "", ""),
            ("^等一下", "", ""),
            ("^等一等", "", ""),
            ("不对", "", "称等应劲外"),
            ("不對", "", "稱等應勁外"),
            ("错了", "没不", ""),
            ("算错", "没", ""),
            ("弄错", "没", ""),
            ("搞错", "没", ""),
            ("这是错误的", "", ""),
            ("不正确", "", ""),
            ("有误", "", ""),
            ("^待って", "", ""),
            ("^ちょっと待って", "", ""),
            ("違います", "", ""),
            ("^違う", "", ""),
            ("間違えた", "", ""),
            ("間違えました", "", ""),
            ("間違いでした", "", ""),
            ("^잠깐", "", ""),
            ("^아니", "", ""),
            ("틀렸", "", ""),
            ("잘못 계산", "", ""),
        ],
        Kind::Restart => &[
            ("重新开始", "", ""),
            ("从头开始", "", ""),
            ("从头再", "", ""),
            ("从头来", "", ""),
            ("重新来", "", ""),
            ("重新计算", "", ""),
            ("重新算", "", ""),
            ("再试一次", "", ""),
            ("重新考虑", "", ""),
            ("换一种", "", ""),
            ("换个方法", "", ""),
            ("换个思路", "", ""),
            ("换种", "", ""),
            ("另一种方法", "", ""),
            ("最初から", "", ""),
            ("やり直", "", ""),
            ("別の方法", "", ""),
            ("もう一度考え", "", ""),
            ("처음부터", "", ""),
            ("다시 시작", "", ""),
            ("다른 방법", "", ""),
        ],
    }
}

/// Words that may stand before one that begins a clause.
const FILLERS: [&str; 22] = [
    "but", "hmm", "hm", "oh", "ah", "so", "ok", "okay", "well", "and", "no", "um", "uh", "aber",
    "also", "mais", "pero", "mas", "но", "а", "ну", "now",
];

/// Words that make what follows a condition, or something that does not happen.
const CONDITIONS: [&str; 9] = [
    "if", "unless", "whether", "wenn", "falls", "si", "se", "если", "without",
];

fn in_words(kind: Kind, clauses: &[Vec<String>]) -> bool {
    let plain = clauses
        .iter()
        .filter(|clause| !CONDITIONS.contains(&clause[0].as_str()));
    plain.into_iter().any(|clause| {
        let skipped = clause
            .iter()
            .take_while(|word| FILLERS.contains(&word.as_str()));
        let start = skipped.count();
        spaced(kind)
            .iter()
            .any(|phrase| matches(phrase, clause, start))
    })
}

/// Whether a clause, which begins at `start` once fillers are skipped, has the phrase.
fn matches(phrase: &str, clause: &[String], start: usize) -> bool {
    let (begins, phrase) = match phrase.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, phrase),
    };
    let (ends, phrase) = match phrase.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, phrase),
    };
    let length = phrase.split(' ').count();
    let at = |from: usize| {
        let Some(words) = clause.get(from..from + length) else {
            return false;
        };
        words.iter().map(String::as_str).eq(phrase.split(' '))
            && (!ends || from + length == clause.len())
    };
    match begins {
        true => at(0) || at(start),
        false => (0..clause.len()).any(at),
    }
}

fn in_characters(kind: Kind, sentence: &str) -> bool {
    unspaced(kind).iter().any(|(phrase, before, after)| {
        let (begins, phrase) = match phrase.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, *phrase),
        };
        sentence.match_indices(phrase).any(|(at, _)| {
            let previous = sentence[..at].chars().next_back();
            let next = sentence[at + phrase.len()..].chars().next();
            let starts = previous.is_none_or(|c| !c.is_alphanumeric() && c != '、');
            (!begins || starts)
                && previous.is_none_or(|c| !before.contains(c))
                && next.is_none_or(|c| !after.contains(c))
        })
    })
}
