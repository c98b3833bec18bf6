//! Whole processes over images: read once, and again with the layers in the cache; then peers.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Table, fresh};
use crate::shell;

/// Exit codes of `plimsoll image scan` that say that it did its work.
const DONE: [i32; 3] = [0, 2, 3];

/// Measures each image, with nothing kept and from the cache, and peers that are on `PATH` on the
/// same file.
///
/// # Errors
/// A measured program fails, or a folder can't be made.
pub(super) fn images(table: &Table, plimsoll: &Path, images: &[String], work: &Path) -> Result<()> {
    for image in images {
        let name = Path::new(image)
            .file_name()
            .context("an image is a file")?
            .to_string_lossy()
            .into_owned();
        let cold = ["image", "sbom", image, "-o", "cyclonedx", "--no-cache"];
        let ours = table.run(
            &format!("plimsoll image sbom, {name}"),
            plimsoll,
            &cold,
            &DONE,
        )?;
        let cache = fresh(&work.join("layers"))?;
        let cache = cache.to_string_lossy().into_owned();
        let warm = [
            "image",
            "sbom",
            image,
            "-o",
            "cyclonedx",
            "--cache-dir",
            &cache,
        ];
        table.run("  again, layers from the cache", plimsoll, &warm, &DONE)?;
        let archive = format!("docker-archive:{image}");
        let syft = ["scan", "--quiet", "--output", "cyclonedx-json", &archive];
        let trivy = [
            "image",
            "--quiet",
            "--format",
            "cyclonedx",
            "--input",
            image,
        ];
        for (peer, args) in [("syft", &syft[..]), ("trivy", &trivy[..])] {
            let Some(program) = shell::which(peer) else {
                println!("{peer}: not on PATH, not compared");
                continue;
            };
            match table.run(&format!("{peer}, the same image"), &program, args, &[0]) {
                Ok(theirs) => println!(
                    "{peer} takes {:.1} times as long as plimsoll",
                    theirs.wall.as_secs_f64() / ours.wall.as_secs_f64().max(f64::MIN_POSITIVE)
                ),
                Err(error) => println!("{peer}: not compared: {error:#}"),
            }
        }
    }
    Ok(())
}
