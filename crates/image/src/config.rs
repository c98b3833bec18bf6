//! The configuration of an image (OCI image-spec, config.md; Docker writes the
//! same with fields of its own, such as the health check).
//!
//! Whoever wrote it, a field of a wrong type is told and left out; it does not
//! take the others with it.

use std::collections::BTreeMap;

use plimsoll_model::image::{BuildStep, ImageConfig, Platform};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{Digest, Limits, source::manifest};

#[cfg(test)]
mod tests;

/// Steps of the history that are looked at.
const HISTORY: usize = 4_096;

/// Why a configuration could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// More bytes than are read of one.
    #[error("the configuration has {size} bytes; at most {most} are read")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        most: u64,
    },
    /// No JSON object.
    #[error("the configuration is no JSON of the right shape: {0}")]
    Json(String),
}

/// What a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What it says of how the image runs and was built.
    pub config: ImageConfig,
    /// What the image is built for.
    pub platform: Platform,
    /// The digests of its layers, uncompressed, the lowest first. None for one
    /// that is no digest; `problems` then says so.
    pub diff_ids: Vec<Option<Digest>>,
    /// What of it could not be understood: `config.Env: not of the type it
    /// should have`.
    pub problems: Vec<String>,
}

/// A field as it should be, or of another type.
enum Field<T> {
    Is(T),
    Other,
}

impl<T> Default for Field<T>
where
    T: Default,
{
    fn default() -> Self {
        Field::Is(T::default())
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Is(Option<T>),
            Other(IgnoredAny),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Is(value) => Field::Is(value.unwrap_or_default()),
            Either::Other(_) => Field::Other,
        })
    }
}

impl<T: Default> Field<T> {
    fn take(self, name: &str, problems: &mut Vec<String>) -> T {
        match self {
            Field::Is(value) => value,
            Field::Other => {
                problems.push(format!(
                    "configuration: `{name}` is not of the type it should have"
                ));
                T::default()
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Raw {
    created: Field<Option<String>>,
    author: Field<String>,
    os: Field<String>,
    architecture: Field<String>,
    variant: Field<String>,
    #[serde(rename = "os.version")]
    os_version: Field<String>,
    config: Field<RawConfig>,
    rootfs: Field<RawRoot>,
    history: Field<Vec<Field<RawStep>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RawConfig {
    user: Field<String>,
    env: Field<Vec<String>>,
    entrypoint: Field<Words>,
    cmd: Field<Words>,
    working_dir: Field<String>,
    exposed_ports: Field<Names>,
    volumes: Field<Names>,
    labels: Field<BTreeMap<String, Option<String>>>,
    healthcheck: Field<RawHealth>,
    stop_signal: Field<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RawHealth {
    test: Field<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawRoot {
    diff_ids: Field<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawStep {
    created: Field<Option<String>>,
    created_by: Field<String>,
    comment: Field<String>,
    empty_layer: Field<bool>,
}

/// A command: a list, or one string for a shell as old builders wrote it.
#[derive(Default)]
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Many(Vec<String>),
            One(String),
        }
        Ok(Words(match Either::deserialize(deserializer)? {
            Either::Many(words) => words,
            Either::One(word) => vec![word],
        }))
    }
}

/// A set, written as an object with empty values, or as a list.
#[derive(Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Set(BTreeMap<String, IgnoredAny>),
            List(Vec<String>),
        }
        let mut names: Vec<String> = match Either::deserialize(deserializer)? {
            Either::Set(names) => names.into_keys().collect(),
            Either::List(names) => names,
        };
        names.sort();
        names.dedup();
        Ok(Names(names))
    }
}

/// Reads a configuration.
///
/// # Errors
/// It is too large or no JSON object. What is wrong with one field is in
/// [`Parsed::problems`].
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Parsed, ConfigError> {
    let size = bytes.len() as u64;
    if size > limits.document_bytes {
        return Err(ConfigError::TooLarge {
            size,
            most: limits.document_bytes,
        });
    }
    // Serde takes an array for a struct, its items in the order of the fields.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ConfigError::Json("it is no object".to_owned()));
    }
    let raw: Raw =
        serde_json::from_slice(bytes).map_err(|error| ConfigError::Json(error.to_string()))?;
    let mut problems = Vec::new();
    let p = &mut problems;
    let platform = Platform {
        os: raw.os.take("os", p),
        arch: raw.architecture.take("architecture", p),
        variant: raw.variant.take("variant", p),
        os_version: raw.os_version.take("os.version", p),
    };
    let run = raw.config.take("config", p);
    let diff_ids = diff_ids(
        raw.rootfs
            .take("rootfs", p)
            .diff_ids
            .take("rootfs.diff_ids", p),
        limits,
        p,
    );
    let healthcheck = run
        .healthcheck
        .take("config.Healthcheck", p)
        .test
        .take("config.Healthcheck.Test", p);
    let config = ImageConfig {
        created: raw.created.take("created", p),
        author: raw.author.take("author", p),
        user: run.user.take("config.User", p),
        env: run.env.take("config.Env", p),
        entrypoint: run.entrypoint.take("config.Entrypoint", p).0,
        cmd: run.cmd.take("config.Cmd", p).0,
        working_dir: run.working_dir.take("config.WorkingDir", p),
        exposed_ports: run.exposed_ports.take("config.ExposedPorts", p).0,
        volumes: run.volumes.take("config.Volumes", p).0,
        labels: run
            .labels
            .take("config.Labels", p)
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or_default()))
            .collect(),
        healthcheck: if healthcheck.first().is_some_and(|word| word == "NONE") {
            Vec::new()
        } else {
            healthcheck
        },
        stop_signal: run.stop_signal.take("config.StopSignal", p),
        history: history(raw.history.take("history", p), p),
    };
    Ok(Parsed {
        config,
        platform,
        diff_ids,
        problems,
    })
}

