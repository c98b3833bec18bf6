//! Text made safe for HTML.

use crate::text::clean;

/// Text for an element or a quoted attribute.
pub(super) fn esc(raw: &str) -> String {
    let raw = clean(raw);
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_element_or_attribute() {
        let check = |raw: &str, expect: &str| assert_eq!(esc(raw), expect);
        check(
            "<script>alert('x')</script>",
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;",
        );
        check("\" onload=\"x", "&quot; onload=&quot;x");
        check("a & b\u{1b}[0m", "a &amp; b[0m");
    }
}
