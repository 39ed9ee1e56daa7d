//! The methods of Python's strings, lists and mappings that templates call.
//!
//! They are `minijinja-contrib`'s, which take fuel for the texts they make, all but `format`: a width of a
//! billion would take the memory first, and other letters than ASCII's in a field are cut in two. Here it pays before,
//! and such fields are refused.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Bytes of a text that one instruction's fuel pays for, as in `minijinja` itself.
const BYTES: usize = 64;

/// Bytes of the longest number: the largest float has 309 digits before the point.
const NUMBER: usize = 400;

/// Calls the method `name` of a value.
pub(super) fn method(
    state: &mut State,
    value: &Value,
    name: &str,
    args: &[Value],
) -> Result<Value, Error> {
    if let (Some(text), "format") = (value.as_str(), name) {
        state.consume_fuel((most(text, args)? / BYTES) as u64)?;
    }
    unknown_method_callback(state, value, name, args)
}

/// Bytes that `text` may have once it is formatted.
fn most(text: &str, args: &[Value]) -> Result<usize, Error> {
    let mut longest = 0;
    for arg in args {
        if !arg.is_kwargs() {
            longest = longest.max(length(arg)?);
            continue;
        }
        let named = Kwargs::try_from(arg.clone())?;
        for name in named.args() {
            longest = longest.max(length(&named.peek::<Value>(name)?)?);
        }
    }
    let fields = fields(text);
    // In an index a brace ends nothing, and what comes behind it is of the field too.
    let is_odd = |field: &&&str| !field.is_ascii() || (field.contains('[') && !text.is_ascii());
    if let Some(field) = fields.iter().find(is_odd) {
        let problem = format!(
            "format() knows no field `{{{field}}}`: its letters, or those behind an index, are not ASCII"
        );
        return Err(Error::new(ErrorKind::InvalidOperation, problem));
    }
    let widths = fields.iter().flat_map(|field| numbers(field));
    let filled = fields.len().saturating_mul(longest);
    Ok(widths.fold(filled.saturating_add(text.len()), usize::saturating_add))
}

/// Bytes of what is put into a text.
fn length(value: &Value) -> Result<usize, Error> {
    match (value.as_str(), value.kind()) {
        (Some(text), _) => Ok(text.len()),
        (None, ValueKind::Number | ValueKind::Bool | ValueKind::None | ValueKind::Undefined) => {
            Ok(NUMBER)
        }
        (None, kind) => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("format() puts texts and numbers into a text, no {kind}"),
        )),
    }
}

/// What stands between single braces; the last may lack its end.
fn fields(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        if let Some(brace) = rest.strip_prefix('{') {
            rest = brace;
            continue;
        }
        let end = rest.find('}').unwrap_or(rest.len());
        found.push(&rest[..end]);
        rest = &rest[end..];
    }
    found
}

/// The numbers of a field, its width and precision among them; one that is too large is the largest.
fn numbers(field: &str) -> impl Iterator<Item = usize> {
    let digits = field.split(|c: char| !c.is_ascii_digit());
    let digits = digits.filter(|digits| !digits.is_empty());
    digits.map(|digits| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{ChatError, ChatTemplate, Message};
    use super::fields;

    fn render(source: &str) -> Result<String, ChatError> {
        let template = ChatTemplate::new(source, "", "", Path::new("t")).unwrap();
        template.render(&[Message::user("a")], true)
    }

    #[test]
    fn format_does_what_python_does() {
        assert_eq!(
            render("{{ '{:>4}|{:.2f}|{x}'.format('a', 1.5, x='c') }}").as_deref(),
            Ok("   a|1.50|c")
        );
    }

    #[test]
    fn a_field_of_other_letters_is_refused() {
        let error = render("{{ '{a\u{5cb}0.b(1'.format(1) }}")
            .unwrap_err()
            .to_string();
        assert!(error.contains("not ASCII"), "{error}");
        let error = render("{{ '{a[b }}Ⱦ0}'.format(1) }}")
            .unwrap_err()
            .to_string();
        assert!(error.contains("not ASCII"), "{error}");
        assert_eq!(fields("{{ж}} {a} ж {b:>4} {c"), ["a", "b:>4", "c"]);
        assert_eq!(render("{{ 'ж {}'.format('ж') }}").as_deref(), Ok("ж ж"));
    }

    /// Each would take gigabytes.
    #[test]
    fn format_pays_for_widths_and_repetitions_before_it_takes_the_memory() {
        for source in [
            "{{ '{:4000000000}'.format(1) }}",
            "{{ '{:.4000000000f}'.format(1.5) }}",
            "{{ '{a:<4000000000}'.format(a='b') }}",
            "{{ '{:99999999999999999999999}'.format(1) }}",
            "{{ ('{0}' * 60000).format('a' * 65536) }}",
            "{{ ('{a}' * 60000).format(a='a' * 65536) }}",
        ] {
            let error = render(source).unwrap_err().to_string();
            assert!(error.contains("fuel"), "{source}: {error}");
        }
        let error = render("{{ '{}'.format(messages) }}")
            .unwrap_err()
            .to_string();
        assert!(error.contains("no sequence"), "{error}");
    }
}
