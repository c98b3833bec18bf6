//! Changes as a unified diff that `patch -p1` and `git apply` take.

use std::io::{self, Write};

use plimsoll_assess::FileChange;
use similar::TextDiff;

/// Prints the diff of every file.
pub fn print(files: &[FileChange], out: &mut dyn Write) -> io::Result<()> {
    for change in files {
        let name = change.file.trim_start_matches('/');
        let before = change.before.as_deref().unwrap_or_default();
        let old = match change.before {
            Some(_) => quoted(&format!("a/{name}")),
            None => "/dev/null".to_owned(),
        };
        let new = quoted(&format!("b/{name}"));
        // Lines end at `\n` alone: a `\r` before it is part of the line, or
        // the patch would not fit the file.
        let lines = |text| -> Vec<&str> { str::split_inclusive(text, '\n').collect() };
        let (before, after) = (lines(before), lines(&change.after));
        let diff = TextDiff::from_slices(&before, &after);
        if change.before.is_none() {
            let name = quoted(&format!("a/{name}"));
            writeln!(out, "diff --git {name} {new}\nnew file mode 100644")?;
        }
        writeln!(out, "--- {old}\n+++ {new}")?;
        for hunk in diff.unified_diff().iter_hunks() {
            writeln!(out, "{}", hunk.header())?;
            for line in hunk.iter_changes() {
                write!(out, "{}{}", line.tag(), line.value())?;
                if !line.value().ends_with('\n') {
                    writeln!(out, "\n\\ No newline at end of file")?;
                }
            }
        }
    }
    Ok(())
}

/// A name as Git writes it: in quotes when it would break the header.
fn quoted(name: &str) -> String {
    let plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if name.chars().all(plain) {
        // A tab ends a name that has blanks in it.
        return if name.contains(' ') {
            format!("{name}\t")
        } else {
            name.to_owned()
        };
    }
    let mut text = String::from("\"");
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte as char]),
            0..0x20 | 0x7f.. => text.push_str(&format!("\\{byte:03o}")),
            _ => text.push(byte as char),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn check(before: Option<&str>, after: &str, expect: &str) {
        let change = FileChange {
            file: "a.yaml".into(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
            steps: BTreeSet::new(),
        };
        let mut out = Vec::new();
        print(&[change], &mut out).expect("memory takes all");
        assert_eq!(String::from_utf8_lossy(&out), expect);
    }

    #[test]
    fn diffs_are_what_patch_reads() {
        check(
            Some("a: 1\nb: 2"),
            "a: 1\nb: 3",
            "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n\\ No newline at end of \
             file\n+b: 3\n\\ No newline at end of file\n",
        );
        check(
            Some("a: 1\r\n"),
            "a: 2\r\n",
            "--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +1 @@\n-a: 1\r\n+a: 2\r\n",
        );
        check(
            None,
            "a: 1\n",
            "diff --git a/a.yaml b/a.yaml\nnew file mode 100644\n--- /dev/null\n+++ b/a.yaml\n@@ \
             -0,0 +1 @@\n+a: 1\n",
        );
    }

    #[test]
    fn names_can_not_break_the_header() {
        assert_eq!(quoted("a/b.yaml"), "a/b.yaml");
        assert_eq!(quoted("a/b c.yaml"), "a/b c.yaml\t");
        assert_eq!(quoted("a/b\n.yaml"), "\"a/b\\012.yaml\"");
        assert_eq!(quoted("a/ü\".yaml"), "\"a/\\303\\274\\\".yaml\"");
    }
}
