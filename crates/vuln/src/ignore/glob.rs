//! Globs of paths, as Trivy and Grype read them: `*` within a folder, `**`
//! across folders, `?`, `{a,b}`.

use plimsoll_model::resource::glob_matches;

/// Bytes of a glob.
const MOST_BYTES: usize = 1000;
/// Alternatives that braces are written out to.
const MOST_ALTERNATIVES: usize = 64;

/// A glob, its braces written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(Vec<String>);

impl Glob {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.len() > MOST_BYTES {
            return Err(format!(
                "a path has 1 to {MOST_BYTES} bytes, and not {}",
                text.len()
            ));
        }
        let mut done = Vec::new();
        let mut open = vec![text.to_owned()];
        while let Some(text) = open.pop() {
            if done.len() + open.len() > MOST_ALTERNATIVES {
                return Err(format!(
                    "braces with more than {MOST_ALTERNATIVES} alternatives"
                ));
            }
            // The innermost pair first.
            let pair = text
                .find('}')
                .and_then(|end| Some((text.get(..end)?.rfind('{')?, end)));
            match pair {
                None => done.push(text.trim_start_matches('/').to_owned()),
                Some((start, end)) => {
                    for choice in text[start + 1..end].split(',') {
                        open.push(format!("{}{choice}{}", &text[..start], &text[end + 1..]));
                    }
                }
            }
        }
        done.sort();
        Ok(Glob(done))
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        self.0.iter().any(|glob| {
            let glob: Vec<&str> = glob.split('/').collect();
            folders_match(&glob, &path)
        })
    }
}

/// Row by row, so that no glob takes more than glob times path.
fn folders_match(glob: &[&str], path: &[&str]) -> bool {
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for part in glob {
        let mut next = vec![false; path.len() + 1];
        if *part == "**" {
            let mut any = false;
            for (at, now) in reached.iter().enumerate() {
                any |= now;
                next[at] = any;
            }
        } else {
            for (at, folder) in path.iter().enumerate() {
                next[at + 1] = reached[at] && glob_matches(part, folder);
            }
        }
        reached = next;
    }
    reached[path.len()]
}
