//! A TOML document that remembers where everything stands, read key by key, every problem gathered on the way.
//!
//! A wrong value is reported and replaced by its default, so that reading goes on and the next problem is found too;
//! whoever reads the document decides by [`Problems::has_errors`] whether the result may be used.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{Fallback, Key, Table, range_in_words};
use super::nearest::nearest;
use super::problem::{Problem, Problems, What};
use crate::core::id::{Slug, SlugError};

/// What stands in the place of a private value.
pub(super) const MASK: &str = "●●●";

/// Longest value that is quoted, in characters.
const QUOTED_CHARS_MAX: usize = 60;

/// A configuration file.
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
    /// Where every line begins.
    lines: Vec<usize>,
    /// It holds people: values that may be names or numbers by mistake are masked too.
    people: bool,
    problems: RefCell<Problems>,
}

impl<'t> Document<'t> {
    /// Parses a file. What is not TOML is said alone, because everything after it would be guesswork.
    pub(super) fn parse(file: &'t str, text: &'t str, people: bool) -> Result<Self, Problems> {
        let (root, broken) = DeTable::parse_recoverable(text);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let document = Self { file, text, root, lines, people, problems: RefCell::default() };
        let mut fatal = false;
        for error in &broken {
            let at = error.span().unwrap_or(0..0);
            let problem = if error.message() == "duplicate key" {
                let key = text.get(at.clone()).unwrap_or_default();
                document.problem(document.key_shown(key), at, What::DuplicateKey).fix("keep one of the two")
            } else {
                fatal = true;
                let fix = document.syntax_fix(at.start, error.message());
                document.problem(String::new(), at, What::Syntax).fix(fix)
            };
            document.report(problem);
        }
        if fatal { Err(document.finish()) } else { Ok(document) }
    }

    /// The top of the file, which may hold `tables` and nothing else.
    pub(super) fn top(&'t self, tables: &[Table]) -> Section<'t> {
        let top = Section { doc: self, path: String::new(), table: Some(self.root.get_ref()), at: 0..0, keys: &[] };
        let mut names: Vec<&str> = tables.iter().map(|table| first_part(table.path)).collect();
        names.dedup();
        top.refuse_unknown(&names);
        top
    }

    /// All problems, in the order of lines.
    pub(super) fn finish(self) -> Problems {
        self.problems.into_inner().sorted()
    }

    pub(super) fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    fn problem(&self, key: String, at: Range<usize>, what: What) -> Problem {
        let line = self.lines.partition_point(|begin| *begin <= at.start);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.text.get(begin..at.start).map_or(1, |before| before.chars().count() + 1);
        Problem { line, column, ..Problem::file(self.file, what).key(key) }
    }

    /// What to do about a line that is not TOML. Most often a text stands without its quotes.
    fn syntax_fix(&self, at: usize, message: &str) -> String {
        let line = self.text.get(..at).map_or(at, |before| before.rfind('\n').map_or(0, |end| end + 1));
        let line = self.text.get(line..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let value = line.split_once('=').map_or("", |(_, value)| value.trim_start());
        if value.starts_with(char::is_alphabetic) {
            return "write the text between quotes".to_owned();
        }
        format!("mend the line: {message}")
    }

    /// A key as it may be printed: a key that is not an id may be somebody's name.
    fn key_shown(&self, key: &str) -> String {
        let plain =
            !key.is_empty() && key.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_'));
        if plain || !self.people { key.to_owned() } else { MASK.to_owned() }
    }

    /// A value as it may be printed.
    fn value_shown(&self, at: Range<usize>, private: bool) -> String {
        let written = self.text.get(at).unwrap_or_default();
        // In a file with people, what is not ASCII may be a name, and a long run of digits a telephone number.
        let digits = written.split(|sign: char| !sign.is_ascii_digit()).map(str::len).max().unwrap_or_default();
        if private || (self.people && (!written.is_ascii() || digits >= 7)) {
            return MASK.to_owned();
        }
        let first = written.lines().next().unwrap_or_default();
        if first.len() == written.len() && first.chars().count() <= QUOTED_CHARS_MAX {
            return first.to_owned();
        }
        first.chars().take(QUOTED_CHARS_MAX).chain(['…']).collect()
    }
}

/// One table of the document, with the keys it may hold.
#[derive(Clone)]
pub(super) struct Section<'d> {
    doc: &'d Document<'d>,
    path: String,
    /// None when it does not stand in the file: all defaults.
    table: Option<&'d DeTable<'d>>,
    at: Range<usize>,
    keys: &'static [Key],
}

/// A value that stands in the file.
#[derive(Clone)]
pub(super) struct Found<'d> {
    pub(super) value: &'d DeValue<'d>,
    pub(super) at: Range<usize>,
    /// Its key inside the inline table that is the value of the section's key.
    below: Option<&'d str>,
}

