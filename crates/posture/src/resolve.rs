//! From what is asked for to what is evaluated.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{Evaluation, ResolvedBaseline, Severity, resource::Baseline};

use crate::{
    Control, Minor,
    baselines::baselines,
    catalogue::{self, catalogue},
};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Baselines by name, with or without a version.
    pub baselines: BTreeSet<String>,
    /// Single controls by id.
    pub controls: BTreeSet<String>,
    /// The baselines that users wrote.
    pub own: Vec<Arc<Baseline>>,
    /// Every control there is, for the newest Kubernetes.
    pub everything: bool,
}

/// What is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LooksAt {
    /// Kubernetes objects.
    Objects,
    /// An image.
    Images,
}

/// One control at one version, for all who asked.
#[derive(Debug)]
pub(crate) struct PlanStep {
    pub control: &'static Control,
    pub minor: Minor,
    pub severity: Severity,
    /// Sorted; empty when only the control itself was asked for.
    pub baselines: Arc<[Arc<str>]>,
}

/// A control as a baseline has it.
#[derive(Clone, Copy, Debug)]
struct Choice {
    control: &'static Control,
    minor: Minor,
    severity: Option<Severity>,
}

/// A baseline with its controls found.
#[derive(Clone, Debug)]
struct Resolved {
    pinned: Arc<str>,
    floating: bool,
    choices: Vec<Choice>,
}

/// How deep baselines may build on each other.
const MAX_DEPTH: usize = 32;

/// Finds all that is asked for; what is not there is named in
/// [`Evaluation::missing`].
///
/// Of everything, only what `looks_at` says is meant: objects or images.
pub(crate) fn resolve(request: &Request, looks_at: LooksAt) -> (Vec<PlanStep>, Evaluation) {
    let mut evaluation = Evaluation::default();
    let mut steps: BTreeMap<(&'static str, Minor), Wanted> = BTreeMap::new();
    let mut resolver = Resolver {
        own: &request.own,
        known: BTreeMap::new(),
    };

    for name in &request.baselines {
        match resolver.baseline(name, &mut Vec::new()) {
            Ok(resolved) => {
                for choice in &resolved.choices {
                    let wanted = Wanted::of(&mut steps, choice.control, choice.minor);
                    let severity = choice.severity.unwrap_or(choice.control.rule.severity);
                    wanted.severity = wanted.severity.max(Some(severity));
                    wanted.baselines.insert(resolved.pinned.clone());
                }
                let mut controls: Vec<_> =
                    resolved.choices.iter().map(|c| c.control.id()).collect();
                controls.sort_unstable();
                controls.dedup();
                evaluation.baselines.insert(
                    name.clone(),
                    ResolvedBaseline {
                        pinned: resolved.pinned,
                        controls,
                        floating: resolved.floating,
                    },
                );
            }
            Err(reason) => {
                evaluation.missing.insert(name.clone(), reason);
            }
        }
    }
    for id in &request.controls {
        match catalogue::find(id) {
            Some(control) => {
                Wanted::of(&mut steps, control, Minor::NEWEST);
                evaluation.controls.push(control.id());
            }
            None => {
                evaluation.missing.insert(id.clone(), no_control(id));
            }
        }
    }
    if request.everything {
        let wanted = |control: &&&Control| control.is_of_images() == (looks_at == LooksAt::Images);
        for control in catalogue().iter().filter(wanted) {
            Wanted::of(&mut steps, control, Minor::NEWEST);
            evaluation.controls.push(control.id());
        }
    }

    evaluation.image_controls = steps
        .values()
        .filter(|wanted| wanted.control.is_of_images())
        .map(|wanted| wanted.control.id())
        .collect();
    let steps = steps.into_values().map(Wanted::into_step).collect();
    (steps, evaluation)
}

struct Wanted {
    control: &'static Control,
    minor: Minor,
    severity: Option<Severity>,
    baselines: BTreeSet<Arc<str>>,
}

impl Wanted {
    fn of<'s>(
        steps: &'s mut BTreeMap<(&'static str, Minor), Wanted>,
        control: &'static Control,
        minor: Minor,
    ) -> &'s mut Wanted {
        let minor = control.effective(minor);
        steps
            .entry((control.id(), minor))
            .or_insert_with(|| Wanted {
                control,
                minor,
                severity: None,
                baselines: BTreeSet::new(),
            })
    }

    fn into_step(self) -> PlanStep {
        PlanStep {
            control: self.control,
            minor: self.minor,
            severity: self.severity.unwrap_or(self.control.rule.severity),
            baselines: self.baselines.into_iter().collect(),
        }
    }
}

struct Resolver<'a> {
    own: &'a [Arc<Baseline>],
    /// By pinned name; so that many that build on one resolve it once.
    known: BTreeMap<Arc<str>, Result<Resolved, String>>,
}

