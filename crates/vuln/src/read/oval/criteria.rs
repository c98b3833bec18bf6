//! The criteria of a definition, and what they come to for packages.

use super::super::{
    bounds,
    platform::{self, Platform},
    rpm::{self, module_stream},
    xml::Element,
};
use super::tests_of::Tests;
use crate::advisory::{End, Range};

/// Criteria in criteria that are looked into.
const MOST_DEPTH: usize = 24;

/// What is said of a package's versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// These are affected.
    Range(Range),
    /// All are, and there is no fix.
    Affected,
    /// None is.
    NotAffected,
}

impl Said {
    /// A version that it names; empty where it names none.
    pub(super) fn version(&self) -> &str {
        match self {
            Said::Range(Range {
                end: Some(End::Fixed(version) | End::LastAffected(version)),
                ..
            }) => version,
            Said::Range(Range {
                introduced: Some(version),
                ..
            }) => version,
            _ => "",
        }
    }
}

/// A package that criteria lead to, with what has to hold beside.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) said: Said,
    pub(super) platforms: Vec<Platform>,
    pub(super) module: String,
    pub(super) architecture: String,
}

/// Criteria, without what says nothing of packages.
pub(super) enum Node {
    /// A test: its id and its comment.
    Leaf(String, String),
    /// All of them (or any) have to hold.
    All(bool, Vec<Node>),
}

/// Reads criteria; what is too deep or negated is left out.
pub(super) fn flatten(criteria: &Element) -> Node {
    node(criteria, 0)
}

fn node(element: &Element, depth: usize) -> Node {
    let all = !element.attribute("operator").eq_ignore_ascii_case("or");
    let mut below = Vec::new();
    for child in &element.children {
        if child.attribute("negate").eq_ignore_ascii_case("true") {
            continue;
        }
        match child.name.as_str() {
            "criteria" if depth < MOST_DEPTH => below.push(node(child, depth + 1)),
            "criterion" => {
                let comment = bounds::prose(child.attribute("comment"), bounds::NOTE);
                below.push(Node::Leaf(child.attribute("test_ref").to_owned(), comment));
            }
            _ => {}
        }
    }
    Node::All(all, below)
}

/// What holds around a node.
#[derive(Clone, Default)]
struct Around {
    platforms: Vec<Platform>,
    module: String,
    architecture: String,
}

/// What a leaf is.
enum Leaf {
    Platform(Platform),
    Module(String),
    Architecture(String),
    Package(String, Said, String),
    Nothing,
}

impl Node {
    /// Calls `see` with each package.
    pub(super) fn walk(&self, tests: &Tests, see: &mut dyn FnMut(Found)) {
        // A definition that is one test has no criteria around it.
        self.within(&Around::default(), tests, see);
    }

    fn within(&self, around: &Around, tests: &Tests, see: &mut dyn FnMut(Found)) {
        let Node::All(all, below) = self else {
            self.leaf(around, tests, see);
            return;
        };
        let mut around = around.clone();
        let mut ranges: Vec<(String, Said, String)> = Vec::new();
        let mut rest: Vec<&Node> = Vec::new();
        for node in below {
            match node {
                Node::Leaf(id, comment) if *all => match leaf(id, comment, tests) {
                    Leaf::Platform(platform) => around.platforms = vec![platform],
                    Leaf::Module(module) => around.module = module,
                    Leaf::Architecture(name) => around.architecture = name,
                    Leaf::Package(name, said, architecture) => {
                        ranges.push((name, said, architecture));
                    }
                    Leaf::Nothing => {}
                },
                Node::All(..) if *all => match node.only_platforms(tests) {
                    Some(platforms) => around.platforms = platforms,
                    None => rest.push(node),
                },
                _ => rest.push(node),
            }
        }
        for (name, said, architecture) in joined(ranges) {
            emit(name, said, architecture, &around, see);
        }
        for node in rest {
            node.within(&around, tests, see);
        }
    }

    fn leaf(&self, around: &Around, tests: &Tests, see: &mut dyn FnMut(Found)) {
        if let Node::Leaf(id, comment) = self
            && let Leaf::Package(name, said, architecture) = leaf(id, comment, tests)
        {
            emit(name, said, architecture, around, see);
        }
    }

