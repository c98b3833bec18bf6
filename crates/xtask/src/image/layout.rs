//! An image as an OCI layout: a folder of blobs that are named by their digests.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Tar;

/// A layer.
#[derive(Debug)]
pub struct Layer {
    /// What was done, for the history.
    pub step: String,
    /// Its files.
    pub tar: Vec<u8>,
}

/// What goes into a layout.
#[derive(Debug)]
pub struct Image {
    /// Its name with a tag.
    pub name: String,
    /// Its layers, the lowest first.
    pub layers: Vec<Layer>,
    /// What is said of it, in the order in which it is written.
    pub annotations: Vec<(&'static str, String)>,
    /// `user:group`.
    pub user: String,
    /// The program and what always comes first of its arguments.
    pub entrypoint: Vec<String>,
    /// The arguments unless others are given.
    pub command: Vec<String>,
    /// `NAME=value`.
    pub environment: Vec<String>,
}

/// A blob and the digest that is its name.
type Blob = (String, Vec<u8>);

/// Writes the layout, and an archive of it where one is asked for. Gives the digest of the manifest.
///
/// # Errors
/// Something can't be written.
pub fn write(image: &Image, folder: &Path, archive: Option<&Path>) -> Result<String> {
    let (files, digest) = files(image)?;
    if folder.join("oci-layout").is_file() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("can't replace {}", folder.display()))?;
    }
    for (name, bytes) in &files {
        let path = folder.join(name);
        let parent = path.parent().context("a file is in a folder")?;
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, bytes))
            .with_context(|| format!("can't write {}", path.display()))?;
    }
    if let Some(archive) = archive {
        let mut tar = Tar::default();
        for (name, bytes) in &files {
            tar.file(name, 0o644, bytes).map_err(anyhow::Error::msg)?;
        }
        std::fs::write(archive, tar.finish())
            .with_context(|| format!("can't write {}", archive.display()))?;
    }
    Ok(digest)
}

/// The files of a layout by their paths, and the digest of the manifest.
fn files(image: &Image) -> Result<(Vec<Blob>, String)> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let annotations: Value = image
        .annotations
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut blobs: Vec<Blob> = Vec::new();
    let mut layers = Vec::new();
    for layer in &image.layers {
        let bytes = compressed(&layer.tar)?;
        layers.push(descriptor(
            "application/vnd.oci.image.layer.v1.tar+gzip",
            &bytes,
        ));
        blobs.push((digest(&bytes), bytes));
    }
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": image.user,
            "Env": image.environment,
            "Entrypoint": image.entrypoint,
            "Cmd": image.command,
            "WorkingDir": "/",
            "Labels": annotations,
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": image.layers.iter().map(|layer| digest(&layer.tar)).collect::<Vec<_>>(),
        },
        "history": image.layers.iter()
            .map(|layer| json!({"created_by": layer.step})).collect::<Vec<_>>(),
    })
    .to_string()
    .into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": layers,
        "annotations": annotations,
    })
    .to_string()
    .into_bytes();
    let manifest_digest = digest(&manifest);
    let mut entry = descriptor(MANIFEST, &manifest);
    let tag = image.name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
    entry["platform"] = json!({"architecture": architecture, "os": "linux"});
    entry["annotations"] = json!({
        // The one is the specification's, the other what containerd takes a name from.
        "org.opencontainers.image.ref.name": tag,
        "io.containerd.image.name": image.name,
    });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [entry],
    });
    blobs.push((digest(&config), config));
    blobs.push((manifest_digest.clone(), manifest));
    let mut files: Vec<Blob> = vec![
        (
            "oci-layout".to_owned(),
            json!({"imageLayoutVersion": "1.0.0"})
                .to_string()
                .into_bytes(),
        ),
        ("index.json".to_owned(), index.to_string().into_bytes()),
    ];
    files.extend(
        blobs
            .into_iter()
            .map(|(digest, bytes)| (format!("blobs/{}", digest.replacen(':', "/", 1)), bytes)),
    );
    Ok((files, manifest_digest))
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// `sha256:` and the digest.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |text, byte| {
            format!("{text}{byte:02x}")
        })
}

#[cfg(test)]
mod tests {
    use super::{Image, Layer, files};

    fn example(tag: &str) -> Image {
        Image {
            name: format!("host.test:5000/plimsoll:{tag}"),
            layers: vec![Layer {
                step: "nothing".to_owned(),
                tar: vec![0; 1024],
            }],
            annotations: vec![("org.opencontainers.image.title", "plimsoll".to_owned())],
            user: "1:1".to_owned(),
            entrypoint: vec!["/a".to_owned()],
            command: Vec::new(),
            environment: Vec::new(),
        }
    }

    #[test]
    fn the_same_image_has_the_same_bytes_and_its_name_is_not_part_of_them() {
        let (first, digest) = files(&example("1")).expect("a layout");
        assert_eq!(first, files(&example("1")).expect("a layout").0);
        assert_eq!(digest, files(&example("2")).expect("a layout").1);
        let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..2], ["oci-layout", "index.json"]);
        assert_eq!(names.len(), 5, "layer, configuration, manifest: {names:?}");
        let index = String::from_utf8_lossy(&first[1].1);
        assert!(
            index.contains(&digest) && index.contains(r#""org.opencontainers.image.ref.name":"1""#)
        );
    }
}
