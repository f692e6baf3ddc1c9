use jsonwebtoken::{Algorithm, Validation};

/// The rules for tokens, whatever key signed them.
pub(super) struct Rules {
    pub(super) algorithms: Vec<Algorithm>,
    /// Without algorithms, because each key has its own.
    pub(super) validation: Validation,
    pub(super) token_type: Option<String>,
    pub(super) max_size: usize,
}

impl Rules {
    pub(super) fn check(&self, header: &jsonwebtoken::Header) -> Result<(), &'static str> {
        if !self.algorithms.contains(&header.alg) {
            return Err("its `alg` is another");
        }
        if header.crit.is_some() {
            return Err("it has a `crit`");
        }
        let Some(expected) = &self.token_type else {
            return Ok(());
        };
        let typ = header.typ.as_deref().unwrap_or_default();
        match without_application(typ).eq_ignore_ascii_case(without_application(expected)) {
            true => Ok(()),
            false => Err("its `typ` is another"),
        }
    }
}

/// RFC 7515, 4.1.9: a type without a slash is short for `application/…`.
fn without_application(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    }
}
