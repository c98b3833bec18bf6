//! Images on a terminal.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use plimsoll_model::{PackageType, image::Image};

use super::{Line, Paper};
use crate::{
    style::{Style, Tone},
    text::{count, cut, number},
};

/// Programs of which nothing is known that are named without `--verbose`.
const NAMED: usize = 5;

/// What an image holds, in a few lines; with `--verbose` every package.
pub(super) fn summary(paper: &mut Paper<'_>, image: &Image) -> io::Result<()> {
    paper.blank()?;
    let right = Line::of(Tone::Faint, &platform(image));
    let name = Line::of(Tone::Strong, &image.name);
    paper.apart(0, (&Line::new(), 0), &name, &right)?;
    if let Some(digest) = image.digest.or(image.id) {
        paper.text(2, &Line::of(Tone::Faint, &digest.to_string()))?;
    }
    let mut field =
        |label: &str, line: Line| paper.field(2, &Line::of(Tone::Faint, label), 10, &line);
    field("system", system(image))?;
    let stored: u64 = image.layers.iter().map(|layer| layer.bytes).sum();
    field(
        "layers",
        Line::plain(&format!(
            "{}, {}",
            count(image.layers.len() as u64, "layer"),
            bytes(stored)
        )),
    )?;
    if let Some(base) = &image.base {
        let name = if base.name.is_empty() {
            "a known base"
        } else {
            &base.name
        };
        let layers = count(u64::from(base.layers), "layer");
        field("base", Line::plain(&format!("{name}, {layers}")))?;
    }
    field("packages", packages(image))?;
    if image.files.unidentified_programs > 0 {
        field("unknown", unidentified(image))?;
    }
    if image.files.changed > 0 {
        let text = format!(
            "{} of {} compared differ from what their package installed",
            number(image.files.changed),
            count(image.files.verified, "file")
        );
        field("changed", Line::of(Tone::Warn, &text))?;
    }
    if !image.other_platforms.is_empty() {
        let text = format!(
            "{} not looked into: {}; --platform chooses",
            count(image.other_platforms.len() as u64, "other platform"),
            image.other_platforms.join(", ")
        );
        field("also", Line::of(Tone::Warn, &text))?;
    }
    if !image.gaps.is_empty() {
        let text = format!(
            "{} could not be read: what is told of this image is not all",
            count(image.gaps.len() as u64, "part")
        );
        field("gaps", Line::of(Tone::Unsure, &text))?;
    }
    if paper.style.verbose() {
        every_package(paper, image)?;
    }
    Ok(())
}

/// `linux/amd64`; nothing for what was built for no platform that is known.
fn platform(image: &Image) -> String {
    if image.platform.os.is_empty() && image.platform.arch.is_empty() {
        return String::new();
    }
    image.platform.to_string()
}

fn system(image: &Image) -> Line {
    let Some(release) = &image.release else {
        return Line::plain("none told: built from scratch, or its release file is gone");
    };
    let line = Line::plain(&release.name);
    match &release.support {
        Some(support) if support.until.is_empty() => line,
        Some(support) => line.and(&format!(", support until {}", support.until)),
        None => line.put(Tone::Unsure, ", end of support not known"),
    }
}

/// `213: 180 deb, 30 npm, 3 generic`.
fn packages(image: &Image) -> Line {
    let there = || image.packages.iter().filter(|p| p.removed_by.is_none());
    let mut by_type: BTreeMap<PackageType, u64> = BTreeMap::new();
    for package in there() {
        *by_type.entry(package.package.kind).or_default() += 1;
    }
    let total: u64 = by_type.values().sum();
    if total == 0 {
        return Line::plain("none found");
    }
    let mut by_type: Vec<(PackageType, u64)> = by_type.into_iter().collect();
    by_type.sort_by_key(|(kind, n)| (std::cmp::Reverse(*n), *kind));
    let parts: Vec<String> = by_type
        .iter()
        .map(|(kind, n)| format!("{} {}", number(*n), kind.as_str()))
        .collect();
    let mut line = Line::plain(&format!("{}: {}", number(total), parts.join(", ")));
    let removed = image.packages.len() as u64 - total;
    if removed > 0 {
        line = line.put(
            Tone::Faint,
            &format!("; {} more that later layers delete", number(removed)),
        );
    }
    line
}

fn unidentified(image: &Image) -> Line {
    let programs: Vec<String> = image
        .marks
        .iter()
        .filter(|mark| mark.name == "unidentified-program")
        .take(NAMED)
        .map(|mark| format!("/{}", mark.path))
        .collect();
    let total = image.files.unidentified_programs;
    let mut text = format!(
        "{} that no package owns and nothing is known of",
        count(total, "program")
    );
    if !programs.is_empty() {
        text.push_str(&format!(": {}", programs.join(", ")));
        if total > programs.len() as u64 {
            text.push_str(", ...");
        }
    }
    Line::of(Tone::Warn, &text)
}

fn every_package(paper: &mut Paper<'_>, image: &Image) -> io::Result<()> {
    paper.blank()?;
    let columns = paper.style.columns();
    let widest = columns / 2;
    for package in &image.packages {
        let name = package.package.full_name();
        let kind = Line::of(Tone::Faint, package.package.kind.as_str());
        let mut line = Line::plain(&cut(&name, widest))
            .and(" ")
            .put(Tone::Strong, &package.package.version);
        if package.removed_by.is_some() {
            line = line.put(Tone::Faint, " (deleted)");
        }
        let place = package.locations.first();
        let place = place.map_or(String::new(), |place| format!("/{}", place.path));
        let place = Line::of(Tone::Faint, &cut(&place, widest));
        paper.apart(2, (&kind, 10), &line, &place)?;
    }
    Ok(())
}

