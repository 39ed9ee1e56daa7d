//! Values with types: integers, floats, strings, booleans, lists, tuples, and what may be absent.

use serde::Deserialize;

/// A value as Python has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// An integer.
    Int(i64),
    /// A float, as Python writes it.
    Float(String),
    /// A text.
    Str(String),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    Absent(()),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// Something else, by what it is.
    Other(String),
}

/// A type of Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Nothing is known: what an empty list holds, what is always absent. Written as `i64`.
    Unknown,
    /// `i64`.
    Int,
    /// `f64`.
    Float,
    /// `String`.
    Str,
    /// `bool`.
    Bool,
    /// `Vec<…>`.
    List(Box<Type>),
    /// `(…)`.
    Tuple(Vec<Type>),
    /// `Option<…>`.
    Optional(Box<Type>),
}

impl Value {
    /// Its type.
    ///
    /// # Errors
    /// What it is, where it has none.
    pub fn kind(&self) -> Result<Type, String> {
        Ok(match self {
            Self::Int(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::Str(_) => Type::Str,
            Self::Bool(_) => Type::Bool,
            Self::Absent(()) => Type::Optional(Box::new(Type::Unknown)),
            Self::List(items) => Type::List(Box::new(all(items)?)),
            Self::Tuple(items) => {
                let types = items.iter().map(Self::kind);
                Type::Tuple(types.collect::<Result<_, _>>()?)
            }
            Self::Other(what) => return Err(format!("a value is {what}")),
        })
    }

    /// As Rust writes it where `kind` is wanted.
    pub fn rust(&self, kind: &Type) -> String {
        match (self, kind) {
            (Self::Absent(()), Type::Optional(inner)) => format!("None::<{}>", inner.name()),
            (value, Type::Optional(inner)) => format!("Some({})", value.rust(inner)),
            (Self::Int(number), Type::Float) => format!("{number}.0f64"),
            (Self::Int(number), _) => format!("{number}i64"),
            (Self::Float(text), _) => match text.as_str() {
                "inf" => "f64::INFINITY".to_owned(),
                "-inf" => "f64::NEG_INFINITY".to_owned(),
                "nan" => "f64::NAN".to_owned(),
                number => format!("{number}f64"),
            },
            (Self::Str(text), _) => format!("String::from({text:?})"),
            (Self::Bool(truth), _) => truth.to_string(),
            (Self::List(items) | Self::Tuple(items), Type::List(inner)) if items.is_empty() => {
                format!("Vec::<{}>::new()", inner.name())
            }
            (Self::List(items) | Self::Tuple(items), Type::List(inner)) => {
                let items: Vec<String> = items.iter().map(|item| item.rust(inner)).collect();
                format!("vec![{}]", items.join(", "))
            }
            (Self::Tuple(items), Type::Tuple(types)) => {
                let items = items.iter().zip(types);
                let items: Vec<String> = items.map(|(item, kind)| item.rust(kind)).collect();
                tuple(&items)
            }
            (Self::List(_) | Self::Tuple(_) | Self::Absent(()) | Self::Other(_), _) => {
                "compile_error!(\"a value of another type\")".to_owned()
            }
        }
    }

    /// As Python writes it.
    pub fn python(&self) -> String {
        let joined = |items: &[Self]| {
            let items: Vec<String> = items.iter().map(Self::python).collect();
            items.join(", ")
        };
        match self {
            Self::Int(number) => number.to_string(),
            Self::Float(text) if text.ends_with("inf") || text == "nan" => {
                format!("float('{text}')")
            }
            Self::Float(text) => text.clone(),
            // JSON's texts are Python's.
            Self::Str(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Bool(truth) => if *truth { "True" } else { "False" }.to_owned(),
            Self::Absent(()) => "None".to_owned(),
            Self::List(items) => format!("[{}]", joined(items)),
            Self::Tuple(items) if items.len() == 1 => format!("({},)", items[0].python()),
            Self::Tuple(items) => format!("({})", joined(items)),
            Self::Other(what) => format!("<{what}>"),
        }
    }
}

/// A tuple of Rust; one of a single item has a comma.
fn tuple(items: &[String]) -> String {
    let comma = if items.len() == 1 { "," } else { "" };
    format!("({}{comma})", items.join(", "))
}

fn all(items: &[Value]) -> Result<Type, String> {
    items
        .iter()
        .try_fold(Type::Unknown, |kind, item| kind.with(&item.kind()?))
}

impl Type {
    /// The type of what is of either: an integer may stand for a float, a tuple for a list where tuples
    /// differ in length, a value for one that may be absent.
    ///
    /// # Errors
    /// Where there is none.
    pub fn with(&self, other: &Self) -> Result<Self, String> {
        let mixed = || {
            Err(format!(
                "values are `{}` and `{}`",
                self.name(),
                other.name()
            ))
        };
        Ok(match (self, other) {
            (same, also) if same == also => same.clone(),
            (Self::Unknown, known) | (known, Self::Unknown) => known.clone(),
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            (Self::Optional(one), Self::Optional(two)) => Self::Optional(Box::new(one.with(two)?)),
            (Self::Optional(one), two) | (two, Self::Optional(one)) => {
                Self::Optional(Box::new(one.with(two)?))
            }
            (Self::List(one), Self::List(two)) => Self::List(Box::new(one.with(two)?)),
            (Self::Tuple(one), Self::Tuple(two)) if one.len() == two.len() => {
                let both = one.iter().zip(two).map(|(one, two)| one.with(two));
                Self::Tuple(both.collect::<Result<_, _>>()?)
            }
            (Self::Tuple(one), Self::Tuple(two)) => {
                Self::List(Box::new(Self::one_of(one.iter().chain(two))?))
            }
            (Self::Tuple(one), Self::List(two)) | (Self::List(two), Self::Tuple(one)) => {
                Self::List(Box::new(Self::one_of(one.iter().chain([&**two]))?))
            }
            _ => return mixed(),
        })
    }

    fn one_of<'a>(mut types: impl Iterator<Item = &'a Self>) -> Result<Self, String> {
        types.try_fold(Self::Unknown, |kind, next| kind.with(next))
    }

    /// As Rust writes it.
    pub fn name(&self) -> String {
        match self {
            Self::Unknown | Self::Int => "i64".to_owned(),
            Self::Float => "f64".to_owned(),
            Self::Str => "String".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::List(inner) => format!("Vec<{}>", inner.name()),
            Self::Tuple(types) => {
                let types: Vec<String> = types.iter().map(Self::name).collect();
                tuple(&types)
            }
            Self::Optional(inner) => format!("Option<{}>", inner.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    fn both(json: &str) -> (String, String, String) {
        let value = read(json);
        let kind = value.kind().unwrap();
        (kind.name(), value.rust(&kind), value.python())
    }

    #[test]
    fn values_are_written_in_both_languages() {
        let own = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        let mixed = r#"{"list": [{"int": 1}, {"float": "2.5"}]}"#;
        assert_eq!(
            both(mixed),
            own("Vec<f64>", "vec![1.0f64, 2.5f64]", "[1, 2.5]")
        );
        let maybe = r#"{"tuple": [{"absent": null}, {"str": "a\"\n"}]}"#;
        let wanted = own(
            "(Option<i64>, String)",
            "(None::<i64>, String::from(\"a\\\"\\n\"))",
            "(None, \"a\\\"\\n\")",
        );
        assert_eq!(both(maybe), wanted);
        let list = r#"{"list": [{"absent": null}, {"int": 2}]}"#;
        assert_eq!(both(list).1, "vec![None::<i64>, Some(2i64)]");
        assert_eq!(both(r#"{"list": []}"#).1, "Vec::<i64>::new()");
        assert_eq!(
            both(r#"{"tuple": [{"bool": true}]}"#),
            own("(bool,)", "(true,)", "(True,)")
        );
        assert_eq!(both(r#"{"float": "inf"}"#).2, "float('inf')");
    }

    #[test]
    fn types_meet_where_they_can() {
        let kind = |json: &str| read(json).kind().unwrap();
        let two = kind(r#"{"tuple": [{"int": 1}, {"int": 2}]}"#);
        let three = kind(r#"{"tuple": [{"int": 1}, {"int": 2}, {"float": "3.0"}]}"#);
        assert_eq!(two.with(&three).unwrap().name(), "Vec<f64>");
        assert!(Type::Int.with(&Type::Str).is_err());
        assert!(Type::Bool.with(&Type::Int).is_err());
        assert!(
            read(r#"{"list": [{"int": 1}, {"str": "a"}]}"#)
                .kind()
                .is_err()
        );
        assert!(
            read(r#"{"other": "a dict"}"#)
                .kind()
                .unwrap_err()
                .contains("dict")
        );
    }
}
