//! The images that are measured: Debian with compilers, languages and servers, made once by
//! mmdebstrap from Debian's own packages and kept in the user's cache.
//!
//! The same files in two shapes, one layer and one for each step, and each stored in three ways.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{shell, tools};

/// The packages of each step, a layer each on top of Debian's smallest root.
const STEPS: [&str; 5] = [
    "python3",
    "nodejs",
    "default-jdk",
    "golang gcc git",
    "nginx postgresql",
];

/// What a layer leaves out: the lists of packages that there are, and what the system mounts.
const LEFT_OUT: [&str; 6] = [
    "./proc/*",
    "./sys/*",
    "./dev/*",
    "./run/*",
    "./var/lib/apt/lists/*",
    "./var/cache/apt/*",
];

/// How layers are stored: the name, the end of their media type, the command that packs one.
const STORED: [(&str, &str, &[&str]); 3] = [
    ("plain", "tar", &[]),
    ("gzip", "tar+gzip", &["gzip", "-c"]),
    ("zstd", "tar+zstd", &["zstd", "-3", "-q", "-c"]),
];

/// The archives of all images, made first where they are missing.
///
/// # Errors
/// There is no mmdebstrap, tar, gzip or zstd, one fails, or something can't be written.
pub(super) fn images() -> Result<Vec<PathBuf>> {
    let folder = tools::cache()?.join("bench/debian-1");
    let mut found = Vec::new();
    for shape in ["layers", "one"] {
        for (stored, _, _) in STORED {
            found.push(folder.join(format!("debian-{shape}-{stored}.tar")));
        }
    }
    if found.iter().all(|path| path.is_file()) {
        return Ok(found);
    }
    let work = super::fresh(&folder.join("work"))?;
    let steps = roots(&work)?;
    for (shape, layers) in [("layers", &steps[1..]), ("one", &steps[..1])] {
        for (stored, media_type, packer) in STORED {
            let name = format!("debian-{shape}-{stored}.tar");
            let archive = Archive {
                work: &work,
                name: &name,
                media_type,
                packer,
            };
            archive.write(layers, &folder.join(&name))?;
        }
    }
    fs::remove_dir_all(&work).with_context(|| format!("can't remove {}", work.display()))?;
    Ok(found)
}

/// The root as one layer, and then the layers of its steps.
fn roots(work: &Path) -> Result<Vec<PathBuf>> {
    let layer = |at: usize| work.join(format!("{at}.tar"));
    let out = work.display();
    let excluded = LEFT_OUT.map(|path| format!("--exclude='{path}'")).join(" ");
    let tar = format!("tar --numeric-owner --no-recursion --null {excluded} --files-from=- -cf");
    let mut command = Command::new("mmdebstrap");
    command.args([
        "--variant=minbase",
        "--format=null",
        "--aptopt=Acquire::Languages \"none\"",
    ]);
    let mut hook = |script: String| {
        command.arg(format!("--customize-hook={script}"));
    };
    let all = "find . -xdev -print0 | sort -z";
    hook(format!(
        r#"cd "$1" && {all} | {tar} '{out}/1.tar' && touch '{out}/mark' && sleep 1"#
    ));
    for (at, packages) in STEPS.iter().enumerate() {
        let at = at + 2;
        hook(format!(
            r#"chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get install --yes {packages} && chroot "$1" apt-get clean"#
        ));
        hook(format!(
            r#"cd "$1" && find . -xdev -cnewer '{out}/mark' -print0 | sort -z | {tar} '{out}/{at}.tar' && touch '{out}/mark' && sleep 1"#
        ));
    }
    hook(format!(r#"cd "$1" && {all} | {tar} '{out}/0.tar'"#));
    shell::run(command.args(["bookworm", "/dev/null"]))?;
    Ok((0..STEPS.len() + 2).map(layer).collect())
}

/// An archive as `docker save` writes them, which is an OCI layout too.
struct Archive<'a> {
    work: &'a Path,
    name: &'a str,
    media_type: &'a str,
    packer: &'a [&'a str],
}

impl Archive<'_> {
    fn write(&self, layers: &[PathBuf], to: &Path) -> Result<()> {
        let layout = super::fresh(&self.work.join("layout"))?;
        let blobs = layout.join("blobs/sha256");
        fs::create_dir_all(&blobs)?;
        let (mut descriptors, mut diff_ids, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for layer in layers {
            let packed = self.packed(layer)?;
            let (digest, size) = digest(&packed)?;
            diff_ids.push(format!("sha256:{}", self::digest(layer)?.0));
            paths.push(format!("blobs/sha256/{digest}"));
            descriptors.push(descriptor(
                &format!("application/vnd.oci.image.layer.v1.{}", self.media_type),
                &digest,
                size,
            ));
            fs::rename(&packed, blobs.join(&digest))?;
        }
        let blob = |value: &Value| -> Result<(String, u64)> {
            let bytes = value.to_string().into_bytes();
            let digest = hex(&Sha256::digest(&bytes));
            fs::write(blobs.join(&digest), &bytes)?;
            Ok((digest, bytes.len() as u64))
        };
        let history = std::iter::once("mmdebstrap").chain(STEPS);
        let (config, config_size) = blob(&json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": history.take(layers.len())
                .map(|step| json!({"created_by": step})).collect::<Vec<_>>(),
        }))?;
        let (manifest, size) = blob(&json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config, config_size),
            "layers": descriptors,
        }))?;
        let tag = self.name.trim_end_matches(".tar");
        let files = [
            ("oci-layout", json!({"imageLayoutVersion": "1.0.0"})),
            (
                "index.json",
                json!({
                    "schemaVersion": 2,
                    "manifests": [descriptor(MANIFEST, &manifest, size)],
                }),
            ),
            (
                "manifest.json",
                json!([{
                    "Config": format!("blobs/sha256/{config}"),
                    "RepoTags": [format!("{tag}:latest")],
                    "Layers": paths,
                }]),
            ),
        ];
        for (name, value) in files {
            fs::write(layout.join(name), value.to_string())?;
        }
        let partial = self.work.join(self.name);
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "-C"]).arg(&layout);
        shell::run(tar.arg("-cf").arg(&partial).arg("."))?;
        fs::rename(&partial, to).with_context(|| format!("can't keep {}", to.display()))
    }

    /// A layer as it is stored, in a file of its own.
    fn packed(&self, layer: &Path) -> Result<PathBuf> {
        let packed = self.work.join("packed");
        let Some((program, args)) = self.packer.split_first() else {
            fs::copy(layer, &packed).with_context(|| format!("can't copy {}", layer.display()))?;
            return Ok(packed);
        };
        let mut command = Command::new(program);
        command.args(args).arg(layer);
        command.stdout(Stdio::from(File::create(&packed)?));
        let status = command.status();
        let status = status.with_context(|| format!("can't start `{program}`"))?;
        if !status.success() {
            bail!("`{}` failed: {status}", shell::shown(&command));
        }
        Ok(packed)
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn descriptor(media_type: &str, digest: &str, size: u64) -> Value {
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size})
}

/// The digest of a file, and its size.
fn digest(path: &Path) -> Result<(String, u64)> {
    let read = || -> io::Result<(String, u64)> {
        let mut file = File::open(path)?;
        let (mut sha, mut size) = (Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok((hex(&sha.finalize()), size)),
                count => {
                    sha.update(&buffer[..count]);
                    size += count as u64;
                }
            }
        }
    };
    read().with_context(|| format!("can't read {}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
