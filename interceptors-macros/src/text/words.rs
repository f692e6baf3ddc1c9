/// The message for an unknown name: it suggests the nearest known one, or lists all.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`?"),
        None => {
            let list: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            format!(
                "unknown {what} `{name}`; expected one of {}",
                list.join(", ")
            )
        }
    }
}

pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    // A whole word counts most: `attempts` means `max_attempts`, although `attempt_timeout` is more similar.
    let likeness = |candidate: &&str| match candidate.to_lowercase() {
        candidate if candidate.split('_').any(|word| word == name) => 1.0,
        candidate => strsim::jaro_winkler(&name, &candidate),
    };
    // `max_by` returns the last of equal elements, so `rev` prefers the first.
    let best = known
        .iter()
        .rev()
        .copied()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) > 0.8).then_some(best)
}

/// `GetUser` for `get_user`
pub(crate) fn pascal_case(name: &str) -> String {
    let mut pascal = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        pascal.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        pascal.extend(letters);
    }
    pascal
}

/// A name in lower case and without underscores, for comparisons.
pub(crate) fn normalized(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}
