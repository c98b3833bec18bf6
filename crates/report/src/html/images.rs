//! Images: what each holds, its layers and its packages.

use plimsoll_model::image::{Image, ImagePackage};

use super::{escape::esc, page::Page};
use crate::{
    terminal::image::bytes,
    text::{count, number},
};

/// Packages listed of one image.
const PACKAGES: usize = 5_000;

/// A section with every image.
pub(super) fn images(page: &mut Page, images: &[Image]) {
    for (at, image) in images.iter().enumerate() {
        one(page, at, image);
    }
}

fn one(page: &mut Page, at: usize, image: &Image) {
    page.raw(&format!(
        "<section aria-labelledby=\"image-{at}\"><h2 id=\"image-{at}\">{}</h2>\
         <p class=\"sub\">{}{}</p>",
        esc(&image.name),
        esc(&image.platform.to_string()),
        match image.digest.or(image.id) {
            Some(digest) => format!(", <code>{digest}</code>"),
            None => String::new(),
        }
    ));
    facts(page, image);
    if !image.layers.is_empty() {
        layers(page, image);
    }
    if !image.packages.is_empty() {
        packages(page, image);
    }
    page.raw("</section>\n");
}

fn facts(page: &mut Page, image: &Image) {
    page.raw("<div class=\"box\"><table class=\"groups\"><tbody>");
    let mut row = |name: &str, text: String| {
        page.raw(&format!(
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
            esc(&text)
        ));
    };
    row(
        "operating system",
        match &image.release {
            None => "none told".to_owned(),
            Some(release) => match &release.support {
                Some(support) if !support.until.is_empty() => format!(
                    "{}, support until {} ({}, as of {})",
                    release.name, support.until, support.source, support.as_of
                ),
                _ => format!("{}, end of support not known", release.name),
            },
        },
    );
    row(
        "user",
        match &*image.config.user {
            "" => "none named: root".to_owned(),
            user => user.to_owned(),
        },
    );
    if let Some(base) = &image.base {
        row(
            "base image",
            format!(
                "{}, {} ({})",
                base.name,
                count(u64::from(base.layers), "layer"),
                base.evidence
            ),
        );
    }
    let files = &image.files;
    row(
        "files",
        format!(
            "{}; {}, of which {} belong to no package and {} are not identified",
            count(files.files, "file"),
            count(files.programs, "program and library file"),
            number(files.unowned_programs),
            number(files.unidentified_programs)
        ),
    );
    row(
        "changed files",
        format!(
            "{} of {} compared with their package's record",
            number(files.changed),
            number(files.verified)
        ),
    );
    if !image.other_platforms.is_empty() {
        row(
            "platforms not looked into",
            image.other_platforms.join(", "),
        );
    }
    for gap in &image.gaps {
        row("not read", gap.to_string());
    }
    page.raw("</tbody></table></div>");
}

fn layers(page: &mut Page, image: &Image) {
    page.raw(
        "<div class=\"box\"><table class=\"rows\"><caption>Layers</caption><thead><tr>\
         <th scope=\"col\" class=\"n\">no.</th><th scope=\"col\" class=\"n\">size</th>\
         <th scope=\"col\" class=\"n\">wasted</th><th scope=\"col\" class=\"n\">packages</th>\
         <th scope=\"col\">step</th></tr></thead><tbody>",
    );
    for (at, layer) in image.layers.iter().enumerate() {
        page.raw(&format!(
            "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td><code>{}</code></td></tr>",
            at + 1,
            bytes(layer.bytes),
            bytes(layer.wasted_bytes),
            match (layer.packages_added, layer.packages_removed) {
                (added, 0) => format!("+{}", number(added)),
                (added, removed) => format!("+{} -{}", number(added), number(removed)),
            },
            esc(&layer.created_by)
        ));
    }
    page.raw("</tbody></table></div>");
}

fn packages(page: &mut Page, image: &Image) {
    page.raw(&format!(
        "<details><summary>{}</summary><div class=\"box\"><table class=\"rows\"><thead><tr>\
         <th scope=\"col\">type</th><th scope=\"col\">package</th><th scope=\"col\">version</th>\
         <th scope=\"col\">layer</th><th scope=\"col\">where</th></tr></thead><tbody>",
        count(image.packages.len() as u64, "package")
    ));
    for package in image.packages.iter().take(PACKAGES) {
        package_row(page, package);
    }
    if image.packages.len() > PACKAGES {
        let left = number((image.packages.len() - PACKAGES) as u64);
        page.raw(&format!(
            "<tr><td colspan=\"5\" class=\"muted\">and {left} more; the JSON report has all</td></tr>"
        ));
    }
    page.raw("</tbody></table></div></details>");
}

fn package_row(page: &mut Page, package: &ImagePackage) {
    let place = package.locations.first();
    let deleted = match package.removed_by {
        Some(layer) => format!(
            " <span class=\"muted\">deleted by layer {}</span>",
            layer + 1
        ),
        None => String::new(),
    };
    page.raw(&format!(
        "<tr><td>{}</td><td title=\"{}\">{}{deleted}</td><td>{}</td><td class=\"n\">{}</td>\
         <td><code>{}</code></td></tr>",
        package.package.kind.as_str(),
        esc(&package.purl),
        esc(&package.package.full_name()),
        esc(&package.package.version),
        place.map_or(String::new(), |place| (place.layer + 1).to_string()),
        esc(&place.map_or(String::new(), |place| format!("/{}", place.path)))
    ));
}
