//! Lines labelled by hand, before the phrases were tried on them: what a reader would say each shows.
//! `v` something is checked, `b` something is taken back, `r` another start is made, `-` nothing.

use std::collections::BTreeSet;

use super::{Kind, find};

const LINES: &[(&str, &str)] = &[
    (
        "v",
        "Let me check whether x = 3 satisfies the original equation.",
    ),
    ("v", "Let's verify this with n = 4: 4 * 5 / 2 = 10."),
    (
        "v",
        "To double-check, I'll add the numbers again: 12 + 7 + 9 = 28.",
    ),
    ("v", "Plugging back into the first equation gives 5 = 5."),
    ("v", "Check: 3 * 17 = 51."),
    ("v", "We should verify that the denominator is never zero."),
    ("v", "A quick sanity check: the area must be positive."),
    ("v", "I will verify the base case."),
    ("v", "Does this hold for n = 1? Let me test n = 1."),
    ("v", "Verifying: 2 + 2 + 3 = 7, which matches."),
    (
        "v",
        "Let me make sure that I haven't double counted anything.",
    ),
    (
        "v",
        "Is that consistent with the second condition? Yes, since 9 > 4.",
    ),
    ("b", "Wait, that's not right."),
    ("b", "Wait, I forgot the factor of 2."),
    ("b", "Hmm, wait. The triangle is not isosceles."),
    ("b", "But wait — x has to be positive."),
    ("b", "Hold on, I misread the question."),
    ("b", "Oops, 7 * 8 is 56, not 54."),
    ("b", "Actually, no: the sum starts at k = 1."),
    ("b", "No, that's the perimeter, not the area."),
    ("b", "That doesn't work because 13 is odd."),
    ("b", "I made a mistake in the second step."),
    ("b", "This can't be right, since the probability exceeds 1."),
    ("b", "Let me reconsider the case where a = b."),
    ("b", "Scratch that; the order matters here."),
    ("b", "Hmm, so the previous claim is false after all."),
    ("b", "Wait a second, the sign is flipped."),
    ("r", "Let me start over with a cleaner notation."),
    ("r", "Let me try a different approach."),
    ("r", "Alternatively, we can count the complement."),
    ("r", "Let's redo this computation carefully."),
    ("r", "I'd better do this from scratch."),
    ("r", "Another approach: use generating functions."),
    ("r", "OK, let me try again with coordinates."),
    ("r", "Let's think about it differently, using symmetry."),
    (
        "br",
        "Wait, that's wrong, let me start again from the second line.",
    ),
    ("vb", "Let me check that: 6 * 7 = 43? No, that's wrong."),
    ("-", "They wait for the train for 20 minutes."),
    ("-", "The waiter brings 3 plates."),
    ("-", "She has to wait until 5 o'clock."),
    ("-", "The shop starts from Monday and closes on Friday."),
    ("-", "A checkerboard has 64 squares."),
    ("-", "He pays by check and receives 5 dollars."),
    ("-", "There is nothing wrong with dividing by 2 here."),
    ("-", "If I made a mistake, the total would be odd."),
    ("-", "No two of the numbers are equal."),
    ("-", "The train travels back to the city at 60 km per hour."),
    ("-", "Start with the prime factorisation of 360."),
    ("-", "Actually, the formula gives the same value."),
    ("-", "So the answer is 42."),
    ("-", "We substitute x = 2 into the equation."),
    ("-", "Is every right angle equal to 90 degrees?"),
    (
        "-",
        "The right side is not equal to the left side unless x = 0.",
    ),
    ("-", "An error of 2 percent is allowed in the measurement."),
    ("v", "让我检查一下这个结果。"),
    ("v", "验证：3 × 4 = 12，正确。"),
    ("v", "我们把 x = 2 代回原方程。"),
    ("v", "再核对一遍题目的条件。"),
    ("b", "等等，这里应该是加号。"),
    ("b", "不对，面积不能是负数。"),
    ("b", "我刚才算错了，应该是 36。"),
    ("b", "等一下，题目说的是正整数。"),
    ("r", "让我们换一种方法来解。"),
    ("r", "我重新算一遍。"),
    ("r", "从头开始考虑这个问题。"),
    ("-", "苹果、梨、香蕉等等都是水果。"),
    ("-", "这个不对称的图形有五条边。"),
    ("-", "没错，答案是 5。"),
    ("-", "请输入验证码 4821。"),
    ("-", "小明等了十分钟才上车。"),
    ("-", "两边不对等，所以需要移项。"),
    ("v", "Überprüfen wir das Ergebnis: 3 + 4 = 7."),
    ("v", "Probe: 2 * 5 + 1 = 11."),
    ("b", "Moment, das stimmt nicht."),
    ("b", "Ich habe mich verrechnet."),
    ("r", "Versuchen wir es anders."),
    ("-", "In diesem Moment fährt der Zug ab."),
    ("-", "Sie wartet eine halbe Stunde auf den Bus."),
    ("v", "Vérifions avec n = 2."),
    ("b", "Attends, je me suis trompé de signe."),
    ("r", "Recommençons depuis le début."),
    ("-", "Il attend le train pendant dix minutes."),
    ("v", "Verifiquemos la solución en la primera ecuación."),
    ("b", "Espera, eso no es correcto."),
    ("r", "Empecemos de nuevo con otra variable."),
    ("-", "Ana espera el autobús durante 15 minutos."),
    ("v", "Проверим: 3 + 4 = 7."),
    ("b", "Подождите, это неверно."),
    ("r", "Попробуем другой способ."),
    ("-", "Поезд стоит на станции пять минут."),
    ("v", "検算してみると、3 + 4 = 7 です。"),
    ("b", "待って、符号が違います。"),
    ("r", "最初からやり直します。"),
    ("-", "彼は十分間待ってから電車に乗った。"),
    ("v", "답을 확인해 보자."),
    ("b", "잠깐, 계산이 틀렸다."),
];

/// Precision and recall over all labels; every miss and every false alarm is listed where a bound fails.
#[test]
fn most_of_what_is_found_is_there_and_most_of_what_is_there_is_found() {
    let letter = |kind| match kind {
        Kind::Verification => 'v',
        Kind::Backtracking => 'b',
        Kind::Restart => 'r',
    };
    let (mut right, mut found_in_all, mut labelled) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (labels, line) in LINES {
        let wanted: BTreeSet<char> = labels.chars().filter(|c| *c != '-').collect();
        let found: BTreeSet<char> = find(line)
            .into_iter()
            .map(|(kind, _)| letter(kind))
            .collect();
        right += wanted.intersection(&found).count();
        found_in_all += found.len();
        labelled += wanted.len();
        if wanted != found {
            wrong.push(format!("{labels} as {found:?}: {line}"));
        }
    }
    let precision = f64::from(right as u32) / f64::from(found_in_all as u32);
    let recall = f64::from(right as u32) / f64::from(labelled as u32);
    let report = format!(
        "{} lines, precision {precision:.3}, recall {recall:.3}\n{}",
        LINES.len(),
        wrong.join("\n")
    );
    assert!(
        LINES.len() >= 60 && precision >= 0.97 && recall >= 0.88,
        "{report}"
    );
    // Shown by `--nocapture`; figures in the documentation come from here.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), report.as_bytes());
}
