//! Names of images, as container runtimes read them.

use crate::resource::glob_matches;

/// An image name with the registry and the default folder written out, as the
/// container runtimes read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName {
    full: String,
    /// How much of it is the name alone.
    name: usize,
}

impl ImageName {
    /// The full name; none for a text that is no name as it stands, such as an
    /// empty one or one with a variable in it.
    pub fn parse(image: &str) -> Option<Self> {
        let image = image.trim();
        let broken = |c: char| c.is_whitespace() || c.is_control() || "${}<>".contains(c);
        if image.is_empty() || image.starts_with(['/', ':', '@']) || image.contains(broken) {
            return None;
        }
        // Only a first part that looks like a host is one: `shop/web` is a
        // folder of the default registry.
        let (host, rest) = match image.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
                (host.to_ascii_lowercase(), rest)
            }
            _ => ("docker.io".to_owned(), image),
        };
        if rest.is_empty() {
            return None;
        }
        let host = if host == "index.docker.io" {
            "docker.io".to_owned()
        } else {
            host
        };
        let official = host == "docker.io" && !rest.contains('/');
        let rest = if official {
            format!("library/{rest}")
        } else {
            rest.to_owned()
        };
        let path = rest.split('@').next().unwrap_or(&rest);
        let last = path.rfind('/').map_or(0, |slash| slash + 1);
        let bare = path[last..]
            .find(':')
            .map_or(path.len(), |colon| last + colon);
        Some(ImageName {
            name: host.len() + 1 + bare,
            full: format!("{host}/{rest}"),
        })
    }

    /// The full name with tag and digest as they were given.
    #[must_use]
    pub fn full(&self) -> &str {
        &self.full
    }

    /// The full name alone: registry and path.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.full[..self.name]
    }

    /// The digest it asks for, as it is written.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.full[self.name..]
            .split_once('@')
            .map(|(_, digest)| digest)
    }

    /// The tag it asks for; `latest` when it names neither tag nor digest.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        let rest = &self.full[self.name..];
        let tag = rest.split('@').next().unwrap_or_default();
        match tag.strip_prefix(':') {
            Some(tag) => Some(tag),
            None if rest.is_empty() => Some("latest"),
            None => None,
        }
    }

    /// Whether the glob describes the name, with or without tag and digest.
    #[must_use]
    pub fn matches(&self, glob: &str) -> bool {
        glob_matches(glob, &self.full) || glob_matches(glob, &self.full[..self.name])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_out_as_runtimes_read_them() {
        let check = |image: &str, expect: Option<(&str, &str)>| {
            let got = ImageName::parse(image);
            let got = got
                .as_ref()
                .map(|name| (name.full.as_str(), &name.full[..name.name]));
            assert_eq!(got, expect, "{image}");
        };
        check(
            "nginx",
            Some(("docker.io/library/nginx", "docker.io/library/nginx")),
        );
        check(
            "nginx:1.27",
            Some(("docker.io/library/nginx:1.27", "docker.io/library/nginx")),
        );
        check(
            "shop/web:1",
            Some(("docker.io/shop/web:1", "docker.io/shop/web")),
        );
        check(
            "index.docker.io/nginx",
            Some(("docker.io/library/nginx", "docker.io/library/nginx")),
        );
        check("localhost/web", Some(("localhost/web", "localhost/web")));
        check("reg:5000/web:2", Some(("reg:5000/web:2", "reg:5000/web")));
        check(
            "Registry.Example.com/a/b:1@sha256:00",
            Some((
                "registry.example.com/a/b:1@sha256:00",
                "registry.example.com/a/b",
            )),
        );
        check("", None);
        check("$(IMAGE)", None);
        check("{{ .Values.image }}", None);
        check("reg.example.com/", None);
        check("/web", None);
    }

    #[test]
    fn tag_and_digest_are_told_apart() {
        let check = |text: &str, tag: Option<&str>, digest: Option<&str>| {
            let name = ImageName::parse(text).expect("a name");
            assert_eq!((name.tag(), name.digest()), (tag, digest), "{text}");
        };
        check("nginx", Some("latest"), None);
        check("reg:5000/web", Some("latest"), None);
        check("reg:5000/web:2", Some("2"), None);
        check("web:2@sha256:00", Some("2"), Some("sha256:00"));
        check("web@sha256:00", None, Some("sha256:00"));
    }
}
