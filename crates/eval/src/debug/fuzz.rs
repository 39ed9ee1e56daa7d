//! Inputs like an example: the same shape, with other numbers, texts and, in calls, lengths of lists.
//!
//! Left out: what a statement says of its inputs. Whether an input is allowed is not known, so it never
//! decides anything by itself: see `program` for what is made of it.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// At most `count` texts like `example`, none twice and none the example. A number that counts the lines
/// below it, or the words of the next line, stays.
pub fn like(example: &str, count: usize, seed: u64) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut found: Vec<String> = Vec::new();
    for _ in 0..count * 4 {
        if found.len() == count {
            break;
        }
        let text = resized(&varied(example, &mut rng), &mut rng);
        if text != example && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// A piece of a text.
enum Piece<'a> {
    Number(&'a str),
    /// What stands between quotes, with them.
    Quoted(&'a str),
    Other(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let signed = rest
            .strip_prefix('-')
            .filter(|_| !before.is_alphanumeric() && before != ')');
        let digits = signed.unwrap_or(rest);
        let length = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let end = if matches!(first, '"' | '\'') {
            rest[1..].find(first).map_or(rest.len(), |end| end + 2)
        } else if length > 0 && !before.is_alphanumeric() && before != '_' {
            rest.len() - digits.len() + length
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(end);
        pieces.push(match first {
            '"' | '\'' => Piece::Quoted(piece),
            _ if length > 0
                && end >= length
                && piece.ends_with(|c: char| c.is_ascii_digit())
                && !before.is_alphanumeric()
                && before != '_' =>
            {
                Piece::Number(piece)
            }
            _ => Piece::Other(piece),
        });
        before = piece.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    pieces
}

/// The text with some of its numbers and quoted texts changed.
fn varied(text: &str, rng: &mut impl Rng) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let words = |line: &str| line.split_whitespace().count().to_string();
    let mut line = 0;
    let mut varied = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Number(number) => {
                let below = lines.len().saturating_sub(line + 1);
                let next = lines.get(line + 1).map(|next| words(next));
                let counts =
                    below > 0 && (number == below.to_string() || Some(number) == next.as_deref());
                match counts || rng.random_bool(0.4) {
                    true => varied += number,
                    false => varied += &other_number(number, rng),
                }
            }
            Piece::Quoted(quoted) if rng.random_bool(0.6) => varied += &other_text(quoted, rng),
            Piece::Quoted(other) | Piece::Other(other) => {
                line += other.matches('\n').count();
                varied += other;
            }
        }
    }
    varied
}

fn other_number(number: &str, rng: &mut impl Rng) -> String {
    let Ok(value) = number.parse::<i64>() else {
        return number.to_owned();
    };
    let most = value.saturating_abs().saturating_mul(2).clamp(3, 1 << 40);
    // Below zero only where the example is: a count or a size would make no sense.
    let least = if value < 0 { -most } else { 0 };
    let drawn = match rng.random_range(0..6_u8) {
        0 => value.saturating_add(1),
        1 => value.saturating_sub(1).max(least),
        2 => least.max(0),
        3 => 1,
        _ => rng.random_range(least..=most),
    };
    drawn.to_string()
}

/// A quoted text of the same letters. One with escapes stays.
fn other_text(quoted: &str, rng: &mut impl Rng) -> String {
    let Some(quote) = quoted
        .chars()
        .next()
        .filter(|_| quoted.len() >= 2 && !quoted.contains('\\'))
    else {
        return quoted.to_owned();
    };
    let mut letters: Vec<char> = quoted[1..quoted.len() - 1].chars().collect();
    match rng.random_range(0..5_u8) {
        0 => letters.clear(),
        1 => letters.shuffle(rng),
        2 if !letters.is_empty() => drop(letters.remove(rng.random_range(0..letters.len()))),
        3 if !letters.is_empty() => letters.push(letters[rng.random_range(0..letters.len())]),
        _ => letters.extend(letters.clone()),
    }
    format!("{quote}{}{quote}", letters.into_iter().collect::<String>())
}

/// The text with one of its innermost lists longer, shorter or in another order.
fn resized(text: &str, rng: &mut impl Rng) -> String {
    let lists: Vec<(usize, usize)> = text
        .match_indices('[')
        .filter_map(|(open, _)| {
            let end = text[open + 1..].find(['[', ']'])?;
            text[open + 1 + end..]
                .starts_with(']')
                .then_some((open + 1, open + 1 + end))
        })
        .filter(|(open, end)| !text[*open..*end].contains(['\'', '"', '(']))
        .collect();
    if lists.is_empty() || rng.random_bool(0.4) {
        return text.to_owned();
    }
    let (open, end) = lists[rng.random_range(0..lists.len())];
    let inner = text[open..end].split(',').map(str::trim);
    let mut items: Vec<&str> = inner.filter(|item| !item.is_empty()).collect();
    match rng.random_range(0..4_u8) {
        0 => items.clear(),
        1 if !items.is_empty() => drop(items.remove(rng.random_range(0..items.len()))),
        2 if !items.is_empty() => items.push(items[rng.random_range(0..items.len())]),
        _ => items.shuffle(rng),
    }
    format!("{}{}{}", &text[..open], items.join(", "), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_keep_the_examples_shape() {
        let example = "3\n10 20 30\n";
        let texts = like(example, 20, 1);
        assert!(texts.len() > 10, "{texts:?}");
        for text in &texts {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!((lines.len(), lines[0]), (2, "3"), "{text}");
            let numbers: Vec<i64> = lines[1].split(' ').map(|n| n.parse().unwrap()).collect();
            assert!(
                numbers.len() == 3 && numbers.iter().all(|n| (0..=61).contains(n)),
                "{text}"
            );
        }
        assert_eq!(like(example, 20, 1), texts, "the same seed draws the same");
        assert_ne!(like(example, 20, 2), texts);
    }

    #[test]
    fn calls_stay_calls() {
        let texts = like("f2([1, -2, 3], 'ab', x1=0.5)", 40, 3);
        for text in &texts {
            assert!(text.starts_with("f2([") && text.contains("x1="), "{text}");
            assert!(
                text.matches('\'').count() == 2 && text.ends_with(')'),
                "{text}"
            );
        }
        assert!(
            texts.iter().any(|text| text.starts_with("f2([], ")),
            "{texts:?}"
        );
        assert_eq!(like("none at all", 5, 1), Vec::<String>::new());
    }
}
