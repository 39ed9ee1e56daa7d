//! What must hold for any text, and how long it may take.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::{LONGEST, Options, Reading, grade, verify};

/// Texts made to take long.
fn hostile() -> Vec<String> {
    let mut texts = vec![
        "9^9^9^9".to_owned(),
        "9^{9^{9^{9^{9}}}}".into(),
        "10^{10^{10}}-10^{10^{10}}".into(),
        "(((2^{999})^{999})^{999})^{999}".into(),
        "150!".into(),
        "150!!!!!!!!".into(),
        r"\binom{500}{250}^{500}".into(),
        "1e999999999".into(),
        format!("1{}", "0".repeat(4000)),
        format!("0.{}", "3".repeat(4000)),
        format!("{}x{}", "{".repeat(10_000), "}".repeat(10_000)),
        format!("{}1{}", "(".repeat(2000), ")".repeat(2000)),
        format!("{}1", "-".repeat(4000)),
        format!("2{}", "^2".repeat(2000)),
        format!("x{}", "!".repeat(4000)),
        format!("{}x", r"\sqrt".repeat(800)),
        format!(r"\boxed{{{}", r"\boxed{".repeat(3000)),
        vec!["2^{999}"; 500].join("+"),
        vec!["2^{999}"; 500].join(", "),
        (0..200)
            .map(|n| format!("2^{{{}}}", 800 + n))
            .collect::<Vec<_>>()
            .join(", "),
        (0..1000)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(", "),
        (0..250)
            .map(|n| format!("x+{n}"))
            .collect::<Vec<_>>()
            .join(", "),
        (0..250)
            .map(|n| format!("\\sin({n}x)"))
            .collect::<Vec<_>>()
            .join("+"),
        (0..100)
            .map(|n| format!("\\frac{{1}}{{{}}}", n + 100_003))
            .collect::<Vec<_>>()
            .join("+"),
        (0..60).map(|n| format!("(x+{n})")).collect::<String>() + "^{50}",
        (0..200)
            .map(|n| format!("({n},{})", n + 1))
            .collect::<Vec<_>>()
            .join(r"\cup"),
        (0..64)
            .map(|n| format!("[{n},{n}.5)"))
            .collect::<Vec<_>>()
            .join(r"\cap"),
        "1<".repeat(200) + "2",
        "x<".repeat(200) + "2",
        r"\pm".to_owned() + &r"1\pm".repeat(500) + "1",
        r"\begin{pmatrix}1&1\\1&1\end{pmatrix}".repeat(50),
        format!(r"\begin{{pmatrix}}{}1\end{{pmatrix}}", "1&".repeat(1000)),
        r"\text{a".repeat(500),
        "$".repeat(4000),
        "answer is ".repeat(400),
        r"\frac".repeat(800),
        "=".repeat(4000),
        "1,".repeat(2000),
        "|".repeat(4000),
        "f(".repeat(1000),
    ];
    let doubled: Vec<String> = texts.iter().map(|text| format!("x = {text}")).collect();
    texts.extend(doubled);
    texts
}

/// The processor time this thread has had, where the system tells (Linux): what the work takes,
/// not who else is at work.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ')
        .next()?
        .parse()
        .ok()
        .map(Duration::from_nanos)
}

/// The time of the fastest of three runs.
fn fastest(run: impl Fn()) -> Duration {
    let once = || {
        let (start, processor) = (Instant::now(), processor_time());
        run();
        match (processor, processor_time()) {
            (Some(before), Some(after)) => after - before,
            _ => start.elapsed(),
        }
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

#[test]
fn no_text_takes_long() {
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 1000 } else { 50 });
    for text in hostile() {
        for (gold, answer) in [
            (&text, &text),
            (&"12".to_owned(), &text),
            (&text, &"12".to_owned()),
        ] {
            let took = fastest(|| {
                let _ = grade(gold, answer, &Reading::default(), &Options::default());
            });
            let start: String = text.chars().take(40).collect();
            assert!(took < limit, "{took:?} for {start}");
        }
    }
}

/// A response of a hundred thousand characters is still searched in bounded time.
#[test]
fn long_responses_are_searched_in_bounded_time() {
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 2000 } else { 50 });
    for piece in [
        "$",
        "$x$ and ",
        r"\boxed{1}",
        r"\boxed{",
        "answer is no ",
        "1,",
        r"\(",
        "<answer>",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        let took = fastest(|| {
            let _ = grade("12", &text, &Reading::default(), &Options::default());
        });
        assert!(took < limit, "{took:?} for {piece}");
    }
}

