//! Terms as Erlang and Elixir write them, as far as data files need them:
//! tuples, lists, maps, texts, atoms, numbers.

/// How deep terms are read.
const MOST_DEPTH: usize = 64;

/// A term. Atoms, numbers, strings and binaries are all texts; a key with its
/// value is a tuple of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Text(String),
    Tuple(Vec<Term>),
    List(Vec<Term>),
}

impl Term {
    /// The text, when it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Term::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The parts of a tuple; none when it is none.
    pub(super) fn tuple(&self) -> &[Term] {
        match self {
            Term::Tuple(parts) => parts,
            _ => &[],
        }
    }

    /// The items of a list or map; none when it is none.
    pub(super) fn items(&self) -> &[Term] {
        match self {
            Term::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key in a list of pairs.
    pub(super) fn get(&self, key: &str) -> Option<&Term> {
        self.items().iter().find_map(|item| match item.tuple() {
            [name, value] if name.text() == Some(key) => Some(value),
            _ => None,
        })
    }
}

/// What is no term, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoTerm {
    /// The byte offset.
    pub(super) at: usize,
    /// What was expected.
    pub(super) what: &'static str,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// All terms of a text: Erlang's end in a full stop.
pub(super) fn terms(text: &str) -> Result<Vec<Term>, NoTerm> {
    let mut reader = Reader { text, at: 0 };
    let mut terms = Vec::new();
    loop {
        reader.skip_space();
        if reader.eat(".") {
            continue;
        }
        if reader.at >= text.len() {
            return Ok(terms);
        }
        terms.push(reader.term(0)?);
    }
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn eat(&mut self, what: &str) -> bool {
        let is = self.rest().starts_with(what);
        if is {
            self.at += what.len();
        }
        is
    }

    fn fail<T>(&self, what: &'static str) -> Result<T, NoTerm> {
        Err(NoTerm { at: self.at, what })
    }

    /// Space and comments: `%` in Erlang, `#` in Elixir.
    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let space = rest.len() - rest.trim_start().len();
            let comment = match rest.as_bytes()[space..] {
                [b'%' | b'#', b'{', ..] => 0,
                [b'%' | b'#', ..] => {
                    let rest = &rest[space..];
                    rest.find('\n').unwrap_or(rest.len())
                }
                _ => 0,
            };
            self.at += space + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn term(&mut self, depth: usize) -> Result<Term, NoTerm> {
        if depth > MOST_DEPTH {
            return self.fail("terms that are less deep");
        }
        self.skip_space();
        if self.eat("%{") || self.eat("#{") {
            return Ok(Term::List(self.parts("}", depth)?));
        }
        if self.eat("{") {
            return Ok(Term::Tuple(self.parts("}", depth)?));
        }
        if self.eat("[") {
            return Ok(Term::List(self.parts("]", depth)?));
        }
        let text = self.atom()?;
        // Elixir's `key: value`.
        if self.rest().starts_with(':') && !self.rest().starts_with("::") {
            self.at += 1;
            let value = self.term(depth + 1)?;
            return Ok(Term::Tuple(vec![Term::Text(text), value]));
        }
        Ok(Term::Text(text))
    }

    /// Everything up to the closing bracket.
    fn parts(&mut self, close: &str, depth: usize) -> Result<Vec<Term>, NoTerm> {
        let mut parts: Vec<Term> = Vec::new();
        loop {
            self.skip_space();
            if self.eat(close) {
                return Ok(parts);
            }
            if self.eat(",") {
                continue;
            }
            if self.at >= self.text.len() {
                return self.fail("a closing bracket");
            }
            let term = self.term(depth + 1)?;
            self.skip_space();
            // A map's `key => value`, a list's `head | tail`.
            if self.eat("=>") || self.eat(":=") {
                let value = self.term(depth + 1)?;
                parts.push(Term::Tuple(vec![term, value]));
            } else {
                let _ = self.eat("|");
                parts.push(term);
            }
        }
    }

    fn atom(&mut self) -> Result<String, NoTerm> {
        if self.eat("<<") {
            self.skip_space();
            let text = match self.rest().starts_with('"') {
                true => self.atom()?,
                false => String::new(),
            };
            // `/utf8`, or bytes one by one.
            let Some(end) = self.rest().find(">>") else {
                return self.fail("the end of a binary");
            };
            self.at += end + 2;
            return Ok(text);
        }
        let _ = self.eat(":");
        for quote in ['"', '\''] {
            if self.rest().starts_with(quote) {
                self.at += 1;
                return self.quoted(quote);
            }
        }
        let rest = self.rest();
        let is_word =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '-' | '+' | '?' | '!' | '$');
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            // A full stop in a word, not at its end.
            let inside = c == '.'
                && at > 0
                && rest[at + 1..]
                    .chars()
                    .next()
                    .is_some_and(char::is_alphanumeric);
            if !is_word(c) && !inside {
                break;
            }
            end = at + c.len_utf8();
        }
        if end == 0 {
            return self.fail("a term");
        }
        let word = rest[..end].to_owned();
        self.at += end;
        Ok(word)
    }

    fn quoted(&mut self, quote: char) -> Result<String, NoTerm> {
        let mut out = String::new();
        let mut escaped = false;
        for (at, c) in self.rest().char_indices() {
            match c {
                _ if escaped => {
                    escaped = false;
                    out.push(c);
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(out);
                }
                c => out.push(c),
            }
        }
        self.fail("the end of a text")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(term: &Term) -> String {
        let all = |terms: &[Term]| terms.iter().map(shown).collect::<Vec<_>>().join(",");
        match term {
            Term::Text(text) => text.clone(),
            Term::Tuple(parts) => format!("({})", all(parts)),
            Term::List(items) => format!("[{}]", all(items)),
        }
    }

    #[test]
    fn terms_of_both_languages_are_read() {
        let check = |text: &str, expect: &str| {
            let found =
                terms(text).map(|terms| terms.iter().map(shown).collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), Ok(expect), "{text}");
        };
        check(
            "{a,<<\"b\">>,[1.5, 'c d']}.\n% x\n[].",
            "(a,b,[1.5,c d]) []",
        );
        check(
            "%{\"a\": {:hex, :b, \"1\", [x: :y]}, # c\n}",
            "[(a,(hex,b,1,[(x,y)]))]",
        );
        check("#{k => <<1,2>>, l := \"\\\"\"}", "[(k,),(l,\")]");
        check("<<\"é\"/utf8>>. [a|b].", "é [a,b]");
        check("", "");
    }

    #[test]
    fn what_is_no_term_is_told_with_its_place() {
        let check = |text: &str, at: usize| {
            assert_eq!(terms(text).map_err(|error| error.at), Err(at), "{text}");
        };
        check("{a", 2);
        check("\"a", 1);
        check("{a, )}", 4);
        check("<<\"a\"", 5);
        assert!(terms(&"[".repeat(100_000)).is_err());
        assert!(terms(&"a:".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[%#{}\\[\\],.:=>|<\"'a1é\n \\\\]{0,60}") {
            let _ = terms(&text);
        }
    }
}
