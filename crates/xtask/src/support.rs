//! `support`: until when distributions are supported, as the table that the image engine has
//! built in, from the data of <https://endoflife.date>.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, Result, bail};
use plimsoll_manifest::{Limits, Node, Source, load};

use crate::{Usage, shell};

const HELP: &str = "\
usage: ./x support ARCHIVE AS_OF

  ARCHIVE   a tar of endoflife.date's repository or of its products/ and LICENSE
            (https://github.com/endoflife-date/endoflife.date, MIT)
  AS_OF     the date of that state (YYYY-MM-DD)

Writes crates/image/src/os/support.tsv and crates/coverage/src/versions/ends.tsv.";

/// Where the table of distributions is kept.
const TABLE: &str = "crates/image/src/os/support.tsv";
/// Where the table of what clusters run on is kept.
const PLATFORMS: &str = "crates/coverage/src/versions/ends.tsv";

/// The products that are distributions whose images are met, and which field has the last day of
/// the fixes that everyone gets. Debian's long term support is such: it comes from the same
/// archive, for nothing.
const PRODUCTS: &[(&str, &str, Option<&str>)] = &[
    ("almalinux", "eol", None),
    ("alpine-linux", "eol", None),
    ("amazon-linux", "eol", None),
    ("centos", "eol", None),
    ("centos-stream", "eol", None),
    ("cos", "eol", None),
    ("debian", "eoes", None),
    ("devuan", "eol", None),
    ("eurolinux", "eol", None),
    ("fedora", "eol", None),
    ("linuxmint", "eol", None),
    ("mageia", "eol", None),
    ("opensuse", "eol", None),
    ("openwrt", "eol", None),
    ("oracle-linux", "eol", Some("eoes")),
    ("postmarketos", "eol", None),
    ("rhel", "eol", Some("eoes")),
    ("rocky-linux", "eol", None),
    ("sles", "eol", Some("eoes")),
    ("suse-linux-micro", "eol", Some("eoes")),
    ("ubuntu", "eol", Some("eoes")),
    ("vmware-photon", "eol", None),
];

/// What clusters and their nodes run on beside the distributions above. Windows nodes get the
/// fixes of the extended phase without paying.
const PLATFORM_PRODUCTS: &[(&str, &str, Option<&str>)] = &[
    ("amazon-eks", "eol", Some("eoes")),
    ("azure-kubernetes-service", "eol", Some("eoes")),
    ("containerd", "eol", None),
    ("docker-engine", "eol", None),
    ("etcd", "eol", None),
    ("google-kubernetes-engine", "eol", None),
    ("kubernetes", "eol", None),
    ("linux-kernel", "eol", None),
    ("windows-server", "eol", None),
];

/// The rows of one product's page: its front matter has the releases.
fn rows(page: &str, product: &str, until: &str, extended: Option<&str>) -> Result<String> {
    let front = page
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---"))
        .with_context(|| format!("{product}: no front matter"))?
        .0;
    // What stands before may be a template in braces, which no YAML reader takes.
    let front = front
        .find("\nreleases:")
        .map_or("", |start| &front[start..]);
    let limits = Limits::default();
    // What is loaded are objects of Kubernetes; this makes it one.
    let object = format!("apiVersion: endoflife.date/v1\nkind: Product\n{front}\n");
    let source = Source::new(product, object.into_bytes(), &limits)?;
    let loaded = load(&source, &limits);
    if let Some(error) = loaded.errors.first() {
        bail!("{product}: {error}");
    }
    let releases = loaded
        .documents
        .first()
        .and_then(|document| document.root().get("releases"))
        .with_context(|| format!("{product}: no releases"))?;
    let mut rows = String::new();
    for release in releases.items() {
        let text = |name: &str| release.get(name).and_then(Node::scalar_text);
        let cycle = text("releaseCycle").with_context(|| format!("{product}: no releaseCycle"))?;
        let cycle = cycle.strip_prefix("cos-").unwrap_or(cycle);
        // A date; `false` for no end that is known, `true` for an end at no known date, which a
        // table of dates can't tell.
        let date = |name: &str| match text(name) {
            Some("false") | None => Some("-"),
            Some("true") => None,
            Some(date) => Some(date),
        };
        let (Some(until), Some(extended)) = (date(until), extended.map_or(Some("-"), date)) else {
            continue;
        };
        let codename = text("codename").unwrap_or("").to_lowercase();
        let codename = match codename.split(' ').next() {
            Some("") | None => "-",
            Some(word) => word,
        };
        writeln!(rows, "{product}\t{cycle}\t{codename}\t{until}\t{extended}")?;
    }
    Ok(rows)
}

/// Writes the tables.
///
/// # Errors
/// The archive can't be read, a product is missing or not of the form that is known.
pub fn support(args: &[String]) -> Result<()> {
    let [archive, as_of] = args else {
        return Err(Usage(HELP.to_owned()).into());
    };
    let distributions = table(archive, as_of, "distributions", PRODUCTS)?;
    let platforms: Vec<_> = PRODUCTS.iter().chain(PLATFORM_PRODUCTS).copied().collect();
    let platforms = table(archive, as_of, "what clusters run on", &platforms)?;
    for (path, text) in [(TABLE, distributions), (PLATFORMS, platforms)] {
        let path = shell::root().join(path);
        std::fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

/// The text of one table.
fn table(
    archive: &str,
    as_of: &str,
    what: &str,
    products: &[(&str, &str, Option<&str>)],
) -> Result<String> {
    let are = if what.ends_with('s') { "are" } else { "is" };
    let mut table = format!(
        "# Until when {what} {are} supported, from https://endoflife.date\n\
         # (copyright 2020 endoflife.date contributors, MIT licence), by `./x support`.\n\
         # as of {as_of}\n\
         # product, cycle, codename, last day of support, last day of extended support\n"
    );
    for (product, until, extended) in products {
        let output = Command::new("tar")
            .args(["--extract", "--to-stdout", "--wildcards", "--file"])
            .arg(archive)
            .arg(format!("*products/{product}.md"))
            .output()
            .context("can't run tar")?;
        if !output.status.success() {
            bail!("{product}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let page = String::from_utf8(output.stdout).with_context(|| format!("{product}: text"))?;
        table += &rows(&page, product, until, *extended)?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::{PLATFORM_PRODUCTS, PLATFORMS, PRODUCTS, TABLE, rows};
    use crate::shell;

    #[test]
    fn releases_become_rows() {
        let page = "---\ntitle: X\nreleases:\n  - releaseCycle: \"12\"\n    codename: \"Jammy \
                    Jellyfish\"\n    eol: 2026-07-11\n    eoes: 2028-06-30\n  - releaseCycle: \
                    \"13\"\n    eol: false\n  - releaseCycle: \"11\"\n    eol: true\n\n---\n# Text\n";
        let check = |until, extended, expect: &str| {
            assert_eq!(rows(page, "x", until, extended).expect("rows"), expect);
        };
        check(
            "eol",
            Some("eoes"),
            "x\t12\tjammy\t2026-07-11\t2028-06-30\nx\t13\t-\t-\t-\n",
        );
        check(
            "eoes",
            None,
            "x\t12\tjammy\t2028-06-30\t-\nx\t13\t-\t-\t-\nx\t11\t-\t-\t-\n",
        );
        assert!(rows("no front matter", "x", "eol", None).is_err());
        assert!(rows("---\na: 1\n---\n", "x", "eol", None).is_err());
    }

    #[test]
    fn the_tables_kept_have_every_product() {
        for (path, products) in [
            (TABLE, PRODUCTS),
            (PLATFORMS, PRODUCTS),
            (PLATFORMS, PLATFORM_PRODUCTS),
        ] {
            let table = shell::read(&shell::root().join(path)).expect("the table");
            for (product, _, _) in products {
                let start = format!("{product}\t");
                assert!(
                    table.lines().any(|line| line.starts_with(&start)),
                    "{path}: {product}"
                );
            }
        }
    }
}
