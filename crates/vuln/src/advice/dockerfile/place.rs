//! Where the upgrade of packages goes: behind the last step of the final stage
//! that runs as root and can have installed something.

use super::{
    Change, Options,
    parse::{Dockerfile, Stage},
};

/// A RUN instruction put where all packages are installed.
pub(super) fn insert(
    file: &Dockerfile<'_>,
    chain: &[&Stage],
    command: &str,
    options: &Options,
) -> Result<Change, String> {
    let (Some(root), Some(stage)) = (chain.first(), chain.last()) else {
        return Err("there is no stage".to_owned());
    };
    let word = |span: &(usize, usize)| file.text.get(span.0..span.1).unwrap_or_default();
    if word(&root.image) == "scratch" {
        return Err(format!(
            "line {}: an image built from scratch has no packages to upgrade",
            file.line(root.image.0)
        ));
    }
    let run = format!("RUN {command}");
    let mut user = options.base_user.clone().unwrap_or_default();
    let mut spot = None;
    for each in chain {
        for instruction in &each.instructions {
            let last = std::ptr::eq(*each, *stage);
            if instruction.unfinished {
                return Err(format!(
                    "line {}: the file ends in the middle of it",
                    file.line(instruction.span.0)
                ));
            }
            let installs = matches!(
                instruction.keyword.as_str(),
                "FROM" | "RUN" | "COPY" | "ADD"
            );
            match instruction.keyword.as_str() {
                "USER" => {
                    let name = instruction.words.get(1).map_or("", word);
                    name.clone_into(&mut user);
                }
                _ if installs && last && is_root(&user) => spot = Some(instruction.span.1),
                _ => {}
            }
            let text = file.text.get(instruction.span.0..instruction.span.1);
            if last && text.is_some_and(|text| text.trim() == run) {
                return Err(format!(
                    "line {}: the upgrade is there already",
                    file.line(instruction.span.0)
                ));
            }
        }
    }
    let Some(from) = stage.instructions.first() else {
        return Err("there is no stage".to_owned());
    };
    let end = if file.text.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let (at, lines) = match spot {
        Some(at) => (at, format!("{run}{end}")),
        None => {
            // Nothing in the stage runs as root: become it, and go back.
            let back = options.base_user.clone().unwrap_or_default();
            let back = first_user(file, chain).unwrap_or(back);
            if back.is_empty() || back.contains(char::is_whitespace) {
                return Err(format!(
                    "line {}: no step runs as root, and the user to go back to is not known",
                    file.line(from.span.0)
                ));
            }
            let lines = format!("USER root{end}{run}{end}USER {back}{end}");
            if file.text[from.span.1..].starts_with(&lines) {
                return Err(format!(
                    "line {}: the upgrade is there already",
                    file.line(from.span.1)
                ));
            }
            (from.span.1, lines)
        }
    };
    let open = !file.text[..at].ends_with('\n');
    let with = if open { format!("{end}{lines}") } else { lines };
    let line = file.line(at.saturating_sub(1));
    Ok(((at, at, with), format!("after line {line}: {run}")))
}

/// The user that the final stage begins with, where stages below it set one.
fn first_user(file: &Dockerfile<'_>, chain: &[&Stage]) -> Option<String> {
    let below = chain.split_last()?.1;
    let instruction = below
        .iter()
        .flat_map(|stage| &stage.instructions)
        .rfind(|instruction| instruction.keyword == "USER")?;
    let span = instruction.words.get(1)?;
    file.text.get(span.0..span.1).map(str::to_owned)
}

fn is_root(user: &str) -> bool {
    let name = user.trim_matches(['"', '\'']);
    let name = name.split(':').next().unwrap_or_default();
    matches!(name, "" | "root" | "0")
}
