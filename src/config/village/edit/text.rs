//! The text of a file as the parser places it: what is read of a table, and how lines are put into it so that every other byte stays.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::EditError;
use crate::core::id::DeviceId;
use crate::limits::ADDRESS_BYTES_MAX;

/// A table of a device or a responder as it stands in the text.
pub(super) struct Entry<'t> {
    pub(super) text: &'t str,
    pub(super) table: DeTable<'t>,
}

impl<'t> Entry<'t> {
    pub(super) fn find(text: &'t str, list: &str, id: &str) -> Result<Self, EditError> {
        let mut root = DeTable::parse(text).map_err(|_| EditError::Form)?.into_inner();
        let below = |table: &mut DeTable<'t>, name: &str| match table.remove(name).map(Spanned::into_inner) {
            Some(DeValue::Table(inner)) => Ok(inner),
            _ => Err(EditError::Form),
        };
        let mut all = below(&mut root, list)?;
        let table = below(&mut all, id)?;
        Ok(Self { text, table })
    }

    /// Where a key's value stands.
    pub(super) fn value(&self, name: &str) -> Option<Range<usize>> {
        self.table.get(name).map(Spanned::span)
    }

    /// A key's value as it is written.
    pub(super) fn written(&self, name: &str) -> Option<&'t str> {
        self.text.get(self.value(name)?)
    }

    /// A key's value, if it is a text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.table.get(name)?.get_ref() {
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => None,
        }
    }

    /// Behind the line of its last value, whose comment belongs to it.
    pub(super) fn end(&self) -> Result<usize, EditError> {
        self.end_of_line(self.table.values().map(|value| value.span().end).max().ok_or(EditError::Form)?)
    }

    /// The end of the line on which a value ends, which holds nothing more but a comment.
    pub(super) fn end_of_line(&self, value: usize) -> Result<usize, EditError> {
        let rest = self.text.get(value..).ok_or(EditError::Form)?;
        let line = rest.split('\n').next().unwrap_or_default();
        let behind = line.trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            return Err(EditError::Form);
        }
        Ok(value + line.len())
    }
}

/// Changes of a text at places of the text as it was.
pub(super) struct Patch<'t> {
    text: &'t str,
    changes: Vec<(Range<usize>, String)>,
}

impl<'t> Patch<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, changes: Vec::new() }
    }

    pub(super) fn replace(&mut self, at: Range<usize>, with: &str) {
        self.changes.push((at, with.to_owned()));
    }

    /// A line more behind the line that ends at `at`.
    pub(super) fn insert(&mut self, at: usize, line: &str) {
        let ends_with_return = self.text.get(..at).is_some_and(|before| before.ends_with('\r'));
        let line = if ends_with_return { format!("\n{line}\r") } else { format!("{}{line}", line_end(self.text)) };
        self.changes.push((at..at, line));
    }

    pub(super) fn done(mut self) -> String {
        // A stable sort: lines that are put at one place keep their order.
        self.changes.sort_by_key(|(at, _)| at.start);
        let (mut new, mut done) = (String::with_capacity(self.text.len() + 128), 0);
        for (at, with) in self.changes {
            new.push_str(self.text.get(done..at.start).unwrap_or_default());
            new.push_str(&with);
            done = at.end;
        }
        new.push_str(self.text.get(done..).unwrap_or_default());
        new
    }
}

/// The lines of a new table.
pub(super) struct Lines(pub(super) Vec<String>);

impl Lines {
    pub(super) fn of(id: DeviceId) -> Self {
        Self(vec![String::new(), format!("[devices.{id}]")])
    }

    pub(super) fn text(&mut self, name: &str, value: Option<&str>) -> Result<(), EditError> {
        if let Some(value) = value {
            self.0.push(format!("{name} = {}", quoted(value)?));
        }
        Ok(())
    }

    pub(super) fn raw(&mut self, name: &str, value: Option<&str>) {
        self.0.extend(value.map(|value| format!("{name} = {value}")));
    }
}

/// The text with a table behind its end.
pub(super) fn appended(text: &str, lines: Lines) -> String {
    let end = line_end(text);
    let mut new = text.to_owned();
    if !new.is_empty() && !new.ends_with('\n') {
        new.push_str(end);
    }
    for line in lines.0 {
        new.push_str(&line);
        new.push_str(end);
    }
    new
}

/// How the file ends its lines; an editor of another system may have written it.
pub(super) fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> Result<String, EditError> {
    if text.is_empty() || text.len() > ADDRESS_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(EditError::Text);
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
