//! `META-INF/MANIFEST.MF` and `pom.properties`: names and values, a line each.

use std::collections::BTreeMap;

/// The main section of a manifest (JAR File Specification): lines that begin
/// with a blank continue the one before. Names are kept in lower case.
pub(super) fn main_section(bytes: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut section = BTreeMap::new();
    let mut open: Option<(String, String)> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix(' ') {
            if let Some((_, value)) = &mut open {
                value.push_str(rest);
            }
            continue;
        }
        section.extend(open.take());
        open = line
            .split_once(':')
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    section.extend(open);
    section
}

/// The pairs of a properties file, without the escapes that Maven never writes.
pub(super) fn properties(bytes: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', '!']))
        .filter_map(|line| line.split_once(['=', ':']))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_and_sections_end() {
        let section = main_section(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.example.\r\n long.name;singleton:=true\r\n\r\nName: x\r\n",
        );
        assert_eq!(section.len(), 2);
        assert_eq!(
            section["bundle-symbolicname"],
            "org.example.long.name;singleton:=true"
        );
        assert!(main_section(b" : \n").is_empty());
    }

    #[test]
    fn properties_are_pairs() {
        let pairs =
            properties(b"#Generated\n#Mon\nversion=1.2\ngroupId = org.a\r\nartifactId:b\nnone\n");
        assert_eq!(pairs.len(), 3);
        assert_eq!(pairs["groupId"], "org.a");
        assert_eq!(pairs["artifactId"], "b");
    }
}