impl Resolver<'_> {
    /// The baseline of this name, with or without version. `within` are the
    /// pinned names of those being resolved around it.
    fn baseline(&mut self, name: &str, within: &mut Vec<Arc<str>>) -> Result<Resolved, String> {
        let (bare, version) = match name.split_once('@') {
            Some((bare, version)) => (bare, Some(version)),
            None => (name, None),
        };
        let floating = version.is_none_or(|version| version == "latest");
        if let Some(builtin) = baselines().iter().find(|baseline| baseline.name == bare) {
            return self.builtin(builtin, version, floating);
        }
        let Some(baseline) = self.find_own(bare, version) else {
            return Err(self.no_baseline(bare, version));
        };
        let pinned: Arc<str> = format!("{bare}@{}", baseline.spec.version).into();
        if within.contains(&pinned) || within.len() >= MAX_DEPTH {
            let chain: Vec<&str> = within.iter().map(AsRef::as_ref).collect();
            return Err(format!(
                "the baseline extends itself: {} -> {pinned}; take one of these out of `extends`",
                chain.join(" -> ")
            ));
        }
        let resolved = match self.known.get(&pinned) {
            Some(known) => known.clone(),
            None => {
                within.push(pinned.clone());
                let resolved = self.own_baseline(&baseline, &pinned, within);
                within.pop();
                self.known.insert(pinned, resolved.clone());
                resolved
            }
        };
        resolved.map(|resolved| Resolved {
            floating: resolved.floating || floating,
            ..resolved
        })
    }

    fn builtin(
        &self,
        builtin: &crate::BuiltinBaseline,
        version: Option<&str>,
        floating: bool,
    ) -> Result<Resolved, String> {
        if self.own.iter().any(|own| own.metadata.name == builtin.name) {
            return Err(format!(
                "a Baseline of your own is named `{}`, which is built in; give yours another name",
                builtin.name
            ));
        }
        let found = builtin
            .version(version)
            .and_then(|version| Some((version, builtin.controls(version)?)));
        let Some((version, controls)) = found else {
            let (first, last) = (builtin.versions.first(), builtin.versions.last());
            return Err(format!(
                "the baseline `{}` has no version `{}`: it has {} to {}",
                builtin.name,
                version.unwrap_or_default(),
                first.map_or("", String::as_str),
                last.map_or("", String::as_str),
            ));
        };
        Ok(Resolved {
            pinned: format!("{}@{version}", builtin.name).into(),
            floating,
            choices: controls
                .into_iter()
                .map(|(control, minor)| Choice {
                    control,
                    minor,
                    severity: None,
                })
                .collect(),
        })
    }

    fn find_own(&self, bare: &str, version: Option<&str>) -> Option<Arc<Baseline>> {
        let named = self.own.iter().filter(|own| own.metadata.name == bare);
        match version {
            None | Some("latest") => named
                .max_by(|a, b| version_order(&a.spec.version).cmp(&version_order(&b.spec.version))),
            Some(version) => named.into_iter().find(|own| own.spec.version == version),
        }
        .cloned()
    }

    fn own_baseline(
        &mut self,
        baseline: &Baseline,
        pinned: &Arc<str>,
        within: &mut Vec<Arc<str>>,
    ) -> Result<Resolved, String> {
        let mut choices: BTreeMap<(&'static str, Minor), Choice> = BTreeMap::new();
        let mut floating = false;
        for parent in &baseline.spec.extends {
            let parent = self
                .baseline(parent, within)
                .map_err(|reason| format!("`{pinned}` extends `{parent}`: {reason}"))?;
            floating |= parent.floating;
            for choice in parent.choices {
                choices.insert(
                    (choice.control.id(), choice.control.effective(choice.minor)),
                    choice,
                );
            }
        }
        let find = |id: &str, verb: &str| {
            catalogue::find(id)
                .ok_or_else(|| format!("`{pinned}` {verb} `{id}`: {}", no_control(id)))
        };
        for removal in &baseline.spec.exclude {
            let id = find(&removal.control, "excludes")?.id();
            choices.retain(|(control, _), _| *control != id);
        }
        for added in &baseline.spec.include {
            let control = find(&added.control, "includes")?;
            let mut there = false;
            for choice in choices
                .values_mut()
                .filter(|c| c.control.id() == control.id())
            {
                there = true;
                choice.severity = added.severity.or(choice.severity);
            }
            if !there {
                let key = (control.id(), control.effective(Minor::NEWEST));
                let choice = Choice {
                    control,
                    minor: Minor::NEWEST,
                    severity: added.severity,
                };
                choices.insert(key, choice);
            }
        }
        Ok(Resolved {
            pinned: pinned.clone(),
            floating,
            choices: choices.into_values().collect(),
        })
    }

    fn no_baseline(&self, bare: &str, version: Option<&str>) -> String {
        let versions: Vec<&str> = self
            .own
            .iter()
            .filter(|own| own.metadata.name == bare)
            .map(|own| own.spec.version.as_str())
            .collect();
        if let (Some(version), false) = (version, versions.is_empty()) {
            return format!(
                "the baseline `{bare}` has no version `{version}`: it has {}",
                versions.join(", ")
            );
        }
        let names = baselines()
            .iter()
            .map(|baseline| baseline.name)
            .chain(self.own.iter().map(|own| own.metadata.name.as_str()));
        let built_in: Vec<&str> = baselines().iter().map(|baseline| baseline.name).collect();
        match catalogue::nearest(bare, names) {
            Some(nearest) => format!("there is no baseline `{bare}`; did you mean `{nearest}`?"),
            None => format!(
                "there is no baseline `{bare}`: built in are {}; write your own as a Baseline",
                built_in.join(", ")
            ),
        }
    }
}

fn no_control(id: &str) -> String {
    match catalogue::suggest(id) {
        Some(nearest) => format!("there is no control `{id}`; did you mean `{nearest}`?"),
        None => format!("there is no control `{id}`"),
    }
}

/// Versions as people count them: `1.10` is after `1.9`.
fn version_order(version: &str) -> Vec<(u64, &str)> {
    version
        .split(['.', '-', '_'])
        .map(|part| (part.parse().unwrap_or(u64::MAX), part))
        .collect()
}