    /// The releases of criteria that name nothing else: any of several products.
    fn only_platforms(&self, tests: &Tests) -> Option<Vec<Platform>> {
        let Node::All(_, below) = self else {
            return None;
        };
        let mut all = Vec::new();
        for node in below {
            match node {
                Node::Leaf(id, comment) => match leaf(id, comment, tests) {
                    Leaf::Platform(platform) => all.push(platform),
                    Leaf::Nothing => {}
                    _ => return None,
                },
                Node::All(..) => all.extend(node.only_platforms(tests)?),
            }
        }
        all.sort();
        all.dedup();
        (!all.is_empty()).then_some(all)
    }
}

fn emit(
    name: String,
    said: Said,
    architecture: String,
    around: &Around,
    see: &mut dyn FnMut(Found),
) {
    see(Found {
        name,
        said,
        platforms: around.platforms.clone(),
        module: around.module.clone(),
        architecture: match architecture.is_empty() {
            true => around.architecture.clone(),
            false => architecture,
        },
    });
}

/// Tests that must all hold of one package are one range: greater than one
/// version and earlier than another.
fn joined(ranges: Vec<(String, Said, String)>) -> Vec<(String, Said, String)> {
    let mut all: Vec<(String, Said, String)> = Vec::new();
    for (name, said, architecture) in ranges {
        let same = all.iter_mut().find(|(other, ..)| *other == name);
        match (same, said) {
            (Some((_, Said::Range(other), _)), Said::Range(range))
                if other.introduced.is_none() != range.introduced.is_none()
                    && other.end.is_none() != range.end.is_none() =>
            {
                other.introduced = other.introduced.take().or(range.introduced);
                other.end = other.end.take().or(range.end);
            }
            // That a package is there says nothing beside a range of it.
            (Some(_), Said::Affected) => {}
            (Some((_, other @ Said::Affected, _)), said) => *other = said,
            (_, said) => all.push((name, said, architecture)),
        }
    }
    all
}

fn leaf(id: &str, comment: &str, tests: &Tests) -> Leaf {
    if let Some(found) = platform::from_name(comment) {
        return Leaf::Platform(found);
    }
    if let Some(module) = comment
        .strip_prefix("Module ")
        .and_then(|rest| rest.strip_suffix(" is enabled"))
    {
        return module_stream(module).map_or(Leaf::Nothing, Leaf::Module);
    }
    if let Some((_, name)) = comment.split_once(" arch is ") {
        return Leaf::Architecture(bounds::prose(name, 32));
    }
    if comment.contains(" is signed with ") || comment.contains("must be installed") {
        return Leaf::Nothing;
    }
    if let Some(test) = tests.get(id) {
        // The package of a release stands for it.
        if test.other || test.name.ends_with("-release") {
            return Leaf::Nothing;
        }
        let said = test.said.cloned().unwrap_or(Said::Affected);
        return Leaf::Package(test.name.to_owned(), said, test.architecture.to_owned());
    }
    by_comment(comment)
}

/// What the comment of a test says that is not in the file.
fn by_comment(comment: &str) -> Leaf {
    let comment = comment.strip_prefix("Package ").unwrap_or(comment);
    let package = |name: &str, said: Said| match bounds::word(name) {
        Ok(name) if !name.contains(' ') && !name.ends_with("-release") => {
            Leaf::Package(name, said, String::new())
        }
        _ => Leaf::Nothing,
    };
    for between in [" is earlier than ", " less than ", " is less than "] {
        if let Some((name, version)) = comment.split_once(between) {
            let version = version.split([',', ' ']).next().unwrap_or_default();
            return match rpm::evr("", version) {
                Ok(version) if !version.is_empty() => package(
                    name,
                    Said::Range(Range {
                        introduced: None,
                        end: Some(End::Fixed(version)),
                    }),
                ),
                _ => Leaf::Nothing,
            };
        }
    }
    for (suffix, said) in [
        (" is not affected", Said::NotAffected),
        (" is affected", Said::Affected),
        (" is installed", Said::Affected),
    ] {
        if let Some(name) = comment.strip_suffix(suffix) {
            return package(name, said);
        }
    }
    Leaf::Nothing
}
