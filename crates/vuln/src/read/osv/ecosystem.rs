//! The ecosystems of the OSV schema: where their packages come from, how their
//! versions are ordered, and how their names are written.
//!
//! Names: <https://ossf.github.io/osv-schema/#affectedpackage-field>.

use plimsoll_model::PackageType;

use super::super::{bounds, record::source_package};
use crate::{Scheme, advisory::Origin};

/// What an ecosystem and a package's name come to.
pub(super) struct Package {
    pub(super) origin: Origin,
    pub(super) name: String,
    pub(super) scheme: Scheme,
}

/// The registries, by the name of their ecosystem.
const REGISTRIES: [(&str, PackageType, Scheme); 16] = [
    ("Bitnami", PackageType::Bitnami, Scheme::Bitnami),
    ("ConanCenter", PackageType::Conan, Scheme::Conan),
    ("CRAN", PackageType::Cran, Scheme::Cran),
    ("crates.io", PackageType::Cargo, Scheme::Semver),
    ("GitHub Actions", PackageType::Github, Scheme::Semver),
    ("Go", PackageType::Golang, Scheme::Go),
    ("Hackage", PackageType::Hackage, Scheme::Hackage),
    ("Hex", PackageType::Hex, Scheme::Semver),
    ("Julia", PackageType::Julia, Scheme::Semver),
    ("Kubernetes", PackageType::Golang, Scheme::Go),
    ("Maven", PackageType::Maven, Scheme::Maven),
    ("npm", PackageType::Npm, Scheme::Semver),
    ("NuGet", PackageType::Nuget, Scheme::Nuget),
    ("Packagist", PackageType::Composer, Scheme::Packagist),
    ("Pub", PackageType::Pub, Scheme::Pub),
    ("RubyGems", PackageType::Gem, Scheme::Gem),
];

/// The distributions that name one release after a colon, by the name of their
/// ecosystem: os-release id, scheme, whether packages are source packages, and
/// whether a release is always named.
const DISTRIBUTIONS: [(&str, &str, Scheme, bool, bool); 17] = [
    ("AlmaLinux", "almalinux", Scheme::Rpm, false, true),
    ("Alpaquita", "alpaquita", Scheme::Apk, true, false),
    ("Alpine", "alpine", Scheme::Apk, true, true),
    ("Arch Linux", "arch", Scheme::Pacman, false, false),
    ("Azure Linux", "azurelinux", Scheme::Rpm, true, true),
    (
        "BellSoft Hardened Containers",
        "bellsoft-hardened-containers",
        Scheme::Apk,
        true,
        false,
    ),
    ("Chainguard", "chainguard", Scheme::Apk, true, false),
    ("Debian", "debian", Scheme::Dpkg, true, true),
    ("Echo", "echo", Scheme::Dpkg, true, false),
    ("Fedora", "fedora", Scheme::Rpm, false, true),
    ("Mageia", "mageia", Scheme::Rpm, true, true),
    ("MinimOS", "minimos", Scheme::Apk, true, false),
    ("openEuler", "openEuler", Scheme::Rpm, true, true),
    ("Photon OS", "photon", Scheme::Rpm, false, true),
    ("Rocky Linux", "rocky", Scheme::Rpm, true, true),
    ("Wolfi", "wolfi", Scheme::Apk, true, false),
    ("Red Hat", "rhel", Scheme::Rpm, false, true),
];

/// Reads `ecosystem`, as a record has it, for a package of this name and purl.
///
/// # Errors
/// What of it is not known.
pub(super) fn package(ecosystem: &str, name: &str, purl: &str) -> Result<Package, String> {
    let name = bounds::word(name).map_err(|why| format!("the name of a package {why}"))?;
    let (base, rest) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let (base, rest) = (base.trim(), rest.trim());
    if let Some(&(_, kind, scheme)) = REGISTRIES.iter().find(|(found, ..)| *found == base) {
        return Ok(Package {
            origin: Origin::Registry(kind),
            name: registry_name(kind, name),
            scheme,
        });
    }
    match base {
        "PyPI" => Ok(Package {
            origin: Origin::Registry(PackageType::Pypi),
            name: python(&name),
            scheme: Scheme::Pep440,
        }),
        "SwiftURL" => Ok(Package {
            origin: Origin::Registry(PackageType::Swift),
            name: swift(&name),
            scheme: Scheme::Semver,
        }),
        "Linux" => Ok(program("linux:linux_kernel")),
        "GHC" => Ok(program("haskell:ghc")),
        "Ubuntu" => ubuntu(rest, purl).map(|origin| distribution(origin, name, Scheme::Dpkg)),
        "SUSE" | "openSUSE" => {
            suse(base, rest).map(|origin| distribution(origin, name, Scheme::Rpm))
        }
        _ => {
            let known = DISTRIBUTIONS.iter().find(|(found, ..)| *found == base);
            let &(_, id, scheme, source, released) =
                known.ok_or_else(|| format!("packages of `{ecosystem}` are not known"))?;
            if released && rest.is_empty() {
                return Err(format!("`{ecosystem}` names no release"));
            }
            let (release, stream) = release(id, rest, purl)?;
            let origin = Origin::Distribution {
                id: id.to_owned(),
                release,
                stream,
                source,
            };
            Ok(distribution(origin, name, scheme))
        }
    }
}

fn distribution(origin: Origin, name: String, scheme: Scheme) -> Package {
    Package {
        origin,
        name,
        scheme,
    }
}

fn program(name: &str) -> Package {
    Package {
        origin: Origin::Program,
        name: name.to_owned(),
        scheme: Scheme::Semver,
    }
}

