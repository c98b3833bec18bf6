//! XML of feeds, record by record: each element that is asked for is held as a
//! small tree, one at a time. Documents with a document type are refused, and
//! so are entities that are not XML's own.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// Elements in each other.
const MOST_DEPTH: usize = 128;
/// Elements of one record.
const MOST_ELEMENTS: usize = 200_000;
/// Bytes of text and attributes of one record.
const MOST_TEXT: usize = 32 << 20;

/// An element, by local names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Its own text, trimmed.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// An attribute; empty where there is none.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The children of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name; empty where there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }
}

/// Calls `see` with each element that `wanted` names, as it ends; of one that is
/// too large, with what of it was read and why there is no more.
///
/// # Errors
/// The document is broken, has a document type, or is too deep; what came before was seen.
pub(crate) fn each(
    bytes: &[u8],
    wanted: &dyn Fn(&str) -> bool,
    see: &mut dyn FnMut(Element, Result<(), String>),
) -> Result<(), String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("it is no UTF-8 at byte {}", error.valid_up_to()))?;
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    // The elements around the reader, from the record's own one on.
    let mut open: Vec<Element> = Vec::new();
    let mut held = Held::default();
    loop {
        let at = reader.buffer_position();
        let event = reader
            .read_event()
            .map_err(|error| format!("byte {}: {error}", reader.error_position()))?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                if depth > MOST_DEPTH {
                    return Err(format!("byte {at}: deeper than {MOST_DEPTH} elements"));
                }
                let name = tag.local_name();
                if !open.is_empty() || wanted(name.as_ref()) {
                    open.push(element(&tag, &mut held));
                }
            }
            Event::Empty(tag) => {
                let name = tag.local_name();
                if !open.is_empty() {
                    let child = element(&tag, &mut held);
                    keep(&mut open, child, &held);
                } else if wanted(name.as_ref()) {
                    see(element(&tag, &mut held), Ok(()));
                    held = Held::default();
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if let Some(mut done) = open.pop() {
                    done.text = done.text.trim().to_owned();
                    if open.is_empty() {
                        see(done, held.within());
                        held = Held::default();
                    } else {
                        keep(&mut open, done, &held);
                    }
                }
            }
            Event::Text(part) => held.text(&mut open, &part),
            Event::CData(part) => held.text(&mut open, &part),
            Event::GeneralRef(entity) => {
                let mut buffer = [0; 4];
                let plain = match &*entity {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "apos" => "'",
                    "quot" => "\"",
                    name => match entity.resolve_char_ref().ok().flatten() {
                        Some(c) => c.encode_utf8(&mut buffer),
                        None => return Err(format!("byte {at}: entity `{name}` is not known")),
                    },
                };
                held.text(&mut open, plain);
            }
            Event::DocType(_) => {
                return Err(format!("byte {at}: a document type is not read"));
            }
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err("it ends within an element".to_owned()),
            _ => {}
        }
    }
}

/// What of a record is held.
#[derive(Default)]
struct Held {
    elements: usize,
    bytes: usize,
}

impl Held {
    fn within(&self) -> Result<(), String> {
        if self.elements > MOST_ELEMENTS {
            Err(format!("it has more than {MOST_ELEMENTS} elements"))
        } else if self.bytes > MOST_TEXT {
            Err(format!("it has more than {MOST_TEXT} bytes of text"))
        } else {
            Ok(())
        }
    }

    fn text(&mut self, open: &mut [Element], part: &str) {
        let Some(last) = open.last_mut() else {
            return;
        };
        self.bytes = self.bytes.saturating_add(part.len());
        if self.bytes <= MOST_TEXT {
            last.text.push_str(part);
        }
    }
}

fn keep(open: &mut [Element], child: Element, held: &Held) {
    if let Some(parent) = open.last_mut()
        && held.elements <= MOST_ELEMENTS
    {
        parent.children.push(child);
    }
}

fn element(tag: &BytesStart<'_>, held: &mut Held) -> Element {
    held.elements += 1;
    let mut element = Element {
        name: tag.local_name().as_ref().to_owned(),
        ..Element::default()
    };
    for attribute in tag.attributes().with_checks(false).take(32).flatten() {
        let value = quick_xml::escape::unescape(&attribute.value).unwrap_or_default();
        held.bytes = held.bytes.saturating_add(value.len());
        if held.bytes <= MOST_TEXT {
            let key = attribute.key.local_name().as_ref().to_owned();
            element.attributes.push((key, value.into_owned()));
        }
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Element>, Result<(), String>) {
        let mut seen = Vec::new();
        let outcome = each(text.as_bytes(), &|name| name == "r", &mut |element, _| {
            seen.push(element);
        });
        (seen, outcome)
    }

    #[test]
    fn records_are_seen_one_by_one_with_their_children() {
        let (seen, outcome) =
            read("<a><x>no</x><n:r id='1&amp;2'> t <b>&lt;&#65;</b></n:r><r/></a>");
        assert_eq!(outcome, Ok(()));
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].attribute("id"), "1&2");
        assert_eq!(seen[0].text, "t");
        assert_eq!(seen[0].text_of("b"), "<A");
        assert_eq!(
            seen[1],
            Element {
                name: "r".to_owned(),
                ..Element::default()
            }
        );
    }

    #[test]
    fn document_types_own_entities_and_depth_are_refused() {
        let fails = |text: &str, expect: &str| {
            let (_, outcome) = read(text);
            let why = outcome.expect_err(text);
            assert!(why.contains(expect), "{text}: {why}");
        };
        fails("<!DOCTYPE a [<!ENTITY x 'y'>]><a/>", "document type");
        fails("<a><r>&x;</r></a>", "entity `x`");
        fails(&"<a>".repeat(200), "deeper");
        fails("<a><r>", "ends within");
        fails("<a></b>", "byte");
        let (seen, outcome) = read("<a><r>1</r><r>2</a>");
        assert_eq!(seen.len(), 1);
        assert!(outcome.is_err());
    }

    #[test]
    fn a_record_that_is_too_large_is_named() {
        let text = format!("<r>{}</r>", "<b/>".repeat(MOST_ELEMENTS + 10));
        let mut outcomes = Vec::new();
        let read = each(
            text.as_bytes(),
            &|name| name == "r",
            &mut |element, outcome| {
                outcomes.push((element.children.len(), outcome));
            },
        );
        assert_eq!(read, Ok(()));
        assert!(outcomes[0].0 <= MOST_ELEMENTS && outcomes[0].1.is_err());
    }
}