impl<'d> Found<'d> {
    fn new(spanned: &'d Spanned<DeValue<'d>>) -> Self {
        Self { value: spanned.get_ref(), at: spanned.span(), below: None }
    }
}

impl<'d> Section<'d> {
    /// The table of this name below, empty when it is left out.
    pub(super) fn table(&self, name: &'static str, keys: &'static [Key]) -> Section<'d> {
        let path = self.path_of(name);
        let Some(found) = self.raw(name) else {
            return Section { doc: self.doc, path, table: None, at: self.at.clone(), keys };
        };
        self.doc.section(path, &found, keys)
    }

    /// The same, below which stands a group of tables of its own.
    pub(super) fn table_above(&self, name: &'static str, keys: &'static [Key], group: &'static str) -> Section<'d> {
        let path = self.path_of(name);
        let Some(found) = self.raw(name) else {
            return Section { doc: self.doc, path, table: None, at: self.at.clone(), keys };
        };
        let section = Section { keys, ..self.doc.unjudged(path, &found, keys.iter().any(|key| key.private)) };
        let known: Vec<&str> = keys.iter().map(|key| key.name).chain([group]).collect();
        section.refuse_unknown(&known);
        section
    }

    /// Every table below the table of this name, by its id.
    pub(super) fn by_id(&self, name: &'static str, keys: &'static [Key]) -> Vec<(Slug, Section<'d>)> {
        let sections = self.by_id_unjudged(name, keys.iter().any(|key| key.private));
        sections.into_iter().map(|(id, section)| (id, section.holding(keys))).collect()
    }

    /// The same, of which [`Section::holding`] says which keys each may hold.
    pub(super) fn by_id_unjudged(&self, name: &'static str, private: bool) -> Vec<(Slug, Section<'d>)> {
        let Some(found) = self.raw(name) else { return Vec::new() };
        let path = self.path_of(name);
        let DeValue::Table(table) = found.value else {
            self.doc.report(self.doc.wrong_type(path, &found, false, "tables", &format!("write [{name}.ID]")));
            return Vec::new();
        };
        let mut all = Vec::with_capacity(table.len());
        for (key, value) in table {
            let shown = format!("{path}.{}", self.doc.key_shown(key.get_ref()));
            match key.get_ref().parse::<Slug>() {
                Ok(id) => {
                    let section = self.doc.unjudged(shown, &Found::new(value), private);
                    // What is not a table has been reported, and has nothing to read.
                    all.extend(section.is_given().then_some((id, section)));
                }
                Err(why) => self.doc.report(not_an_id(self.doc.problem(shown, key.span(), What::NotAnId), why)),
            }
        }
        all
    }

    /// Every table of a list of tables, or of a list of inline tables; [`Section::holding`] says which keys each may hold.
    pub(super) fn list(&self, name: &'static str) -> Option<Vec<Section<'d>>> {
        let found = self.raw(name)?;
        let path = self.path_of(name);
        let DeValue::Array(array) = found.value else {
            let fix =
                if self.path.is_empty() { format!("write [[{name}]]") } else { format!("write {name} = [{{ … }}]") };
            self.doc.report(self.doc.wrong_type(path, &found, false, "a list of tables", &fix));
            return None;
        };
        let each = array
            .iter()
            .enumerate()
            .map(|(nth, item)| self.doc.unjudged(format!("{path}[{nth}]"), &Found::new(item), false));
        Some(each.collect())
    }

    /// The same table, which may hold `keys` and nothing else.
    pub(super) fn holding(self, keys: &'static [Key]) -> Section<'d> {
        let section = Section { keys, ..self };
        let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
        section.refuse_unknown(&known);
        section
    }

    /// The same table, of which only `keys` are looked at: for a key that decides which others there are.
    pub(super) fn glance(&self, keys: &'static [Key]) -> Section<'d> {
        Section { keys, ..self.clone() }
    }

    /// Whether the table stands in the file.
    pub(super) const fn is_given(&self) -> bool {
        self.table.is_some()
    }

    /// The value of a key, when it stands in the file.
    pub(super) fn find(&self, name: &'static str) -> Option<Found<'d>> {
        self.raw(self.key(name).name)
    }

    /// The value of a key, when it stands in the file; a required one that does not is reported.
    pub(super) fn demand(&self, name: &'static str) -> Option<Found<'d>> {
        let found = self.find(name);
        if found.is_none() && self.is_given() && self.key(name).default == Fallback::Required {
            let problem = self.doc.problem(self.path_of(name), self.at.clone(), What::MissingKey);
            self.doc.report(problem.fix(format!("add {name} = …; {}", lower_first(self.key(name).about))));
        }
        found
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Option<Cow<'d, str>> {
        let Some(found) = self.demand(name) else { return self.key(name).default_text().map(Cow::Borrowed) };
        let text = self.text_of(name, &found)?;
        if text.trim().is_empty() {
            self.doc.report(self.wrong(name, &found, What::Empty).fix("write something, or leave the key out"));
            return None;
        }
        Some(text)
    }

    /// A whole number within the key's range.
    pub(super) fn whole(&self, name: &'static str) -> Option<u64> {
        let key = self.key(name);
        let Some(found) = self.demand(name) else { return key.default_whole() };
        let DeValue::Integer(written) = found.value else {
            let problem = self.wrong(name, &found, What::WrongType).allowed(range_in_words(key));
            self.doc.report(problem.fix("write a whole number without quotes"));
            return key.default_whole();
        };
        let (min, max) = key.range.unwrap_or((0, u64::MAX));
        let value = u64::from_str_radix(written.as_str(), written.radix()).ok();
        if let Some(value) = value.filter(|value| (min..=max).contains(value)) {
            return Some(value);
        }
        let nearest =
            if written.as_str().starts_with('-') { min } else { value.map_or(max, |value| value.clamp(min, max)) };
        let problem = self.wrong(name, &found, What::OutOfRange).allowed(range_in_words(key));
        self.doc.report(problem.nearest(Some(nearest.to_string())).fix(format!("write {name} = {nearest}")));
        key.default_whole()
    }

    /// True or false.
    pub(super) fn flag(&self, name: &'static str) -> bool {
        let default = self.key(name).default == Fallback::Is("true");
        let Some(found) = self.demand(name) else { return default };
        if let DeValue::Boolean(flag) = found.value {
            return *flag;
        }
        self.doc
            .report(self.wrong(name, &found, What::WrongType).allowed("true, false").fix("write it without quotes"));
        default
    }

    /// An id.
    pub(super) fn id(&self, name: &'static str) -> Option<Slug> {
        let found = self.demand(name)?;
        let text = self.text_of(name, &found)?;
        match text.parse() {
            Ok(id) => Some(id),
            Err(why) => {
                let problem = not_an_id(self.wrong(name, &found, What::NotAnId), why);
                let near = (!self.doc.people).then(|| slug_like(&text)).flatten();
                let fix = near.map_or_else(|| problem.fix.clone(), |near| format!("write \"{near}\""));
                self.doc.report(problem.nearest(near.map(|near| near.to_string())).fix(fix));
                None
            }
        }
    }

    /// One of a closed list of words.
    pub(super) fn word<T: Copy>(&self, name: &'static str, all: &[T], word: fn(T) -> &'static str) -> Option<T> {
        let found = self.demand(name);
        let text = match &found {
            Some(found) => self.text_of(name, found)?,
            None => Cow::Borrowed(self.key(name).default_text()?),
        };
        let chosen = all.iter().copied().find(|one| word(*one) == text);
        if let (None, Some(found)) = (chosen, &found) {
            let words: Vec<&str> = all.iter().map(|one| word(*one)).collect();
            self.doc.report(self.not_among(name, found, What::UnknownWord, &text, &words));
        }
        chosen
    }

    /// A list of texts, each with its place.
    pub(super) fn texts(&self, name: &'static str) -> Vec<(Cow<'d, str>, Found<'d>)> {
        let items = self.items(name, "a list of texts", "[\"…\"]");
        items.into_iter().filter_map(|item| Some((self.text_of(name, &item)?, item))).collect()
    }

    /// The items of a list, which should look like `example`.
    pub(super) fn items(&self, name: &'static str, allowed: &str, example: &str) -> Vec<Found<'d>> {
        let Some(found) = self.demand(name) else { return Vec::new() };
        let DeValue::Array(array) = found.value else {
            let problem = self.wrong(name, &found, What::WrongType).allowed(allowed);
            self.doc.report(problem.fix(format!("write {name} = {example}")));
            return Vec::new();
        };
        array.iter().map(Found::new).collect()
    }

    /// The entries of an inline table, by key.
    pub(super) fn entries(&self, name: &'static str) -> Vec<(&'d str, Found<'d>)> {
        let Some(found) = self.demand(name) else { return Vec::new() };
        let DeValue::Table(table) = found.value else {
            let problem = self.wrong(name, &found, What::WrongType).allowed("a table");
            self.doc.report(problem.fix(format!("write {name} = {{ … = … }}")));
            return Vec::new();
        };
        let entries = table.iter().map(|(key, value)| {
            let key = key.get_ref().as_ref();
            (key, Found { below: Some(key), ..Found::new(value) })
        });
        entries.collect()
    }

    /// A found value as text; the wrong type is reported.
    pub(super) fn text_of(&self, name: &'static str, found: &Found<'d>) -> Option<Cow<'d, str>> {
        if let DeValue::String(text) = found.value {
            return Some(text.clone());
        }
        self.doc.report(self.wrong(name, found, What::WrongType).allowed("a text").fix("write it between quotes"));
        None
    }

    /// A problem of a value that stands here.
    pub(super) fn wrong(&self, name: &'static str, found: &Found<'_>, what: What) -> Problem {
        let value = self.doc.value_shown(found.at.clone(), self.key(name).private);
        let path = match found.below {
            Some(below) => format!("{}.{}", self.path_of(name), self.doc.key_shown(below)),
            None => self.path_of(name),
        };
        self.doc.problem(path, found.at.clone(), what).value(value)
    }

    /// A problem of a text that is not among `words`, with the nearest of them.
    pub(super) fn not_among(
        &self,
        name: &'static str,
        found: &Found<'_>,
        what: What,
        typed: &str,
        words: &[&str],
    ) -> Problem {
        let near = nearest(typed, words.iter().copied());
        let fix = match (near, words.is_empty()) {
            (Some(near), _) => format!("write \"{near}\""),
            (None, false) => "write one of these".to_owned(),
            (None, true) => "add it first".to_owned(),
        };
        let allowed = if words.is_empty() { "none is configured".to_owned() } else { some_of(words) };
        self.wrong(name, found, what).allowed(allowed).nearest(near).fix(fix)
    }

    /// A problem of the whole table.
    pub(super) fn whole_table(&self, what: What) -> Problem {
        self.doc.problem(self.path.clone(), self.at.clone(), what)
    }

    pub(super) fn report(&self, problem: Problem) {
        self.doc.report(problem);
    }

    /// Line of the table's head, for pointing at it from elsewhere.
    pub(super) fn line(&self) -> usize {
        self.whole_table(What::Shared).line
    }

    /// Full path of the table.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn key(&self, name: &'static str) -> &'static Key {
        self.keys.iter().find(|key| key.name == name).expect("a section is asked for keys of its own table only")
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn raw(&self, name: &str) -> Option<Found<'d>> {
        self.table?.get(name).map(Found::new)
    }

    fn refuse_unknown(&self, known: &[&str]) {
        for key in self.table.into_iter().flat_map(|table| table.keys()) {
            let typed: &str = key.get_ref();
            if known.contains(&typed) {
                continue;
            }
            let near = nearest(typed, known.iter().copied());
            let fix = near.map_or_else(|| "take it out".to_owned(), |near| format!("write {near}"));
            let problem = self.doc.problem(self.path_of(&self.doc.key_shown(typed)), key.span(), What::UnknownKey);
            self.doc.report(problem.allowed(known.join(", ")).nearest(near).fix(fix));
        }
    }
}

impl<'t> Document<'t> {
    fn section(&'t self, path: String, found: &Found<'t>, keys: &'static [Key]) -> Section<'t> {
        self.unjudged(path, found, keys.iter().any(|key| key.private)).holding(keys)
    }

    fn unjudged(&'t self, path: String, found: &Found<'t>, private: bool) -> Section<'t> {
        let table = if let DeValue::Table(table) = found.value {
            Some(table)
        } else {
            self.report(self.wrong_type(path.clone(), found, private, "a table", &format!("write [{path}]")));
            None
        };
        Section { doc: self, path, table, at: found.at.clone(), keys: &[] }
    }

    fn wrong_type(&self, key: String, found: &Found<'_>, private: bool, want: &str, fix: &str) -> Problem {
        let value = self.value_shown(found.at.clone(), private);
        self.problem(key, found.at.clone(), What::WrongType).value(value).allowed(want).fix(fix)
    }
}

/// The first names of a list, so that a line about 5,000 devices stays a line.
fn some_of(words: &[&str]) -> String {
    const SHOWN_MAX: usize = 24;
    let shown = words.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    if words.len() > SHOWN_MAX { format!("{shown}, … ({} in all)", words.len()) } else { shown }
}

fn not_an_id(problem: Problem, why: SlugError) -> Problem {
    problem.allowed("1 to 23 signs of a-z 0-9 - _, beginning with a letter or digit").fix(why.to_string())
}

/// The id that somebody who typed this may have meant.
fn slug_like(typed: &str) -> Option<Slug> {
    let signs =
        typed.trim().chars().map(|sign| if sign.is_ascii_alphanumeric() { sign.to_ascii_lowercase() } else { '-' });
    if typed.is_ascii() { signs.collect::<String>().parse().ok() } else { None }
}

fn first_part(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn lower_first(sentence: &str) -> String {
    let mut signs = sentence.chars();
    let first = signs.next().map(|sign| sign.to_ascii_lowercase());
    first.into_iter().chain(signs).collect::<String>().trim_end_matches('.').to_owned()
}
