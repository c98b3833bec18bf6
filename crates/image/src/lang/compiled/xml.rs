//! XML documents as events with the path of elements they stand in: read once,
//! without entities of the document's own, to a bounded depth.

use std::borrow::Cow;

use quick_xml::{Reader, events::Event as Raw};

/// Elements in each other that are read.
const MOST_DEPTH: usize = 64;

/// What is in an element.
pub(crate) enum Event<'a> {
    /// It begins, with these attributes.
    Start(&'a [(String, String)]),
    /// Its text, trimmed; not told when there is none.
    Text(&'a str),
    /// It ends.
    End,
}

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
#[error("XML: {message}")]
pub(crate) struct XmlError {
    /// Where in the file, in bytes.
    pub(crate) offset: u64,
    message: String,
}

/// Reads a document; `told` hears the local names of the elements around each
/// event, the outermost first.
pub(crate) fn read(bytes: &[u8], mut told: impl FnMut(&[&str], Event<'_>)) -> Result<(), XmlError> {
    // Poms in Latin-1 are common; what is read of them is ASCII.
    let document = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&document);
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        let failed = |message: String, offset: u64| XmlError { offset, message };
        let event = reader.read_event();
        let offset = reader.buffer_position();
        match event.map_err(|error| failed(error.to_string(), reader.error_position()))? {
            raw @ (Raw::Start(_) | Raw::Empty(_)) => {
                let (start, empty) = match &raw {
                    Raw::Start(start) => (start, false),
                    Raw::Empty(start) => (start, true),
                    _ => continue,
                };
                if path.len() >= MOST_DEPTH {
                    return Err(failed(format!("deeper than {MOST_DEPTH} elements"), offset));
                }
                text.clear();
                path.push(start.local_name().as_ref().to_owned());
                let mut attributes = Vec::new();
                for attribute in start.attributes().with_checks(false).take(64).flatten() {
                    let value = quick_xml::escape::unescape(&attribute.value)
                        .map_or_else(|_| attribute.value.to_string(), Cow::into_owned);
                    attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
                }
                tell(&path, Event::Start(&attributes), &mut told);
                if empty {
                    tell(&path, Event::End, &mut told);
                    path.pop();
                }
            }
            Raw::Text(raw) => text.push_str(&raw),
            Raw::CData(raw) => text.push_str(&raw),
            Raw::GeneralRef(raw) => {
                // Only the five that XML itself defines, and numbers.
                let entity = format!("&{};", &*raw);
                if let Ok(plain) = quick_xml::escape::unescape(&entity) {
                    text.push_str(&plain);
                }
            }
            Raw::End(_) => {
                let trimmed = text.trim();
                if !trimmed.is_empty() {
                    tell(&path, Event::Text(trimmed), &mut told);
                }
                text.clear();
                tell(&path, Event::End, &mut told);
                path.pop();
            }
            Raw::Eof if path.is_empty() => return Ok(()),
            Raw::Eof => return Err(failed("ends within an element".into(), offset)),
            _ => {}
        }
    }
}

fn tell(path: &[String], event: Event<'_>, told: &mut impl FnMut(&[&str], Event<'_>)) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    told(&path, event);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        read(text.as_bytes(), |path, event| {
            let path = path.join("/");
            match event {
                Event::Start(attributes) => lines.push(format!("{path} {attributes:?}")),
                Event::Text(text) => lines.push(format!("{path}={text}")),
                Event::End => {}
            }
        })
        .map_err(|error| error.to_string())?;
        Ok(lines)
    }

    #[test]
    fn text_and_attributes_are_told_with_their_path() {
        let lines = listed("<a xmlns:n='u'><n:b c='1&amp;2'> x &lt; y </n:b><b/></a>");
        assert_eq!(
            lines.expect("reads"),
            [
                "a [(\"n\", \"u\")]",
                "a/b [(\"c\", \"1&2\")]",
                "a/b=x < y",
                "a/b []",
            ]
        );
    }

    #[test]
    fn entities_of_its_own_are_not_expanded_and_depth_ends() {
        let text = "<!DOCTYPE a [<!ENTITY x 'y'>]><a>1&x;2</a>";
        assert_eq!(listed(text).expect("reads"), ["a []", "a=12"]);
        assert!(
            listed(&"<a>".repeat(100))
                .expect_err("is deep")
                .contains("deeper than 64")
        );
        assert!(listed("<a>").expect_err("is cut").contains("ends within"));
        assert!(listed("<a></b>").is_err());
    }
}
