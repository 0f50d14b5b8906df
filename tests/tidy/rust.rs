//! As much of Rust's grammar as the checks need: tokens without comments, the paths they form, the extent of functions.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier, keyword or number.
    Word,
    /// A string; its text is what stands between the quotes.
    Text,
    /// A lifetime or a character: never of interest.
    Quoted,
    /// One sign, except that `::` is one.
    Sign,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: &'a str,
    /// Line, counted from 1.
    pub line: usize,
}

impl Token<'_> {
    /// Whether it is this word or sign. A string never is.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text == text
    }
}

/// The tokens of a source file, comments left out.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let (mut rest, mut line, mut tokens) = (source, 1, Vec::new());
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            _ if first.is_whitespace() => (None, first.len_utf8()),
            '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, block_comment(rest)),
            _ if text_start(rest).is_some() => (Some(Kind::Text), text_length(rest)),
            '\'' => (Some(Kind::Quoted), quoted_length(rest)),
            _ if is_word(first) => (Some(Kind::Word), word_length(rest)),
            ':' if rest.starts_with("::") => (Some(Kind::Sign), 2),
            _ => (Some(Kind::Sign), first.len_utf8()),
        };
        let (token, after) = rest.split_at(length);
        if let Some(kind) = kind {
            let text = if kind == Kind::Text { between_quotes(token) } else { token };
            tokens.push(Token { kind, text, line });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

fn is_word(sign: char) -> bool {
    sign == '_' || sign.is_alphanumeric()
}

fn word_length(rest: &str) -> usize {
    rest.find(|sign| !is_word(sign)).unwrap_or(rest.len())
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Length of the prefix and number of hashes, when a string begins here: `"`, `b"`, `c"`, `r#"`, `br"` …
fn text_start(rest: &str) -> Option<(usize, Option<usize>)> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix).unwrap_or_default();
        after.starts_with('"') || (prefix.ends_with('r') && after.trim_start_matches('#').starts_with('"'))
    })?;
    let after = &rest[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    Some((prefix.len() + hashes, prefix.ends_with('r').then_some(hashes)))
}

fn text_length(rest: &str) -> usize {
    let Some((start, raw)) = text_start(rest) else { return 1 };
    let body = start + 1;
    if let Some(hashes) = raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len());
    }
    let mut escaped = false;
    for (at, sign) in rest[body..].char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return body + at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn between_quotes(token: &str) -> &str {
    let inner = token.find('"').map_or(token, |at| &token[at + 1..]);
    inner.rfind('"').map_or(inner, |at| &inner[..at])
}

/// `'a'` and `'\n'` are characters; `'a` alone is a lifetime.
fn quoted_length(rest: &str) -> usize {
    let mut signs = rest.char_indices().skip(1);
    match (signs.next(), signs.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            rest[from..].find('\'').map_or(rest.len(), |end| from + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1 + word_length(&rest[1..]),
    }
}

/// A path as written, groups taken apart: `use a::{b, c::d}` is `a::b` and `a::c::d`.
#[derive(Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// Its segments.
    pub segments: Vec<&'a str>,
    /// Line of its last segment.
    pub line: usize,
    /// It stands in a `use`.
    pub imported: bool,
    /// How many inline modules of the file it stands in.
    pub depth: usize,
}

/// Every path of more than one segment, and every imported one.
pub fn paths<'a>(tokens: &[Token<'a>]) -> Vec<Path<'a>> {
    let (mut paths, mut at) = (Vec::new(), 0);
    // Open braces; true for those of an inline module.
    let mut braces: Vec<bool> = Vec::new();
    while at < tokens.len() {
        let token = tokens[at];
        if token.is("{") {
            braces.push(at >= 2 && tokens[at - 2].is("mod"));
        } else if token.is("}") {
            braces.pop();
        } else if token.kind == Kind::Word {
            let imported = at > 0 && tokens[at - 1].is("use");
            let depth = braces.iter().filter(|module| **module).count();
            at = path_tree(tokens, at, &[], &mut |segments, line| {
                if imported || segments.len() > 1 {
                    paths.push(Path { segments, line, imported, depth });
                }
            });
            continue;
        }
        at += 1;
    }
    paths
}

