//! Matrices in sums and products, worked out entry by entry.

use super::evaluate::Evaluator;
use super::expr::Expr;
use super::scalar::is_rounded;

/// Products with more multiplications of entries, and entries of more parts, are not worked out.
const MOST: usize = 4096;
const MOST_PARTS: usize = 64;

/// Whether a matrix stands in `expr`.
pub(crate) fn has_matrix(expr: &Expr) -> bool {
    expr.any(&|part| matches!(part, Expr::Matrix(_)))
}

/// The matrix that `expr` amounts to; `None` where it is none or the sizes do not fit.
pub(crate) fn folded(expr: &Expr, evaluator: &mut Evaluator) -> Option<Vec<Vec<Expr>>> {
    match value(expr, evaluator)? {
        Expr::Matrix(rows) => Some(rows),
        _ => None,
    }
}

fn value(expr: &Expr, evaluator: &mut Evaluator) -> Option<Expr> {
    if !has_matrix(expr) {
        return Some(expr.clone());
    }
    match expr {
        Expr::Matrix(_) => Some(expr.clone()),
        Expr::Neg(x) => scaled(&Expr::whole(-1), &value(x, evaluator)?),
        Expr::Add(all) => join(all, sum, evaluator),
        Expr::Mul(all) => join(all, product, evaluator),
        _ => None,
    }
}

fn join(
    all: &[Expr],
    two: fn(&Expr, &Expr) -> Option<Expr>,
    evaluator: &mut Evaluator,
) -> Option<Expr> {
    let mut result = value(all.first()?, evaluator)?;
    for x in &all[1..] {
        let next = value(x, evaluator)?;
        result = simplified(two(&result, &next)?, evaluator)?;
    }
    Some(result)
}

/// A matrix with its rational entries worked out; `None` where others have grown too large.
fn simplified(expr: Expr, evaluator: &mut Evaluator) -> Option<Expr> {
    let Expr::Matrix(rows) = expr else {
        return Some(expr);
    };
    let mut entry = |x: Expr| match evaluator.exact(&x) {
        Some(value) => Some(Expr::Number {
            value,
            rounded: is_rounded(&x),
        }),
        None => (size(&x) <= MOST_PARTS).then_some(x),
    };
    let mut row = |row: Vec<Expr>| row.into_iter().map(&mut entry).collect();
    let rows: Option<Vec<Vec<Expr>>> = rows.into_iter().map(&mut row).collect();
    rows.map(Expr::Matrix)
}

fn size(expr: &Expr) -> usize {
    1 + expr.parts().into_iter().map(size).sum::<usize>()
}

fn sum(a: &Expr, b: &Expr) -> Option<Expr> {
    match (a, b) {
        (Expr::Matrix(a), Expr::Matrix(b)) => {
            let fits = a.len() == b.len() && a[0].len() == b[0].len();
            let add = |(x, y): (&Expr, &Expr)| Expr::Add(vec![x.clone(), y.clone()]);
            let row = |(x, y): (&Vec<Expr>, &Vec<Expr>)| x.iter().zip(y).map(add).collect();
            fits.then(|| Expr::Matrix(a.iter().zip(b).map(row).collect()))
        }
        (Expr::Matrix(_), _) | (_, Expr::Matrix(_)) => None,
        _ => Some(Expr::Add(vec![a.clone(), b.clone()])),
    }
}

fn product(a: &Expr, b: &Expr) -> Option<Expr> {
    let (Expr::Matrix(x), Expr::Matrix(y)) = (a, b) else {
        return match (a, b) {
            (Expr::Matrix(_), factor) | (factor, Expr::Matrix(_)) => {
                let matrix = if matches!(a, Expr::Matrix(_)) { a } else { b };
                scaled(factor, matrix)
            }
            _ => Some(Expr::Mul(vec![a.clone(), b.clone()])),
        };
    };
    let (inner, width) = (y.len(), y[0].len());
    if x[0].len() != inner || x.len() * inner * width > MOST {
        return None;
    }
    let entry = |row: &Vec<Expr>, column: usize| {
        let terms = row.iter().zip(y);
        Expr::Add(
            terms
                .map(|(x, y)| Expr::Mul(vec![x.clone(), y[column].clone()]))
                .collect(),
        )
    };
    let rows = x
        .iter()
        .map(|row| (0..width).map(|column| entry(row, column)).collect());
    Some(Expr::Matrix(rows.collect()))
}

fn scaled(factor: &Expr, matrix: &Expr) -> Option<Expr> {
    let Expr::Matrix(rows) = matrix else {
        return None;
    };
    let scale = |x: &Expr| Expr::Mul(vec![factor.clone(), x.clone()]);
    let row = |row: &Vec<Expr>| row.iter().map(scale).collect();
    Some(Expr::Matrix(rows.iter().map(row).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn entries(text: &str) -> Option<Vec<String>> {
        let rows = folded(&parse(text)?, &mut Evaluator::new())?;
        let value = |x: &Expr| Evaluator::new().exact(x).unwrap().to_string();
        Some(rows.iter().flatten().map(value).collect())
    }

    const A: &str = r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}";
    const B: &str = r"\begin{pmatrix}5 & 6 \\ 7 & 8\end{pmatrix}";

    #[test]
    fn sums_and_products_are_worked_out() {
        assert_eq!(
            entries(&format!("{A}+{B}")).unwrap(),
            ["6", "8", "10", "12"]
        );
        assert_eq!(
            entries(&format!("{A}{B}")).unwrap(),
            ["19", "22", "43", "50"]
        );
        assert_eq!(
            entries(&format!("-2{A}")).unwrap(),
            ["-2", "-4", "-6", "-8"]
        );
    }

    #[test]
    fn sizes_must_fit() {
        let row = r"\begin{pmatrix}1 & 2\end{pmatrix}";
        assert_eq!(entries(&format!("{A}+{row}")), None);
        assert_eq!(entries(&format!("{A}{row}")), None);
        assert_eq!(entries(&format!("{row}{A}")).unwrap(), ["7", "10"]);
    }
}
