//! What readers of text files share.

use std::borrow::Cow;

use crate::{Candidate, Sink};

/// Whether the last part of the path is this.
pub(crate) fn has_name(path: &str, name: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// The last part of the path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether the path is in a package manager's store of sources, where a lock
/// file tells of what its package once was developed with, not of what is here.
pub(crate) fn in_source_cache(path: &str) -> bool {
    ["pkg/mod/", "registry/src/", "git/checkouts/", "/testdata/"]
        .iter()
        .any(|part| path.contains(part))
}

/// The file as text, when it is one; else says in `sink` why it could not be read.
pub(crate) fn text_or_tell<'a>(file: &Candidate<'a>, sink: &mut Sink) -> Option<Cow<'a, str>> {
    let text = match file.whole_or_tell(file.limits.document_bytes, sink)? {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| error.utf8_error()),
    };
    match text {
        Ok(text) => Some(match text.strip_prefix('\u{feff}') {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => text,
        }),
        Err(error) => {
            sink.incomplete_at(error.valid_up_to() as u64, "not UTF-8");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_whole_last_part() {
        let check = |path, expect| assert_eq!(has_name(path, "go.mod"), expect, "{path}");
        check("go.mod", true);
        check("src/go.mod", true);
        check("src/ergo.mod", false);
        check("go.mod/x", false);
        assert!(in_source_cache("root/go/pkg/mod/github.com/a/b@v1/go.mod"));
        assert!(!in_source_cache("src/go.mod"));
        assert_eq!(file_name("a/b"), "b");
        assert_eq!(file_name("b"), "b");
    }
}