/// Reads one path with its groups from `at` on, and returns where it ends.
fn path_tree<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    before: &[&'a str],
    found: &mut dyn FnMut(Vec<&'a str>, usize),
) -> usize {
    let mut segments = before.to_vec();
    loop {
        match tokens.get(at) {
            Some(token) if token.kind == Kind::Word || token.is("*") => {
                segments.push(token.text);
                at += 1;
            }
            Some(token) if token.is("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| !token.is("}")) {
                    let end = path_tree(tokens, at, &segments, found);
                    // `as name`, commas and whatever else stands between two members.
                    at = end.max(at + 1);
                    while tokens.get(at).is_some_and(|token| !token.is("}") && !token.is(",")) {
                        at += 1;
                    }
                    at += usize::from(tokens.get(at).is_some_and(|token| token.is(",")));
                }
                return at + 1;
            }
            _ => return at,
        }
        let goes_on = tokens.get(at).is_some_and(|token| token.is("::"))
            && tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Word || next.is("{") || next.is("*"));
        if !goes_on {
            found(segments, tokens[at - 1].line);
            return at;
        }
        at += 1;
    }
}

/// A function from its `fn` to its last brace.
#[derive(Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// Line of its `fn`.
    pub line: usize,
    /// How many lines it takes.
    pub lines: usize,
}

/// Every function with a body.
pub fn functions<'a>(tokens: &[Token<'a>]) -> Vec<Function<'a>> {
    let starts = tokens.windows(2).enumerate().filter(|(_, pair)| pair[0].is("fn") && pair[1].kind == Kind::Word);
    starts
        .filter_map(|(at, pair)| {
            let end = body_end(&tokens[at..])?;
            Some(Function { name: pair[1].text, line: pair[0].line, lines: end + 1 - pair[0].line })
        })
        .collect()
}

/// Line of the brace that closes the body; `None` for a function without one.
fn body_end(tokens: &[Token<'_>]) -> Option<usize> {
    let (mut nested, mut depth) = (0_usize, 0_usize);
    for token in tokens.iter().filter(|token| token.kind == Kind::Sign) {
        match token.text {
            "(" | "[" => nested += 1,
            ")" | "]" => nested = nested.saturating_sub(1),
            ";" if nested == 0 && depth == 0 => return None,
            "{" if nested == 0 || depth > 0 => depth += 1,
            "}" if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some(token.line);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).iter().filter(|token| token.kind == Kind::Word).map(|token| token.text).collect()
    }

    #[test]
    fn comments_strings_and_characters_hide_their_words() {
        let source = r##"
            // one /* two
            /* three /* four */ five */ six
            "seven \" eight" r#"nine " ten"# b"eleven" 'x' '\'' '"' twelve
            fn f<'thirteen>(c: &'static str) {}
        "##;
        assert_eq!(words(source), ["six", "twelve", "fn", "f", "c", "str"]);
        let text = tokens(r##"call("a\"b", r#"c"d"#)"##);
        let texts: Vec<&str> = text.iter().filter(|token| token.kind == Kind::Text).map(|token| token.text).collect();
        assert_eq!(texts, [r#"a\"b"#, r#"c"d"#]);
    }

    #[test]
    fn groups_are_taken_apart() {
        let tokens = tokens("use a::{self, b as x, c::{d, e::*}, f};\nlet y = g::h::<i::j>(k);\n");
        let found: Vec<(String, usize, bool)> =
            paths(&tokens).iter().map(|path| (path.segments.join("::"), path.line, path.imported)).collect();
        let expected = [
            ("a::self", 1, true),
            ("a::b", 1, true),
            ("a::c::d", 1, true),
            ("a::c::e::*", 1, true),
            ("a::f", 1, true),
            ("g::h", 2, false),
            ("i::j", 2, false),
        ];
        assert_eq!(found, expected.map(|(path, line, imported)| (path.to_owned(), line, imported)));
    }

    #[test]
    fn a_path_knows_how_deep_in_inline_modules_it_stands() {
        let tokens = tokens("fn f() { a::b(); }\nmod tests { use super::c; mod deeper { fn g() { d::e() } } }");
        let depths: Vec<(String, usize)> =
            paths(&tokens).iter().map(|path| (path.segments.join("::"), path.depth)).collect();
        assert_eq!(depths, [("a::b".to_owned(), 0), ("super::c".to_owned(), 1), ("d::e".to_owned(), 2)]);
    }

    #[test]
    fn a_function_is_measured_from_its_name_to_its_last_brace() {
        let source = "trait T { fn none(&self); }\nfn two(x: [u8; 2]) -> u8 {\n}\n\nconst fn four()\nwhere\n{\n    if x { \"}\" } }\n";
        let tokens = tokens(source);
        let found: Vec<(&str, usize, usize)> =
            functions(&tokens).iter().map(|each| (each.name, each.line, each.lines)).collect();
        assert_eq!(found, [("two", 2, 2), ("four", 5, 4)]);
    }
}
