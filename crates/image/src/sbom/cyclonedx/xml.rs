//! CycloneDX XML, read into the same document as JSON. No entity but XML's own
//! five is known, no document type read.

use plimsoll_model::image::Image;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use super::{
    bom::{
        Bom, Component, Dependency, Evidence, Hash, Licence, Metadata, Named, Occurrence, Property,
    },
    read::image,
};
use crate::sbom::{
    SbomError,
    draft::Draft,
    lenient::{Maybe, Text},
};

/// Elements in elements.
const MOST_DEPTH: usize = 128;

/// Reads CycloneDX XML.
pub(in crate::sbom) fn read_xml(bytes: &[u8], draft: Draft) -> Result<Image, SbomError> {
    let text = std::str::from_utf8(bytes).map_err(|error| SbomError::Malformed {
        message: "it is no UTF-8".into(),
        offset: error.valid_up_to() as u64,
    })?;
    let mut reader = Reader::from_str(text);
    let mut state = State::default();
    loop {
        let offset = reader.buffer_position();
        let malformed = |message: String| SbomError::Malformed { message, offset };
        match reader
            .read_event()
            .map_err(|error| malformed(error.to_string()))?
        {
            Event::Start(tag) => {
                state.start(&tag);
                if state.path.len() > MOST_DEPTH {
                    return Err(malformed(format!("more than {MOST_DEPTH} elements deep")));
                }
            }
            Event::Empty(tag) => {
                state.start(&tag);
                state.end();
            }
            Event::End(_) => state.end(),
            Event::Text(text) => state.text.push_str(&text),
            Event::CData(data) => state.text.push_str(&data),
            Event::GeneralRef(entity) => {
                let known = match &*entity {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "apos" => Some('\''),
                    "quot" => Some('"'),
                    _ => entity.resolve_char_ref().ok().flatten(),
                };
                match known {
                    Some(c) => state.text.push(c),
                    None => return Err(malformed(format!("entity `{}` is not known", &*entity))),
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !state.path.is_empty() {
        return Err(SbomError::Malformed {
            message: "it ends within an element".into(),
            offset: bytes.len() as u64,
        });
    }
    Ok(image(state.bom, draft))
}

/// Where the reader is, and what was read so far.
#[derive(Default)]
struct State {
    path: Vec<String>,
    text: String,
    bom: Bom,
    metadata: Metadata,
    /// Components that are open, the innermost last.
    open: Vec<Component>,
    licence: Named,
    attribute: String,
    dependency: Option<Dependency>,
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let found = tag
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name);
    found
        .and_then(|attribute| {
            Some(
                attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .ok()?
                    .into_owned(),
            )
        })
        .unwrap_or_default()
}

impl State {
    fn start(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name().as_ref().to_owned();
        self.text.clear();
        match &*name {
            "component" => self.open.push(Component {
                kind: Text(attribute(tag, "type")),
                bom_ref: Text(attribute(tag, "bom-ref")),
                ..Component::default()
            }),
            "hash" => self.attribute = attribute(tag, "alg"),
            "property" => self.attribute = attribute(tag, "name"),
            "license" => self.licence = Named::default(),
            "dependency" => {
                let who = attribute(tag, "ref");
                match &mut self.dependency {
                    Some(outer) => outer.depends_on.0.push(who),
                    None => {
                        self.dependency = Some(Dependency {
                            who: Text(who),
                            ..Dependency::default()
                        });
                    }
                }
            }
            _ => {}
        }
        self.path.push(name);
    }

    fn end(&mut self) {
        let Some(name) = self.path.pop() else {
            return;
        };
        let text = Text(std::mem::take(&mut self.text).trim().to_owned());
        let parent = self.path.last().map_or("", |name| name);
        match (parent, &*name) {
            (parent, "component") => {
                let Some(done) = self.open.pop() else {
                    return;
                };
                match (parent, self.open.last_mut()) {
                    ("metadata", _) => self.metadata.component = Maybe(Some(done)),
                    (_, Some(outer)) => outer.components.items.push(done),
                    // Tools are components too.
                    _ if self.path.iter().any(|name| name == "tools") => {}
                    _ => self.bom.components.items.push(done),
                }
                return;
            }
            ("bom", "metadata") => {
                self.bom.metadata = Maybe(Some(std::mem::take(&mut self.metadata)));
                return;
            }
            ("dependencies", "dependency") => {
                self.bom.dependencies.items.extend(self.dependency.take());
                return;
            }
            ("properties", "property") if self.open.is_empty() => {
                let name = Text(std::mem::take(&mut self.attribute));
                self.metadata
                    .properties
                    .items
                    .push(Property { name, value: text });
                return;
            }
            _ => {}
        }
        let Some(component) = self.open.last_mut() else {
            return;
        };
        match (parent, &*name) {
            ("component", "group") => component.group = text,
            ("component", "name") => component.name = text,
            ("component", "version") => component.version = text,
            ("component", "description") => component.description = text,
            ("component", "scope") => component.scope = text,
            ("component", "cpe") => component.cpe = text,
            ("component", "purl") => component.purl = text,
            ("hashes", "hash") => component.hashes.items.push(Hash {
                alg: Text(std::mem::take(&mut self.attribute)),
                content: text,
            }),
            ("license", "id") => self.licence.id = text,
            ("license", "name") => self.licence.name = text,
            ("licenses", "license") => component.licenses.items.push(Licence {
                license: Maybe(Some(std::mem::take(&mut self.licence))),
                ..Licence::default()
            }),
            ("licenses", "expression") => component.licenses.items.push(Licence {
                expression: text,
                ..Licence::default()
            }),
            ("properties", "property") => component.properties.items.push(Property {
                name: Text(std::mem::take(&mut self.attribute)),
                value: text,
            }),
            ("occurrence", "location") => {
                let evidence = component.evidence.0.get_or_insert_with(Evidence::default);
                evidence
                    .occurrences
                    .items
                    .push(Occurrence { location: text });
            }
            _ => {}
        }
    }
}
