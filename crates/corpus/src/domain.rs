//! What a document is about, where its source does not say: code, mathematics or prose.
//!
//! A count of what each is written with, on the first 16 KiB. Left out: subjects of prose.

/// How much is read, in bytes.
const READ: usize = 16 << 10;

/// Beginnings of lines that hardly stand in anything but programs.
const BEGINNINGS: [&str; 26] = [
    "def ",
    "class ",
    "import ",
    "from ",
    "return ",
    "return;",
    "fn ",
    "pub ",
    "let ",
    "const ",
    "var ",
    "function ",
    "#include",
    "using ",
    "package ",
    "public ",
    "private ",
    "static ",
    "struct ",
    "elif ",
    "else:",
    "} else",
    "try:",
    "//",
    "/*",
    "@",
];

/// LaTeX that stands in formulas.
const FORMULAS: [&str; 18] = [
    "\\frac",
    "\\sqrt",
    "\\sum",
    "\\int",
    "\\le",
    "\\ge",
    "\\cdot",
    "\\times",
    "\\boxed",
    "\\begin{",
    "\\left",
    "\\alpha",
    "\\theta",
    "\\pi",
    "\\angle",
    "\\triangle",
    "\\text{",
    "\\mathbb",
];

/// `code`, `mathematics` or `prose`.
///
/// - Code: at least three lines, of which three in ten end in one of `{};:` after a bracket, a word of a
///   program or another of these, or begin as lines of programs do.
/// - Mathematics: a formula's LaTeX for every 200 characters, or one character in twelve an operator or a
///   digit beside one (`=+*/^<>`).
/// - Prose: everything else.
///
/// ```
/// assert_eq!(corpus::domain("def f(x):\n    y = x + 1\n    return y\n"), "code");
/// assert_eq!(corpus::domain("If $\\frac{x}{2} = 3$, then $x = 6$."), "mathematics");
/// assert_eq!(corpus::domain("It was a bright cold day in April."), "prose");
/// ```
pub fn domain(text: &str) -> &'static str {
    let text = &text[..text.floor_char_boundary(READ)];
    if is_code(text) {
        "code"
    } else if is_mathematics(text) {
        "mathematics"
    } else {
        "prose"
    }
}

fn is_code(text: &str) -> bool {
    let (mut lines, mut code) = (0, 0);
    for line in text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
    {
        lines += 1;
        let inner = line.trim_start();
        let begins = BEGINNINGS.iter().any(|it| inner.starts_with(it));
        let ends = line.ends_with(['{', '}', ';'])
            || line.ends_with("):")
            || line.ends_with("({")
            || matches!(inner, ")" | "]" | ");" | "},");
        let assigns = line.len() != inner.len()
            && [" = ", " += ", " == ", "->", "::", "()", "](", "._"]
                .iter()
                .any(|it| inner.contains(it));
        // "from ", "let " and "return " begin sentences too.
        let sentence = inner.ends_with(['.', ',', '?']) && !inner.contains(['(', '{', '=', ';']);
        code += usize::from((begins || ends || assigns) && !sentence);
    }
    lines >= 3 && code * 10 >= lines * 3
}

fn is_mathematics(text: &str) -> bool {
    let characters = text.chars().filter(|c| !c.is_whitespace()).count();
    let begun = |(at, _): (usize, &str)| {
        let formulas = FORMULAS.iter();
        formulas.filter(|it| text[at..].starts_with(**it)).count()
    };
    let formulas: usize = text.match_indices('\\').map(begun).sum();
    if formulas * 200 >= characters.max(1) {
        return true;
    }
    let bytes = text.as_bytes();
    let beside = |at: usize| {
        let near = |step: isize| {
            let places = [at.checked_add_signed(step), at.checked_add_signed(2 * step)];
            let mut bytes = places.into_iter().flatten().filter_map(|at| bytes.get(at));
            bytes
                .find(|byte| **byte != b' ')
                .is_some_and(u8::is_ascii_digit)
        };
        near(-1) || near(1)
    };
    let signs = (0..bytes.len())
        .filter(|&at| {
            matches!(
                bytes[at],
                b'=' | b'+' | b'*' | b'/' | b'^' | b'<' | b'>' | b'-'
            ) && beside(at)
        })
        .count();
    characters > 0 && signs * 24 >= characters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_decides() {
        for (expected, text) in [
            ("prose", ""),
            (
                "prose",
                "From here on, we let it be.\nLet me say:\nReturn to the house.",
            ),
            ("prose", "In 1998 - 2003 it had 12,000 inhabitants."),
            ("code", "#include <x>\nint main() {\n  return 0;\n}"),
            (
                "code",
                "for i in range(3):\n    print(i)\n    total += i\nprint(total)",
            ),
            ("mathematics", "3 + 4 = 7 so 7 * 2 = 14 and 14 - 1 = 13"),
            ("mathematics", "Find $\\sqrt{x^2}$ where $x \\ge 0$."),
        ] {
            assert_eq!(domain(text), expected, "{text}");
        }
    }
}
