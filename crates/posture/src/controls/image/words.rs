//! What the controls of images share: frameworks, sources, and what of an
//! image a control can look at.

use plimsoll_model::{
    Mapping,
    image::{FileMark, Image, ImageConfig, ImageForm},
};

use crate::ImageSink;

/// A recommendation of the CIS Docker Benchmark 1.6.
pub(super) const fn cis(requirement: &'static str) -> Mapping {
    Mapping {
        framework: "CIS Docker 1.6",
        requirement,
    }
}

/// A countermeasure of NIST SP 800-190.
pub(super) const fn nist(requirement: &'static str) -> Mapping {
    Mapping {
        framework: "NIST 800-190",
        requirement,
    }
}

/// Docker's advice on building images.
pub(super) const PRACTICES: &str = "https://docs.docker.com/build/building/best-practices/";
/// The reference of Dockerfiles.
pub(super) const DOCKERFILE: &str = "https://docs.docker.com/reference/dockerfile/";
/// NIST SP 800-190.
pub(super) const NIST: &str = "https://csrc.nist.gov/pubs/sp/800/190/final";

/// Whether the image has a configuration; says so when that is not known.
pub(super) fn has_config(image: &Image, sink: &mut ImageSink) -> bool {
    match image.form {
        // A tree of files is started by whoever has it.
        ImageForm::RootFs | ImageForm::Source => false,
        ImageForm::Sbom if image.config == ImageConfig::default() => {
            sink.unknown("the SBOM does not tell the configuration of the image");
            false
        }
        _ => true,
    }
}

/// Whether the image has files of its own; says so when that is not known.
pub(super) fn has_files(image: &Image, sink: &mut ImageSink) -> bool {
    match image.form {
        ImageForm::Source => false,
        ImageForm::Sbom => {
            sink.unknown("the SBOM does not tell the files of the image");
            false
        }
        _ => true,
    }
}

/// The marks of this name.
pub(super) fn marks<'a>(image: &'a Image, name: &str) -> impl Iterator<Item = &'a FileMark> {
    image.marks.iter().filter(move |mark| mark.name == name)
}
