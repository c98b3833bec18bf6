//! Whole processes over images: read once, against the floor of what must be done, and again from
//! the cache; then peers.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Table, fresh, measure::Sample, target};
use crate::shell;

/// Exit codes of `plimsoll image scan` that say that it did its work.
const DONE: [i32; 3] = [0, 2, 3];

/// Measures each image, with nothing kept, against its floor, and from the cache, and peers that
/// are on `PATH` on the same file.
///
/// # Errors
/// A measured program fails, or a folder can't be made.
pub(super) fn images(table: &Table, plimsoll: &Path, images: &[String], work: &Path) -> Result<()> {
    if images.is_empty() {
        return Ok(());
    }
    let floor = ["--package", "plimsoll-image", "--example", "floor"];
    let build = ["build", "--release", "--locked"];
    shell::run(shell::cargo().args(build).args(floor))?;
    let floor = target().join("release/examples/floor");
    for image in images {
        let name = Path::new(image)
            .file_name()
            .context("an image is a file")?
            .to_string_lossy()
            .into_owned();
        let cold = ["image", "sbom", image, "-o", "cyclonedx", "--no-cache"];
        let [ours, least] = table.pair([
            (
                &format!("plimsoll image sbom, {name}"),
                plimsoll,
                &cold,
                &DONE,
            ),
            (
                "  its layers decompressed and hashed, no more",
                &floor,
                &[image],
                &[0],
            ),
        ])?;
        println!("{}", ratio(ours, least));
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
        table.run("  again, from the cache", plimsoll, &warm, &DONE)?;
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

/// How many times the floor a run takes.
fn ratio(ours: Sample, floor: Sample) -> String {
    let times = |ours: f64, floor: f64| format!("{:.2}", ours / floor.max(f64::MIN_POSITIVE));
    let wall = times(ours.wall.as_secs_f64(), floor.wall.as_secs_f64());
    match (ours.usage, floor.usage) {
        (Some((ours, _)), Some((floor, _))) => format!(
            "plimsoll takes {wall} times the floor, and {} times its CPU",
            times(ours.as_secs_f64(), floor.as_secs_f64())
        ),
        _ => format!("plimsoll takes {wall} times the floor"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Sample, ratio};

    #[test]
    fn a_ratio_is_told_of_what_was_measured() {
        let sample = |wall, cpu: Option<u64>| Sample {
            wall: Duration::from_millis(wall),
            usage: cpu.map(|cpu| (Duration::from_millis(cpu), 1)),
        };
        assert_eq!(
            ratio(sample(1200, Some(2000)), sample(1000, Some(1000))),
            "plimsoll takes 1.20 times the floor, and 2.00 times its CPU"
        );
        let less = ratio(sample(500, None), sample(1000, Some(1)));
        assert_eq!(less, "plimsoll takes 0.50 times the floor");
    }
}
