//! A plan as Markdown, for example to be kept with the protos.

use std::fmt::Write as _;

use super::{EntryPlan, MethodPlan, Plan};

impl Plan {
    /// The policy as a Markdown table, with a row for each interceptor of each method and its effective settings. If a method has the same list as an
    /// earlier method, it has a single row, which names that method. Below the table are the [notes](Self::notes).
    ///
    /// Write it to a file beside your protos, and compare the two in a test. Changes of the policy then show up in review, also for people who do not
    /// read Rust.
    ///
    /// ```
    /// use interceptors::{Intercepted as _, intercept};
    ///
    /// #[intercept(logging, retry(max = 3))]
    /// struct Outbound;
    ///
    /// let document = Outbound::PLAN.to_markdown();
    /// assert!(document.starts_with("| Method | Kind | Interceptor | Settings"), "{document}");
    /// assert!(document.contains("\n|        |      | `retry`     | max_attempts=4 "), "{document}");
    /// ```
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut rows = vec![["Method", "Kind", "Interceptor", "Settings"].map(String::from)];
        let mut shown_lists: Vec<(Vec<[String; 2]>, String)> = Vec::new();
        for method in self.methods {
            let mut path = shown(method);
            let mut kind = method.kind_shown().to_owned();
            let mut list: Vec<_> = method
                .interceptors()
                .map(|entry| [code(&entry.label()), listed_settings(entry).join(" ")])
                .collect();
            if list.is_empty() {
                list.push([NONE, ""].map(String::from));
            }
            match shown_lists.iter().find(|(known, _)| *known == list) {
                Some((_, first)) if list.len() > 1 => {
                    list = vec![[format!("as {first}"), String::new()]];
                }
                _ => shown_lists.push((list.clone(), code(method.path))),
            }
            for [name, settings] in list {
                rows.push([
                    std::mem::take(&mut path),
                    std::mem::take(&mut kind),
                    name,
                    settings,
                ]);
            }
        }
        let mut document = table(&rows);
        self.append_notes(&mut document);
        document
    }

    /// The policy as a Markdown matrix, with a row for each method and a column for each interceptor, in list order. A cell shows only the settings
    /// that differ between methods.
    ///
    /// ```
    /// use interceptors::{Intercepted as _, intercept};
    ///
    /// #[intercept(logging, retry(max = 3, only = ["/demo.v1.UserService/GetUser"]))]
    /// struct Outbound;
    ///
    /// assert_eq!(
    ///     Outbound::PLAN.to_matrix(),
    ///     "| Method                         | Kind | `logging` | `retry` |\n\
    ///      | ------------------------------ | ---- | --------- | ------- |\n\
    ///      | `*`                            | any  | ✓         | –       |\n\
    ///      | `/demo.v1.UserService/GetUser` | any  | ✓         | ✓       |\n",
    /// );
    /// ```
    #[must_use]
    pub fn to_matrix(&self) -> String {
        let columns = self.columns();
        let mut head = vec!["Method".to_owned(), "Kind".to_owned()];
        head.extend(columns.iter().map(|column| code(&column.name.label)));
        let mut rows = vec![head];
        for method in self.methods {
            let listed = numbered(method);
            let mut row = vec![shown(method), method.kind_shown().to_owned()];
            for column in &columns {
                let entry = listed.iter().find(|(name, _)| *name == column.name);
                row.push(entry.map_or(NONE.to_owned(), |(_, entry)| column.cell(entry)));
            }
            rows.push(row);
        }
        table(&rows)
    }

    /// The interceptors of all methods, each once, in list order.
    fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for method in self.methods {
            let mut at = 0;
            for (name, entry) in numbered(method) {
                let listed = listed_settings(entry);
                match columns.iter_mut().position(|column| column.name == name) {
                    Some(known) => {
                        let same = &mut columns[known].same;
                        same.retain(|setting| listed.contains(setting));
                        at = known + 1;
                    }
                    None => {
                        columns.insert(at, Column { name, same: listed });
                        at += 1;
                    }
                }
            }
        }
        columns
    }

    fn append_notes(&self, document: &mut String) {
        let mut notes = String::new();
        // Writing to a `String` cannot fail.
        _ = self.write_all_notes(&mut notes);
        if !notes.is_empty() {
            document.push('\n');
        }
        for note in notes.lines() {
            // Without the backslash, a star would begin a list.
            let star = note.strip_prefix('*').map(|_| "\\");
            _ = writeln!(document, "- {}{note}", star.unwrap_or_default());
        }
    }
}

const NONE: &str = "–";

/// An interceptor of the list. The number distinguishes several entries with one label.
#[derive(PartialEq)]
struct Numbered {
    label: String,
    number: usize,
}

struct Column {
    name: Numbered,
    /// The settings that are equal in all methods.
    same: Vec<String>,
}

impl Column {
    fn cell(&self, entry: &EntryPlan) -> String {
        let mut settings = listed_settings(entry);
        settings.retain(|setting| !self.same.contains(setting));
        match settings.is_empty() {
            true => "✓".to_owned(),
            false => settings.join(" "),
        }
    }
}

fn numbered(method: &'static MethodPlan) -> Vec<(Numbered, &'static EntryPlan)> {
    let mut listed: Vec<(Numbered, &'static EntryPlan)> = Vec::new();
    for entry in method.interceptors() {
        let label = entry.label();
        let number = listed
            .iter()
            .filter(|(name, _)| name.label == label)
            .count();
        listed.push((Numbered { label, number }, entry));
    }
    listed
}

fn shown(method: &MethodPlan) -> String {
    let marker = if method.derived { " \\*" } else { "" };
    format!("{}{marker}", code(method.path))
}

/// Each setting as `name=value`.
fn listed_settings(entry: &EntryPlan) -> Vec<String> {
    // For `with`, the interceptor is in the label already.
    let settings = entry
        .listed_value()
        .is_none()
        .then(|| entry.settings().iter());
    let settings = settings.into_iter().flatten();
    let shown = settings.map(|setting| cell(&format!("{}={}", setting.name(), setting.value())));
    shown.collect()
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Escapes text for Markdown.
fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '|' | '*' | '`' | '<' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The first row is the head. The columns are padded, so that the source is readable.
fn table<R: AsRef<[String]>>(rows: &[R]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row.as_ref()[column].chars().count());
        cells.max().unwrap_or(0).max(3)
    };
    let columns = rows.first().map_or(0, |head| head.as_ref().len());
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut table = String::new();
    for (i, row) in rows.iter().enumerate() {
        for (cell, width) in row.as_ref().iter().zip(&widths) {
            _ = write!(table, "| {cell:width$} ");
        }
        table.push_str("|\n");
        if i == 0 {
            for width in &widths {
                _ = write!(table, "| {} ", "-".repeat(*width));
            }
            table.push_str("|\n");
        }
    }
    table
}
