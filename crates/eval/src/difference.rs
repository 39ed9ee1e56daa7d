//! In what two records differ, field by field.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A field that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path, as `protocol.samples`.
    pub field: String,
    /// What was recorded; `nothing` where the field was absent.
    pub before: String,
    /// What it is now.
    pub now: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, before, now } = self;
        write!(f, "{field}: {before} before, {now} now")
    }
}

/// Every difference, as one text.
pub(crate) fn listed(differences: &[Difference]) -> String {
    let all: Vec<String> = differences.iter().map(Difference::to_string).collect();
    all.join("; ")
}

/// The fields in which `now` differs from `before`, but for those whose path `ignored` holds.
pub(crate) fn between<T: Serialize>(before: &T, now: &T, ignored: &[&str]) -> Vec<Difference> {
    let value = |record: &T| serde_json::to_value(record).unwrap_or(Value::Null);
    let mut found = Vec::new();
    walk("", Some(&value(before)), Some(&value(now)), &mut found);
    found.retain(|difference| !ignored.contains(&difference.field.as_str()));
    found
}

fn walk(path: &str, before: Option<&Value>, now: Option<&Value>, found: &mut Vec<Difference>) {
    if let (Some(Value::Object(left)), Some(Value::Object(right))) = (before, now) {
        let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
        for name in names {
            let path = match path.is_empty() {
                true => name.clone(),
                false => format!("{path}.{name}"),
            };
            walk(&path, left.get(name), right.get(name), found);
        }
    } else if before != now {
        let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
        found.push(Difference {
            field: path.to_owned(),
            before: text(before),
            now: text(now),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_compared_one_by_one() {
        let before = json!({"a": 1, "b": {"c": [1], "d": "x"}, "p": 1});
        let now = json!({"a": 1, "b": {"c": [2], "e": 0.5}, "p": 2});
        let found = between(&before, &now, &["p"]);
        assert_eq!(
            listed(&found),
            "b.c: [1] before, [2] now; b.d: \"x\" before, nothing now; b.e: nothing before, 0.5 now"
        );
        assert!(between(&now, &now, &[]).is_empty());
    }
}