/// The platform that a configuration names; empty when it can't be read.
pub(crate) fn platform(bytes: &[u8]) -> Platform {
    parse(bytes, &Limits::default())
        .map(|parsed| parsed.platform)
        .unwrap_or_default()
}

fn diff_ids(
    texts: Vec<String>,
    limits: &Limits,
    problems: &mut Vec<String>,
) -> Vec<Option<Digest>> {
    if texts.len() > limits.layers {
        problems.push(format!(
            "configuration: rootfs.diff_ids has {} entries; at most {} are looked at",
            texts.len(),
            limits.layers
        ));
    }
    texts
        .iter()
        .take(limits.layers)
        .enumerate()
        .map(|(at, text)| match manifest::digest(text) {
            Ok(digest) => Some(digest),
            Err(message) => {
                problems.push(format!("configuration: rootfs.diff_ids[{at}]: {message}"));
                None
            }
        })
        .collect()
}

fn history(steps: Vec<Field<RawStep>>, problems: &mut Vec<String>) -> Vec<BuildStep> {
    if steps.len() > HISTORY {
        problems.push(format!(
            "configuration: the history has {} steps; at most {HISTORY} are looked at",
            steps.len()
        ));
    }
    steps
        .into_iter()
        .take(HISTORY)
        .enumerate()
        .map(|(at, step)| {
            let step = step.take(&format!("history[{at}]"), problems);
            let name = |field: &str| format!("history[{at}].{field}");
            BuildStep {
                created: step.created.take(&name("created"), problems),
                created_by: step.created_by.take(&name("created_by"), problems),
                comment: step.comment.take(&name("comment"), problems),
                empty_layer: step.empty_layer.take(&name("empty_layer"), problems),
            }
        })
        .collect()
}

/// The step of the history that made each of `layers` layers, as far as the
/// two can be brought together, and what to say when they do not fit.
///
/// The steps that made a layer are counted from the lowest layer on. An image
/// without a history at all is nothing to tell of: many builders write none.
#[must_use]
pub fn steps_of_layers(
    history: &[BuildStep],
    layers: usize,
) -> (Vec<Option<usize>>, Option<String>) {
    let mut steps: Vec<Option<usize>> = history
        .iter()
        .enumerate()
        .filter(|(_, step)| !step.empty_layer)
        .map(|(at, _)| Some(at))
        .collect();
    let count = steps.len();
    steps.resize(layers, None);
    let problem = (!history.is_empty() && count != layers).then(|| {
        format!("configuration: its history tells of {count} layers, and there are {layers}")
    });
    (steps, problem)
}