/// Pieces of formulas, from which right and wrong ones can be put together.
const PIECES: [&str; 44] = [
    "1", "2", "0", "12", "0.5", "x", "y", "n", "pi", "+", "-", "*", "/", "^", "_", "(", ")", "[",
    "]", "{", "}", ",", ";", "=", "<", "\\le ", "\\pm ", "\\frac", "\\sqrt", "\\text{", "\\sin ",
    "\\log", "\\cup ", "\\infty ", "%", "!", "|", " ", "\\{", "\\}", "and ", "or ", "^\\circ", "'",
];

fn formula() -> impl Strategy<Value = String> {
    prop::collection::vec(0..PIECES.len(), 0..24)
        .prop_map(|picks| picks.into_iter().map(|pick| PIECES[pick]).collect())
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in formula(), other in formula()) {
        let _ = verify(&text, &other);
    }

    #[test]
    fn a_parseable_text_equals_itself(text in formula()) {
        if let Some(score) = verify(&text, &text).score() {
            prop_assert_eq!(score, 1.0);
        }
    }

    #[test]
    fn strings_of_any_characters_are_judged(gold in ".{0,60}", answer in ".{0,60}") {
        let first = verify(&gold, &answer);
        prop_assert_eq!(first, verify(&gold, &answer));
    }

    #[test]
    fn a_fraction_agrees_with_its_other_spellings(over in -999_i64..999, under in 1_i64..60, k in 1_i64..9) {
        let gold = format!(r"\frac{{{over}}}{{{under}}}");
        let sign = if over < 0 { "-" } else { "" };
        let (whole, rest) = (over.abs() / under, over.abs() % under);
        let spellings = [
            format!("{over}/{under}"),
            format!(r"$\dfrac{{{}}}{{{}}}$", over * k, under * k),
            format!(r"{sign}\frac{{{}}}{{{under}}}", over.abs()),
            format!(r"x = {over}/{under}"),
            format!("{:.9}", over as f64 / under as f64),
            format!(r"{sign}{whole}\frac{{{rest}}}{{{under}}}"),
        ];
        for answer in spellings {
            prop_assert_eq!(verify(&gold, &answer).score(), Some(1.0), "{} and {}", gold, answer);
        }
        let other = format!("{}/{under}", over + 1);
        prop_assert_eq!(verify(&gold, &other).score(), Some(0.0));
    }

    #[test]
    fn a_polynomial_agrees_with_its_factors(a in -9_i64..9, b in -9_i64..9) {
        let gold = format!("(x + {a})(x + {b})");
        let expanded = format!("x^2 + {}x + {}", a + b, a * b);
        prop_assert_eq!(verify(&gold, &expanded).score(), Some(1.0));
        let other = format!("x^2 + {}x + {}", a + b, a * b + 1);
        prop_assert_eq!(verify(&gold, &other).score(), Some(0.0));
    }

    #[test]
    fn a_set_agrees_in_any_order(mut all in prop::collection::vec(-99_i64..99, 1..12), turn in 0_usize..12) {
        let list = |all: &[i64]| all.iter().map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
        let gold = format!(r"\{{{}\}}", list(&all));
        let middle = turn % all.len();
        all.rotate_left(middle);
        prop_assert_eq!(verify(&gold, &list(&all)).score(), Some(1.0));
        all.push(100);
        prop_assert_eq!(verify(&gold, &list(&all)).score(), Some(0.0));
    }

    #[test]
    fn an_interval_answers_its_inequality(low in -50_i64..50, width in 1_i64..50) {
        let (gold, high) = (format!("{low} < x \\le {}", low + width), low + width);
        let interval = format!("({low}, {high}]");
        prop_assert_eq!(verify(&gold, &interval).score(), Some(1.0));
        prop_assert_eq!(verify(&gold, &format!("({low}, {high})")).score(), Some(0.0));
        prop_assert_eq!(verify(&interval, &gold).score(), Some(0.0));
    }

    #[test]
    fn separators_percent_and_exponents_are_spellings(n in 1_000_i64..999_999) {
        let grouped = format!("{},{:03}", n / 1000, n % 1000);
        for answer in [grouped.clone(), grouped.replace(',', "{,}"), format!("{n}.0"), format!("{}%", n * 100)] {
            prop_assert_eq!(verify(&n.to_string(), &answer).score(), Some(1.0), "{}", answer);
        }
        let power = format!(r"{n} \times 10^{{3}}");
        prop_assert_eq!(verify(&format!("{n}000"), &power).score(), Some(1.0));
    }
}

#[test]
fn a_text_beyond_the_limit_is_refused() {
    let long = "1".repeat(LONGEST + 1);
    assert_eq!(verify(&long, "1").score(), None);
    assert_eq!(verify("1", &long).score(), Some(0.0));
}
