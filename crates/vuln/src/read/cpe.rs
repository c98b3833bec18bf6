//! Names of products in the form of CPE 2.3 and of the older URI.

use super::bounds;

/// What is asked of a CPE; `*` and `-` as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cpe {
    /// `a` for an application, `o` for an operating system, `h` for hardware.
    pub(crate) part: char,
    pub(crate) vendor: String,
    pub(crate) product: String,
    pub(crate) version: String,
    pub(crate) update: String,
    /// What it runs in or on: `wordpress`, `node.js`.
    pub(crate) target: String,
}

impl Cpe {
    /// Reads one; none where it is none, or names no product.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.len() > 4 * bounds::NAME {
            return None;
        }
        let (fields, target) = match text.strip_prefix("cpe:2.3:") {
            Some(rest) => (split(rest), 8),
            None => (split(text.strip_prefix("cpe:/")?), usize::MAX),
        };
        let field = |at: usize| fields.get(at).cloned().unwrap_or_else(|| "*".to_owned());
        let part = fields.first()?.chars().next()?;
        let cpe = Self {
            part,
            vendor: bounds::word(&field(1).to_lowercase()).ok()?,
            product: bounds::word(&field(2).to_lowercase()).ok()?,
            version: field(3),
            update: field(4),
            target: field(target),
        };
        (matches!(part, 'a' | 'o' | 'h') && cpe.product != "*" && cpe.vendor != "*").then_some(cpe)
    }

    /// `vendor:product`.
    pub(crate) fn program(&self) -> String {
        format!("{}:{}", self.vendor, self.product)
    }

    /// The version with its update: `8.9` and `p1` are `8.9p1`, `2.0.0` and
    /// `beta1` are `2.0.0-beta1`. None for any and for none.
    pub(crate) fn full_version(&self) -> Option<String> {
        let stated = |text: &str| !matches!(text, "*" | "-" | "");
        if !stated(&self.version) {
            return None;
        }
        let version = bounds::word(&self.version).ok()?;
        if !stated(&self.update) {
            return Some(version);
        }
        let patch = self
            .update
            .strip_prefix('p')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
        let dash = if patch { "" } else { "-" };
        bounds::word(&format!("{version}{dash}{}", self.update)).ok()
    }
}

/// Fields between colons, escapes resolved.
fn split(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let kept = match c {
            ':' => {
                fields.push(String::new());
                continue;
            }
            '\\' => match chars.next() {
                Some(c) => c,
                None => break,
            },
            c => c,
        };
        if let Some(last) = fields.last_mut() {
            last.push(kept);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpe_names_a_program_and_a_version() {
        let check = |text: &str, expect: Option<(&str, Option<&str>)>| {
            let cpe = Cpe::read(text);
            let got = cpe.map(|cpe| (cpe.program(), cpe.full_version()));
            let got = got.as_ref().map(|(name, v)| (name.as_str(), v.as_deref()));
            assert_eq!(got, expect, "{text}");
        };
        check(
            "cpe:2.3:a:openbsd:openssh:8.9:p1:*:*:*:*:*:*",
            Some(("openbsd:openssh", Some("8.9p1"))),
        );
        check(
            "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*",
            Some(("f5:nginx", None)),
        );
        check(
            "cpe:2.3:a:gnu:c\\+\\+:2.0.0:beta1:*:*:*:*:*:*",
            Some(("gnu:c++", Some("2.0.0-beta1"))),
        );
        check(
            "cpe:/a:apache:http_server:2.4.1",
            Some(("apache:http_server", Some("2.4.1"))),
        );
        check("cpe:2.3:a:*:*:*:*:*:*:*:*:*:*", None);
        check("cpe:2.3:", None);
        check("nginx", None);
    }
}
