//! What became of formal statements, in shares.

use super::share::share;
use crate::benchmark::Metric;
use crate::graded::Graded;

/// The family of problems of the International Mathematical Olympiad.
pub(super) const IMO: &str = "imo";

/// A figure, and how the reasons of the grades begin that count for it: a verdict's own words
/// ([`crate::formal::Fidelity`]).
const FIGURES: [(&str, &[&str]); 6] = [
    (
        "compiled",
        &[
            "vacuous: ",
            "trivial: ",
            "absurd: ",
            "faithful: ",
            "says something else: ",
            "open: ",
        ],
    ),
    ("vacuous", &["vacuous: "]),
    ("trivial", &["trivial: "]),
    ("absurd", &["absurd: "]),
    ("faithful (proved)", &["faithful: proved"]),
    ("faithful (model judge)", &["faithful: a model says so"]),
];

/// Of all samples, what compiled, was vacuous, trivial or absurd, and was faithful by a proof or by a model's word;
/// where the problems are not all of the IMO, the same of those that are.
pub(super) fn figures(graded: &[Graded], seed: u64) -> Vec<Metric> {
    let (imo, others): (Vec<Graded>, Vec<Graded>) = graded
        .iter()
        .cloned()
        .partition(|grade| grade.family == IMO);
    let mut figures = of(graded, "", seed);
    if !others.is_empty() {
        figures.extend(of(&imo, "IMO: ", seed));
    }
    figures
}

fn of(graded: &[Graded], whose: &str, seed: u64) -> Vec<Metric> {
    let figure = |(name, beginnings): (&str, &[&str])| {
        share(format!("{whose}{name}"), graded, seed, |grade| {
            beginnings
                .iter()
                .any(|begins| grade.reason.starts_with(begins))
        })
    };
    FIGURES.into_iter().filter_map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formal::{By, Fidelity};
    use crate::problems::tests::record;

    fn reason() -> String {
        "x".to_owned()
    }

    /// Every verdict there is, and the figures it counts for.
    fn verdicts() -> Vec<(Fidelity, Vec<&'static str>)> {
        let (checker, model) = (By::Checker, By::Model);
        vec![
            (Fidelity::Refused { reason: reason() }, vec![]),
            (Fidelity::Broken { reason: reason() }, vec![]),
            (Fidelity::Vacuous, vec!["compiled", "vacuous"]),
            (Fidelity::Trivial, vec!["compiled", "trivial"]),
            (Fidelity::Absurd, vec!["compiled", "absurd"]),
            (Fidelity::Other { by: checker }, vec!["compiled"]),
            (Fidelity::Other { by: model }, vec!["compiled"]),
            (Fidelity::Open { reason: reason() }, vec!["compiled"]),
            (
                Fidelity::Faithful { by: checker },
                vec!["compiled", "faithful (proved)"],
            ),
            (
                Fidelity::Faithful { by: model },
                vec!["compiled", "faithful (model judge)"],
            ),
        ]
    }

    fn graded(problem: &str, family: &str, fidelity: &Fidelity) -> Graded {
        Graded {
            family: family.into(),
            reason: fidelity.to_string(),
            ..record(problem, 0, "12")
        }
    }

    #[test]
    fn every_verdict_counts_for_its_figures() {
        for (fidelity, wanted) in verdicts() {
            let figures = figures(&[graded("p", "other", &fidelity)], 1);
            let counted = figures.iter().filter(|figure| figure.value == 100.0);
            let counted: Vec<&str> = counted.map(|figure| figure.name.as_str()).collect();
            assert_eq!(counted, wanted, "{fidelity}");
            assert_eq!(
                figures.len(),
                FIGURES.len(),
                "there is no problem of the IMO"
            );
        }
        // What the machine did not let be judged compiled nowhere.
        let broken = Graded {
            reason: "the sandbox fails".into(),
            ..record("p", 0, "unjudged")
        };
        assert!(
            figures(&[broken], 1)
                .iter()
                .all(|figure| figure.value == 0.0)
        );
    }

    #[test]
    fn the_imo_stands_apart() {
        let proved = Fidelity::Faithful { by: By::Checker };
        let all = [
            graded("a", IMO, &proved),
            graded("b", IMO, &Fidelity::Vacuous),
            graded("c", "other", &proved),
            graded("d", "other", &Fidelity::Broken { reason: reason() }),
        ];
        let found = figures(&all, 1);
        let value = |name: &str| {
            found
                .iter()
                .find(|figure| figure.name == name)
                .unwrap()
                .value
        };
        assert_eq!((value("compiled"), value("IMO: compiled")), (75.0, 100.0));
        assert_eq!(
            (value("faithful (proved)"), value("IMO: faithful (proved)")),
            (50.0, 50.0)
        );
        assert_eq!((value("vacuous"), value("IMO: vacuous")), (25.0, 50.0));
        // A file of the IMO alone has no second set of the same.
        assert_eq!(figures(&all[..2], 1).len(), FIGURES.len());
    }
}
