//! A Dockerfile edited in place: the base of its final stage, and the upgrade
//! of packages where they are all installed. Every other byte stays.
//!
//! What can't be edited with certainty is left alone, and why is said.

mod parse;
mod place;

use plimsoll_model::ImageName;

use self::parse::{Dockerfile, Stage};
use super::{Advice, BaseAdvice};

/// How a Dockerfile is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The stage that is built, by name or number; the last one when none is.
    pub target: Option<String>,
    /// The user that the base image sets; root when none is known.
    pub base_user: Option<String>,
}

/// A Dockerfile after an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// The text; the same as before when nothing could be done.
    pub text: String,
    /// What was changed, each with its line in the text before.
    pub done: Vec<String>,
    /// What was not changed, and why.
    pub left: Vec<String>,
}

/// The text can't be taken apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerfileError {
    /// It is bigger than any.
    #[error("a Dockerfile of {0} bytes; at most {max} are read", max = parse::MOST_BYTES)]
    TooLarge(usize),
    /// It has too many instructions.
    #[error("a Dockerfile of more than {max} instructions", max = parse::MOST_INSTRUCTIONS)]
    TooMany,
    /// There is nothing to build.
    #[error("no FROM: a Dockerfile begins a stage with one")]
    NoStage,
    /// The stage that is built is not there.
    #[error("no stage `{0}`")]
    NoTarget(String),
}

/// Edits a Dockerfile as the advice says.
///
/// # Errors
/// It is no Dockerfile, or has no such stage.
pub fn edit(text: &str, advice: &Advice, options: &Options) -> Result<Edited, DockerfileError> {
    let file = Dockerfile::parse(text)?;
    let chain = file.chain(options.target.as_deref())?;
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    let mut edited = Edited::default();
    if let Some(base) = &advice.base {
        match chain.first().map(|root| bump(&file, root, base)) {
            Some(Ok((edit, done))) => {
                edits.push(edit);
                edited.done.push(done);
            }
            Some(Err(left)) => edited.left.push(left),
            None => {}
        }
    }
    let steps = advice.os_steps();
    if !steps.is_empty() {
        match advice.manager {
            None => edited.left.push(
                "the image has no package manager: take a base image with the upgrades".to_owned(),
            ),
            Some(manager) => {
                let (command, left_out) = manager.upgrade(&steps);
                for name in left_out {
                    let name: String = name.escape_debug().take(60).collect();
                    edited.left.push(format!(
                        "`{name}` is no plain name, and is not put into a command"
                    ));
                }
                if let Some(command) = command {
                    match place::insert(&file, &chain, &command, options) {
                        Ok((edit, done)) => {
                            edits.push(edit);
                            edited.done.push(done);
                        }
                        Err(left) => edited.left.push(left),
                    }
                }
            }
        }
    }
    // From the end on, so that what comes before stays where it is.
    edits.sort_by_key(|(start, _, _)| std::cmp::Reverse(*start));
    edited.text = text.to_owned();
    for (start, end, with) in edits {
        if edited.text.is_char_boundary(start) && edited.text.is_char_boundary(end) {
            edited.text.replace_range(start..end, &with);
        }
    }
    Ok(edited)
}

type Change = ((usize, usize, String), String);

/// The newer base in the FROM of the stage that everything is built on, or in
/// the ARG that the FROM takes it from.
fn bump(file: &Dockerfile<'_>, root: &Stage, base: &BaseAdvice) -> Result<Change, String> {
    let line = file.line(root.image.0);
    let written = file
        .text
        .get(root.image.0..root.image.1)
        .unwrap_or_default();
    let Some(resolved) = file.expand(written) else {
        return Err(format!(
            "line {line}: `{}` has a variable without a default here",
            shown(written)
        ));
    };
    if resolved == "scratch" {
        return Err(format!("line {line}: the image is built from scratch"));
    }
    let (Some(now), Some(from), Some(to)) = (
        ImageName::parse(&resolved),
        ImageName::parse(&base.from),
        ImageName::parse(&base.to),
    ) else {
        return Err(format!("line {line}: `{}` is no image", shown(&resolved)));
    };
    if now.repository() == to.repository() && now.tag() == to.tag() {
        return Err(format!("line {line}: it is {} already", base.to));
    }
    let other_tag = now.tag().is_some() && from.tag().is_some() && now.tag() != from.tag();
    if now.repository() != from.repository() || other_tag {
        return Err(format!(
            "line {line}: the image was built on {}, and this says {}",
            base.from,
            shown(&resolved)
        ));
    }
    let pinned = now.digest().is_some();
    let digest = match (pinned, &base.digest) {
        (false, _) => String::new(),
        (true, Some(digest)) => format!("@{digest}"),
        (true, None) => {
            return Err(format!(
                "line {line}: it is pinned by digest, and the digest of {} is not known",
                base.to
            ));
        }
    };
    let same = from.repository() == to.repository();
    let new_tag = to.tag().unwrap_or("latest");
    let done = |line: usize, what: String| format!("line {line}: {what} ({base})");
    if !written.contains('$') {
        let bare = bare_name(written);
        let new = if same {
            format!("{bare}:{new_tag}{digest}")
        } else {
            format!("{}{digest}", base.to)
        };
        let what = format!("FROM {new}");
        return Ok(((root.image.0, root.image.1, new), done(line, what)));
    }
    // A variable somewhere: only what is certain to be the tag, or all of it.
    let by_variable = |variable: &str, value: String| {
        let argument = file
            .arguments
            .iter()
            .rev()
            .find(|argument| argument.name == variable)
            .and_then(|argument| Some((argument, argument.value?)));
        let Some((argument, (start, end))) = argument else {
            return Err(format!(
                "line {line}: `{variable}` has no default that could be changed"
            ));
        };
        let at = file.line(start);
        let what = format!("ARG {}={value}", argument.name);
        Ok(((start, end, value), done(at, what)))
    };
    if let Some(variable) = parse::whole_variable(written) {
        let new = if same && !pinned {
            let default = file.default(variable).unwrap_or_default();
            format!("{}:{new_tag}", bare_name(default))
        } else {
            format!("{}{digest}", base.to)
        };
        return by_variable(variable, new);
    }
    let tag = written
        .find(":$")
        .or_else(|| {
            let at = written.rfind(':')?;
            (!written[at..].contains(['/', '}', '@'])).then_some(at)
        })
        .filter(|_| same && !pinned);
    match tag.map(|at| (at, &written[at + 1..])) {
        Some((at, literal)) if !literal.contains('$') => Ok((
            (root.image.0 + at + 1, root.image.1, new_tag.to_owned()),
            done(line, format!("tag {new_tag}")),
        )),
        Some((_, variable)) if let Some(variable) = parse::whole_variable(variable) => {
            by_variable(variable, new_tag.to_owned())
        }
        _ => Err(format!(
            "line {line}: `{}` is put together from variables; write {} there",
            shown(written),
            base.to
        )),
    }
}

/// A reference without tag and digest.
fn bare_name(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[last..].find(':') {
        Some(colon) => &name[..last + colon],
        None => name,
    }
}

fn shown(text: &str) -> String {
    text.escape_debug().take(80).collect()
}

#[cfg(test)]
mod tests;
