//! `section.key=value`: one field of a preset changed before it is read.
//!
//! A key must exist in the preset and a value must have the type that stands there, so a slip is an
//! answer at once and never a run with the wrong setting.

use toml::{Table, Value};

use crate::usage::{UsageError, nearest};

/// Changes the field that `change` names.
pub(crate) fn apply(preset: &mut Table, change: &str) -> Result<(), UsageError> {
    let (key, text) = change.split_once('=').ok_or_else(|| {
        UsageError(format!(
            "`{change}` is not of the form section.key=value (as in zero.steps=40)"
        ))
    })?;
    let key = key.trim();
    let field = key
        .split_once('.')
        .and_then(|(section, name)| preset.get_mut(section)?.get_mut(name))
        // A section inside a section would not be a field.
        .filter(|field| !field.is_table());
    match field {
        Some(field) => {
            *field = read(key, text.trim(), field)?;
            Ok(())
        }
        None => Err(unknown_key(preset, key)),
    }
}

fn unknown_key(preset: &Table, key: &str) -> UsageError {
    let mut keys = Vec::new();
    for (section, fields) in preset {
        for (name, _) in fields.as_table().into_iter().flatten() {
            keys.push(format!("{section}.{name}"));
        }
    }
    // `stepz` alone is compared with names alone, and answered with the whole key.
    let near = if key.contains('.') {
        nearest(key, keys.iter().map(String::as_str))
    } else {
        let names = keys.iter().filter_map(|key| key.split('.').nth(1));
        nearest(key, names).and_then(|name| {
            keys.iter()
                .map(String::as_str)
                .find(|key| key.split('.').nth(1) == Some(name))
        })
    };
    let hint = near.map_or_else(
        || {
            let sections: Vec<&str> = preset
                .iter()
                .filter(|(_, v)| v.is_table())
                .map(|(name, _)| name.as_str())
                .collect();
            format!("the sections are: {}", sections.join(", "))
        },
        |near| format!("did you mean `{near}`?"),
    );
    UsageError(format!("there is no setting `{key}`; {hint}"))
}

/// The value of `text` in the type of `old`.
fn read(key: &str, text: &str, old: &Value) -> Result<Value, UsageError> {
    let value = match old {
        Value::Integer(_) => whole(text),
        Value::Float(_) => number(text),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::String(_) => Some(Value::String(unquoted(text).to_owned())),
        Value::Array(old) => list(text, old),
        Value::Datetime(_) | Value::Table(_) => None,
    };
    value.ok_or_else(|| UsageError(format!("{key} takes {}, not `{text}`", kind(old))))
}

fn whole(text: &str) -> Option<Value> {
    text.replace('_', "")
        .parse::<i64>()
        .ok()
        .filter(|&value| value >= 0)
        .map(Value::Integer)
}

fn number(text: &str) -> Option<Value> {
    text.replace('_', "").parse().ok().map(Value::Float)
}

/// `[1, 2]`, `1,2` and `1` are the same list; texts may be quoted.
fn list(text: &str, old: &[Value]) -> Option<Value> {
    let inner = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(text)
        .trim();
    let items = inner
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    let numbers = matches!(old.first(), Some(Value::Integer(_)));
    items
        .map(|item| {
            if numbers {
                whole(item)
            } else {
                Some(Value::String(unquoted(item).to_owned()))
            }
        })
        .collect::<Option<Vec<_>>>()
        .map(Value::Array)
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|&quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a whole number of at least 0",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::String(_) => "a text",
        Value::Array(items) if matches!(items.first(), Some(Value::Integer(_))) => {
            "a list of whole numbers (as in 1,2)"
        }
        Value::Array(_) => "a list of texts (as in en,zh)",
        Value::Datetime(_) | Value::Table(_) => "nothing from here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preset() -> Table {
        toml::from_str(
            "name = 'x'\n[zero]\nsteps = 1\nlr = 0.5\nlevels = [1]\n[tasks]\nfile = ''\n\
             languages = ['en']",
        )
        .unwrap()
    }

    fn changed(change: &str) -> Result<Table, String> {
        let mut table = preset();
        apply(&mut table, change)
            .map(|()| table)
            .map_err(|error| error.0)
    }

    #[test]
    fn each_type_is_read_as_itself() {
        assert_eq!(
            changed("zero.steps=1_000").unwrap()["zero"]["steps"],
            Value::Integer(1000)
        );
        assert_eq!(
            changed("zero.lr = 2").unwrap()["zero"]["lr"],
            Value::Float(2.0)
        );
        assert_eq!(
            changed("zero.lr=3e-6").unwrap()["zero"]["lr"],
            Value::Float(3e-6)
        );
        assert_eq!(
            changed("tasks.file=a=b").unwrap()["tasks"]["file"].as_str(),
            Some("a=b")
        );
        let both = Value::try_from(["en", "zh"]).unwrap();
        assert_eq!(
            changed("tasks.languages=en,zh").unwrap()["tasks"]["languages"],
            both
        );
        assert_eq!(
            changed("tasks.languages=[\"en\", 'zh']").unwrap()["tasks"]["languages"],
            both
        );
        assert_eq!(
            changed("zero.levels=[1, 2]").unwrap()["zero"]["levels"],
            Value::try_from([1, 2]).unwrap()
        );
    }

    #[test]
    fn a_wrong_type_names_the_right_one() {
        let whole = "zero.steps takes a whole number of at least 0, not";
        assert_eq!(
            changed("zero.steps=1.5").unwrap_err(),
            format!("{whole} `1.5`")
        );
        assert_eq!(
            changed("zero.steps=-1").unwrap_err(),
            format!("{whole} `-1`")
        );
        assert_eq!(
            changed("zero.lr=fast").unwrap_err(),
            "zero.lr takes a number, not `fast`"
        );
        assert!(
            changed("zero.levels=one")
                .unwrap_err()
                .contains("a list of whole numbers")
        );
    }

    #[test]
    fn an_unknown_key_gets_the_nearest() {
        let hint = |change: &str| changed(change).unwrap_err();
        assert_eq!(
            hint("zero.stpes=1"),
            "there is no setting `zero.stpes`; did you mean `zero.steps`?"
        );
        assert!(hint("steps=1").contains("did you mean `zero.steps`?"));
        assert!(hint("name=y").contains("there is no setting `name`"));
        assert!(hint("zero=1").contains("there is no setting `zero`"));
        assert!(hint("qqqqqqqq.wwwwwwww=1").contains("the sections are: "));
        assert!(hint("zero.steps").contains("section.key=value"));
    }
}
