//! Small helpers for writing SVG by hand.

/// Text as it may stand in markup: nothing in it can open a tag or end an attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A number with at most four digits that say something: `0.0312`, `1.25`, `1,234`.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if size < 1e-3 {
        format!("{value:.1e}").replace(".0e", "e")
    } else if size < 0.1 {
        trimmed(format!("{value:.4}"))
    } else if size < 10.0 {
        trimmed(format!("{value:.2}"))
    } else if size < 1000.0 {
        trimmed(format!("{value:.1}"))
    } else {
        grouped(value.round() as i64)
    }
}

/// A share as a percentage: `81.5 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A count as a person says it: `512`, `4.1k`, `1.2M`, `671B`.
pub(super) fn count(n: u64) -> String {
    let units = [(1e9, "B"), (1e6, "M"), (1e3, "k")];
    let n = n as f64;
    match units.iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) if n / size >= 100.0 => format!("{:.0}{unit}", n / size),
        Some((size, unit)) => format!("{}{unit}", trimmed(format!("{:.1}", n / size))),
        None => format!("{n:.0}"),
    }
}

/// Floating point operations as a person says them: `1.3 TFLOP`.
pub(super) fn operations(flops: f64) -> String {
    let units = [
        (1e18, "E"),
        (1e15, "P"),
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
    ];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| flops >= *size)
        .unwrap_or((1e6, "M"));
    format!("{} {unit}FLOP", trimmed(format!("{:.1}", flops / size)))
}

fn trimmed(number: String) -> String {
    if number.contains('.') {
        number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    } else {
        number
    }
}

fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0 { format!("−{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escape("<a b=\"1\">&'"),
            "&lt;a b=&quot;1&quot;&gt;&amp;&#39;"
        );
    }

    #[test]
    fn numbers_are_short() {
        let shown = [
            0.0, 8e-4, 0.00012, 0.03125, 1.25, 2.0, 56.78, 1234.5, -12345.0,
        ]
        .map(short);
        assert_eq!(
            shown,
            [
                "0",
                "8e-4",
                "1.2e-4",
                "0.0312",
                "1.25",
                "2",
                "56.8",
                "1,235",
                "−12,345"
            ]
        );
        assert_eq!(
            [0.0, 1.26e12, 5e20].map(operations),
            ["0 MFLOP", "1.3 TFLOP", "500 EFLOP"]
        );
        assert_eq!(percent(0.8149), "81.5 %");
        let counted = [512, 4096, 1_234_567, 671_000_000_000].map(count);
        assert_eq!(counted, ["512", "4.1k", "1.2M", "671B"]);
    }
}
