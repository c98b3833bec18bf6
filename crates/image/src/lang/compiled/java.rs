//! Java: archives with what is nested in or shaded into them, and the build
//! files of source folders.

mod archive;
mod gradle;
mod identity;
mod manifest;
mod pom;

pub(crate) use self::{archive::JAVA_ARCHIVE, gradle::GRADLE_LOCK, pom::POM};
