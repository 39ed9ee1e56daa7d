//! Names of parameters: the fields from the root, as Hugging Face writes them.

/// Follows a traversal of a module and knows where it is.
///
/// Enum variants leave no trace, so `self_attn.Latent.q_proj` is `self_attn.q_proj`.
#[derive(Debug, Default)]
pub struct ParameterPath {
    parts: Vec<Option<String>>,
}

impl ParameterPath {
    /// Goes into the field or variant `name`.
    pub fn enter(&mut self, name: &str) {
        let variant = name.starts_with(char::is_uppercase);
        self.parts.push((!variant).then(|| name.to_string()));
    }

    /// Comes back out.
    pub fn exit(&mut self) {
        self.parts.pop();
    }

    /// The dotted name of where it is.
    pub fn name(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().flatten().map(String::as_str).collect();
        parts.join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_leave_no_trace() {
        let mut path = ParameterPath::default();
        for part in ["layers", "0", "Latent", "weight"] {
            path.enter(part);
        }
        assert_eq!(path.name(), "layers.0.weight");
        path.exit();
        path.exit();
        assert_eq!(path.name(), "layers.0");
    }
}
