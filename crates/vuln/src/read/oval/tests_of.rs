//! The tests of a file with their objects and states, as far as packages go.

use std::collections::HashMap;

use super::super::{bounds, rpm, xml::Element};
use crate::advisory::{End, Range};

use super::criteria::Said;

/// Tests, objects and states, each.
const MOST: usize = 4_000_000;

/// What a file tests.
#[derive(Default)]
pub(super) struct Tests {
    /// Object and states of a test, by its id.
    tests: HashMap<String, (String, Vec<String>)>,
    /// The package of an object.
    objects: HashMap<String, String>,
    /// What a state asks of a version, and of an architecture.
    states: HashMap<String, (Option<Said>, String)>,
}

/// What a test is of a package.
pub(super) struct Test<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What is said of it; nothing where the test only asks whether it is there.
    pub(super) said: Option<&'a Said>,
    /// The only architecture it is about, where it is one.
    pub(super) architecture: &'a str,
    /// Whether the test asks for what no version says, such as a signature.
    pub(super) other: bool,
}

impl Tests {
    /// The elements that are kept.
    pub(super) fn wants(name: &str) -> bool {
        matches!(name, "rpminfo_test" | "rpminfo_object" | "rpminfo_state")
    }

    /// Keeps one of them.
    pub(super) fn take(&mut self, element: &Element) {
        let id = element.attribute("id");
        if id.is_empty() || id.len() > bounds::NAME {
            return;
        }
        match element.name.as_str() {
            "rpminfo_test" if self.tests.len() < MOST => {
                let object = element.child("object");
                let object = object.map_or("", |child| child.attribute("object_ref"));
                let states = element.all("state").take(8);
                let states = states.map(|state| state.attribute("state_ref").to_owned());
                self.tests
                    .insert(id.to_owned(), (object.to_owned(), states.collect()));
            }
            "rpminfo_object" if self.objects.len() < MOST => {
                if let Ok(name) = bounds::word(element.text_of("name")) {
                    self.objects.insert(id.to_owned(), name);
                }
            }
            "rpminfo_state" if self.states.len() < MOST => {
                let said = element.child("evr").and_then(said);
                let architecture = element.child("arch").map_or("", |arch| {
                    // `aarch64|x86_64` are all that there are.
                    match arch.text.contains(['|', '(', '*']) {
                        true => "",
                        false => arch.text.as_str(),
                    }
                });
                let architecture = bounds::prose(architecture, 32);
                self.states.insert(id.to_owned(), (said, architecture));
            }
            _ => {}
        }
    }

    /// A test; nothing where it is not there, or not of a package.
    pub(super) fn get(&self, id: &str) -> Option<Test<'_>> {
        let (object, states) = self.tests.get(id)?;
        let name = self.objects.get(object)?;
        let states: Vec<_> = states.iter().filter_map(|id| self.states.get(id)).collect();
        let said = states.iter().find_map(|(said, _)| said.as_ref());
        let architecture = states.iter().map(|(_, arch)| arch.as_str());
        Some(Test {
            name,
            said,
            architecture: architecture.max().unwrap_or_default(),
            other: said.is_none() && !states.is_empty(),
        })
    }
}

/// What a state says of versions.
fn said(evr: &Element) -> Option<Said> {
    let version = rpm::evr("", &evr.text)
        .ok()
        .filter(|text| !text.is_empty())?;
    // 0 is no version: greater than it is every one, and equal to it none.
    let zero = version.trim_matches(['0', ':', '-']).is_empty();
    let range = |introduced, end| Some(Said::Range(Range { introduced, end }));
    match evr.attribute("operation") {
        "less than" if zero => Some(Said::NotAffected),
        "less than" => range(None, Some(End::Fixed(version))),
        "less than or equal" => range(None, Some(End::LastAffected(version))),
        "greater than" | "greater than or equal" if zero => Some(Said::Affected),
        // An end as good as none: what is not below it is affected.
        "greater than" | "greater than or equal" => range(Some(version), None),
        "equals" if zero => Some(Said::NotAffected),
        "equals" | "" => range(Some(version.clone()), Some(End::LastAffected(version))),
        _ => None,
    }
}