/// Release and stream of what follows the name of a distribution.
fn release(id: &str, rest: &str, purl: &str) -> Result<(String, String), String> {
    let plain = |text: &str| (text.to_owned(), String::new());
    Ok(match id {
        "alpine" => plain(rest.strip_prefix('v').unwrap_or(rest)),
        "azurelinux" if !rest.contains('.') => (format!("{rest}.0"), String::new()),
        "openEuler" => plain(rest),
        "rocky" => {
            // A special interest group's build of a package of the release.
            let sig = distro(purl).and_then(|distro| distro.split_once("-sig-"));
            let stream = sig.map_or(String::new(), |(_, sig)| format!("sig-{sig}"));
            (rest.to_owned(), stream)
        }
        "rhel" => red_hat(rest)?,
        "debian" if rest == "sid" => plain(""),
        "alpaquita" | "bellsoft-hardened-containers" if rest == "stream" => plain(""),
        _ => plain(rest),
    })
}

/// `enterprise_linux:9::appstream`, `rhel_eus:9.2::baseos`: product and version
/// of a CPE.
fn red_hat(rest: &str) -> Result<(String, String), String> {
    let mut parts = rest.split(':');
    let product = parts.next().unwrap_or_default();
    let version = parts.next().unwrap_or_default();
    let unknown = || format!("`Red Hat:{rest}` is no release of Red Hat Enterprise Linux");
    if !version.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(unknown());
    }
    let major = version.split('.').next().unwrap_or_default().to_owned();
    match product {
        "enterprise_linux" | "rhel" => Ok((major, String::new())),
        _ => match product.strip_prefix("rhel_") {
            Some(stream @ ("eus" | "aus" | "e4s" | "tus" | "els" | "eus_long_life")) => {
                Ok((major, format!("{}-{version}", stream.replace('_', "-"))))
            }
            _ => Err(unknown()),
        },
    }
}

/// `22.04:LTS`, `Pro:16.04:LTS`, `Pro:FIPS-updates:20.04:LTS`. Which of Ubuntu
/// Pro's archives a fix is in is in the purl: `distro=esm-infra/xenial`.
fn ubuntu(rest: &str, purl: &str) -> Result<Origin, String> {
    let is_release = |part: &&str| {
        part.split_once('.').is_some_and(|(year, month)| {
            let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            digits(year) && digits(month)
        })
    };
    let parts: Vec<&str> = rest.split(':').collect();
    let release = parts.iter().copied().find(|part| is_release(part));
    let release = release.ok_or_else(|| format!("`Ubuntu:{rest}` names no release"))?;
    let archive = distro(purl).and_then(|distro| distro.split_once('/'));
    let words: Vec<String> = parts
        .iter()
        .filter(|part| !is_release(part) && !["LTS", "Pro", ""].contains(part))
        .map(|part| part.to_lowercase())
        .collect();
    let stream = match archive {
        // The oldest way of writing it.
        Some((_, "esm")) => "esm-infra".to_owned(),
        Some((archive, _)) => archive.to_owned(),
        None if !words.is_empty() => words.join("-"),
        None if parts.contains(&"Pro") => "esm".to_owned(),
        None => String::new(),
    };
    Ok(source_package("ubuntu", release, &stream))
}

/// `Linux Enterprise Module for Basesystem 15 SP5`, `Leap 15.5`, `Tumbleweed`.
fn suse(base: &str, rest: &str) -> Result<Origin, String> {
    let unknown = || format!("`{base}:{rest}` is no release that is known");
    let words: Vec<&str> = rest.split(' ').collect();
    if let Some(version) = rest.strip_prefix("Leap ") {
        return Ok(source_package("opensuse-leap", version.trim(), ""));
    }
    if rest == "Tumbleweed" {
        return Ok(source_package("opensuse-tumbleweed", "", ""));
    }
    if rest.starts_with("Linux Micro") || rest.starts_with("Linux Enterprise Micro") {
        let version = words.last().copied().unwrap_or_default();
        return Ok(source_package("sl-micro", version, ""));
    }
    if !rest.starts_with("Linux Enterprise") {
        return Err(unknown());
    }
    let major = words
        .iter()
        .position(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(unknown)?;
    let pack = words
        .get(major + 1)
        .and_then(|word| word.strip_prefix("SP"))
        .and_then(|pack| pack.split('-').next());
    let number = words.get(major).copied().unwrap_or_default();
    let release = match pack {
        Some(pack) => format!("{number}.{pack}"),
        None => number.to_owned(),
    };
    let stream = ["LTSS", "ESPOS", "TERADATA"]
        .into_iter()
        .find(|stream| rest.contains(stream))
        .map(str::to_lowercase)
        .unwrap_or_default();
    Ok(source_package("sles", &release, &stream))
}

/// The qualifier `distro` of a purl.
fn distro(purl: &str) -> Option<&str> {
    let (_, qualifiers) = purl.split_once('?')?;
    qualifiers
        .split('&')
        .find_map(|qualifier| qualifier.strip_prefix("distro="))
}

/// Names as their purls have them, for registries where case says nothing.
fn registry_name(kind: PackageType, name: String) -> String {
    match kind {
        PackageType::Composer
        | PackageType::Github
        | PackageType::Hex
        | PackageType::Bitnami
        | PackageType::Pub => name.to_lowercase(),
        _ => name,
    }
}

/// PyPI's normal form of a name (PEP 503): lower case, and one dash for each
/// run of dashes, dots and underscores.
pub(super) fn python(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.extend(c.to_lowercase()),
        }
    }
    normal
}

/// `https://github.com/apple/swift-nio.git` as `github.com/apple/swift-nio`.
fn swift(name: &str) -> String {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.strip_suffix(".git").unwrap_or(name).to_owned()
}