/// `plimsoll image ls`.
pub(crate) fn layers(image: &Image, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let paper = &mut Paper::new(out, style);
    let right = Line::of(Tone::Faint, &platform(image));
    let name = Line::of(Tone::Strong, &image.name);
    paper.apart(0, (&Line::new(), 0), &name, &right)?;
    for (at, layer) in image.layers.iter().enumerate() {
        paper.blank()?;
        let digest = layer.diff_id.or(layer.digest);
        let digest = digest.map_or_else(|| "unknown digest".to_owned(), |d| d.to_string());
        let shown = if style.verbose() {
            digest
        } else {
            digest.chars().take(19).collect()
        };
        let head = Line::of(Tone::Strong, &format!("{:>3}", at + 1));
        let base = image
            .base
            .as_ref()
            .is_some_and(|base| at < base.layers as usize);
        let line = Line::plain(&shown).put(Tone::Faint, if base { "  base image" } else { "" });
        let mut size = bytes(layer.bytes);
        if layer.stored_bytes > 0 && layer.stored_bytes != layer.bytes {
            size.push_str(&format!(" ({} stored)", bytes(layer.stored_bytes)));
        }
        paper.apart(0, (&head, 5), &line, &Line::plain(&size))?;
        let mut facts = vec![count(layer.entries, "path")];
        if layer.packages_added > 0 {
            facts.push(format!("{} added", count(layer.packages_added, "package")));
        }
        if layer.packages_removed > 0 {
            facts.push(format!(
                "{} taken away",
                count(layer.packages_removed, "package")
            ));
        }
        let mut line = Line::plain(&facts.join(", "));
        if layer.wasted_bytes > 0 {
            let text = format!(", {} wasted", bytes(layer.wasted_bytes));
            line = line.put(Tone::Warn, &text);
        }
        paper.text(5, &line)?;
        if !layer.created_by.is_empty() {
            let step = layer.created_by.split_whitespace();
            let step = step.collect::<Vec<_>>().join(" ");
            let step = if style.verbose() {
                step
            } else {
                cut(&step, 3 * (style.columns() - 5)).into_owned()
            };
            paper.text(5, &Line::of(Tone::Faint, &step))?;
        }
    }
    paper.blank()?;
    let total: u64 = image.layers.iter().map(|layer| layer.bytes).sum();
    let wasted: u64 = image.layers.iter().map(|layer| layer.wasted_bytes).sum();
    let text = format!(
        "{}, {}, of which {} are hidden or replaced by layers above",
        count(image.layers.len() as u64, "layer"),
        bytes(total),
        bytes(wasted)
    );
    paper.text(0, &Line::plain(&text))?;
    for gap in &image.gaps {
        paper.text(0, &Line::of(Tone::Unsure, &format!("not read: {gap}")))?;
    }
    Ok(())
}

/// `1.5 GiB`, `120 MiB`, `17 B`.
pub(crate) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if unit == "B" || value >= 10.0 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{
        Package,
        image::{ImageLayer, ImagePackage, ImageRelease, PackageLocation, Support},
    };

    use super::*;

    #[test]
    fn sizes_are_short() {
        let check = |n: u64, expect: &str| assert_eq!(bytes(n), expect);
        check(0, "0 B");
        check(1023, "1023 B");
        check(1024, "1.0 KiB");
        check(5 << 20, "5.0 MiB");
        check(120 << 20, "120 MiB");
        check(1536 << 20, "1.5 GiB");
    }

    fn image() -> Image {
        let package = |kind, name: &str, removed_by| ImagePackage {
            locations: vec![PackageLocation {
                path: "var/lib/dpkg/status".to_owned(),
                ..PackageLocation::default()
            }],
            removed_by,
            ..ImagePackage::of(Package::new(kind, "", name, "1.2-3"))
        };
        let layer = |bytes, created_by: &str| ImageLayer {
            bytes,
            entries: 3,
            created_by: created_by.to_owned(),
            packages_added: 2,
            wasted_bytes: bytes / 4,
            ..ImageLayer::default()
        };
        let mut image = Image {
            name: "web.tar".to_owned(),
            packages: vec![
                package(PackageType::Deb, "bash", None),
                package(PackageType::Npm, "left-pad", Some(1)),
            ],
            layers: vec![
                layer(5 << 20, "ADD rootfs.tar.xz / # buildkit"),
                layer(0, ""),
            ],
            release: Some(ImageRelease {
                name: "Debian GNU/Linux 12 (bookworm)".to_owned(),
                support: Some(Support {
                    until: "2028-06-30".to_owned(),
                    ..Support::default()
                }),
                ..ImageRelease::default()
            }),
            ..Image::default()
        };
        image.platform.os = "linux".to_owned();
        image.platform.arch = "amd64".to_owned();
        image
    }

    fn render(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn layers_are_told_with_what_they_brought() {
        let text = render(|out| layers(&image(), Style::default(), out));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_summary_tells_what_there_is_and_what_was_deleted() {
        let style = Style {
            verbosity: crate::Verbosity::Verbose,
            ..Style::default()
        };
        let text = render(|out| summary(&mut Paper::new(out, style), &image()));
        insta::assert_snapshot!(text);
    }
}
