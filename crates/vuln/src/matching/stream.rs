//! Streams of a release: for whom a fix is. The release as such is for
//! everybody; most others have to be paid for, or are for one minor release.

/// What a stream is to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream<'a> {
    /// It is not about it.
    Other,
    /// The image does not have it, and could: what getting it takes.
    Offered(&'a str),
    /// The image's own minor release, for which fixes are built apart: the
    /// mark that such builds have (`el9_2`) is made of major and minor.
    Minor(&'a str),
    /// The release as such.
    Release,
    /// One that the image has beyond the release as such.
    Held,
}

/// What `stream` is to an image of this version that holds `held`.
pub(super) fn stream<'a>(stream: &'a str, version: &str, held: &[String]) -> Stream<'a> {
    if matches!(stream, "" | "main" | "community") {
        return Stream::Release;
    }
    let holds = |of: &String| {
        of == stream
            // `esm` is both of Ubuntu's archives, `eus` the image's own minor.
            || (of == "esm" && stream.starts_with("esm-"))
            || minor(stream).is_some_and(|(kind, of_version)| of == kind && of_version == version)
    };
    if held.iter().any(holds) {
        return Stream::Held;
    }
    if let Some((_, of_version)) = minor(stream) {
        return if of_version == version {
            Stream::Minor(stream)
        } else {
            Stream::Other
        };
    }
    match stream {
        "esm" | "esm-infra" | "esm-apps" | "esm-infra-legacy" => Stream::Offered("Ubuntu Pro"),
        "ltss" => Stream::Offered("SUSE Long Term Service Pack Support"),
        "espos" => Stream::Offered("SUSE Extended Service Pack Overlap Support"),
        _ if stream == "els" || stream.starts_with("els-") => {
            Stream::Offered("Red Hat Extended Life Cycle Support")
        }
        _ => Stream::Other,
    }
}

/// Kind and version of a stream of one minor release: `eus-9.2`.
fn minor(stream: &str) -> Option<(&str, &str)> {
    let (kind, version) = stream.rsplit_once('-')?;
    matches!(kind, "eus" | "aus" | "e4s" | "tus" | "eus-long-life").then_some((kind, version))
}

/// What getting the fixes of a minor release's stream takes.
pub(super) fn needs(stream: &str) -> String {
    let Some((kind, version)) = minor(stream) else {
        return stream.to_owned();
    };
    let name = match kind {
        "eus" | "eus-long-life" => "Extended Update Support",
        "aus" => "Advanced Update Support",
        "e4s" => "Update Services for SAP Solutions",
        _ => "Telecommunications Update Service",
    };
    format!("Red Hat {name} {version}")
}

/// Whether a version was built for the minor release of this stream: its
/// release ends in `el9_2` or goes on behind it.
pub(super) fn is_built_for(version: &str, stream: &str) -> bool {
    minor(stream)
        .and_then(|(_, version)| version.split_once('.'))
        .is_some_and(|(major, minor)| {
            let mark = format!(".el{major}_{minor}");
            version
                .find(&mark)
                .map(|at| &version[at + mark.len()..])
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        })
}

/// The streams that the CPE of an os-release names: `eus-9.2` of
/// `cpe:/o:redhat:rhel_eus:9.2::baseos`.
pub(super) fn of_cpe(cpe: &str) -> Option<String> {
    let rest = cpe
        .strip_prefix("cpe:/o:redhat:rhel_")
        .or_else(|| cpe.strip_prefix("cpe:2.3:o:redhat:rhel_"))?;
    let mut parts = rest.split(':');
    let kind = parts.next()?;
    let version = parts.next()?;
    let known = matches!(kind, "eus" | "aus" | "e4s" | "tus" | "els");
    known.then(|| format!("{kind}-{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_for_those_who_have_them() {
        let check = |name: &str, version: &str, held: &[&str], expect: Stream<'_>| {
            let held: Vec<String> = held.iter().map(|of| (*of).to_owned()).collect();
            assert_eq!(
                stream(name, version, &held),
                expect,
                "{name} {version} {held:?}"
            );
        };
        check("", "9.2", &[], Stream::Release);
        check("community", "3.19.1", &[], Stream::Release);
        check("eus-9.2", "9.2", &[], Stream::Minor("eus-9.2"));
        check("eus-9.2", "9.2", &["eus"], Stream::Held);
        check("eus-9.2", "9.2", &["eus-9.2"], Stream::Held);
        check("eus-9.0", "9.2", &["eus"], Stream::Other);
        check("esm-apps", "22.04", &[], Stream::Offered("Ubuntu Pro"));
        check("esm-apps", "22.04", &["esm"], Stream::Held);
        check("fips-updates", "22.04", &[], Stream::Other);
        check("sig-cloud", "9.2", &[], Stream::Other);
    }

    #[test]
    fn builds_for_a_minor_release_are_marked() {
        assert!(is_built_for("1:3.0.7-16.el9_2.1", "eus-9.2"));
        assert!(is_built_for("3.0.7-16.el9_2", "eus-9.2"));
        assert!(!is_built_for("3.0.7-16.el9_20", "eus-9.2"));
        assert!(!is_built_for("3.0.7-16.el9", "eus-9.2"));
        assert_eq!(
            of_cpe("cpe:/o:redhat:rhel_eus:9.2::baseos").as_deref(),
            Some("eus-9.2")
        );
        assert_eq!(of_cpe("cpe:/o:redhat:enterprise_linux:9::baseos"), None);
        assert_eq!(needs("eus-9.2"), "Red Hat Extended Update Support 9.2");
    }
}
