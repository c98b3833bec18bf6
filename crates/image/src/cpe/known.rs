//! Vendors and products of the National Vulnerability Database whose names
//! differ from the package's.

use plimsoll_model::PackageType;

/// Programs and C libraries, sorted by the name of their (source) package;
/// several lines where the vendor changed over time, today's first.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("apache2", "apache", "http_server"),
    ("apr", "apache", "portable_runtime"),
    ("apr-util", "apache", "apr-util"),
    ("bash", "gnu", "bash"),
    ("bind", "isc", "bind"),
    ("bind9", "isc", "bind"),
    ("binutils", "gnu", "binutils"),
    ("bzip2", "bzip", "bzip2"),
    ("consul", "hashicorp", "consul"),
    ("coreutils", "gnu", "coreutils"),
    ("cpio", "gnu", "cpio"),
    ("cups", "openprinting", "cups"),
    ("curl", "haxx", "curl"),
    ("cyrus-sasl2", "cyrusimap", "cyrus-sasl"),
    ("db5.3", "oracle", "berkeley_db"),
    ("dbus", "freedesktop", "dbus"),
    ("dnsmasq", "thekelleys", "dnsmasq"),
    ("dpkg", "debian", "dpkg"),
    ("e2fsprogs", "e2fsprogs_project", "e2fsprogs"),
    ("elasticsearch", "elastic", "elasticsearch"),
    ("emacs", "gnu", "emacs"),
    ("envoy", "envoyproxy", "envoy"),
    ("erlang", "erlang", "erlang/otp"),
    ("etcd", "etcd", "etcd"),
    ("expat", "libexpat_project", "libexpat"),
    ("ffmpeg", "ffmpeg", "ffmpeg"),
    ("file", "file_project", "file"),
    ("findutils", "gnu", "findutils"),
    ("freetype", "freetype", "freetype"),
    ("gawk", "gnu", "gawk"),
    ("gcc", "gnu", "gcc"),
    ("git", "git-scm", "git"),
    ("glib2.0", "gnome", "glib"),
    ("glibc", "gnu", "glibc"),
    ("gnupg", "gnupg", "gnupg"),
    ("gnupg2", "gnupg", "gnupg"),
    ("gnutls", "gnu", "gnutls"),
    ("gnutls28", "gnu", "gnutls"),
    ("go", "golang", "go"),
    ("golang", "golang", "go"),
    ("grafana", "grafana", "grafana"),
    ("grep", "gnu", "grep"),
    ("gzip", "gnu", "gzip"),
    ("haproxy", "haproxy", "haproxy"),
    ("httpd", "apache", "http_server"),
    ("imagemagick", "imagemagick", "imagemagick"),
    ("jenkins", "jenkins", "jenkins"),
    ("jq", "jqlang", "jq"),
    ("jq", "jq_project", "jq"),
    ("krb5", "mit", "kerberos_5"),
    ("less", "greenwoodsoftware", "less"),
    ("libarchive", "libarchive", "libarchive"),
    ("libgcrypt", "gnupg", "libgcrypt"),
    ("libgcrypt20", "gnupg", "libgcrypt"),
    ("libidn2", "gnu", "libidn2"),
    ("libjpeg-turbo", "libjpeg-turbo", "libjpeg-turbo"),
    ("libpng", "libpng", "libpng"),
    ("libpng1.6", "libpng", "libpng"),
    ("libssh2", "libssh2", "libssh2"),
    ("libtasn1-6", "gnu", "libtasn1"),
    ("libtiff", "libtiff", "libtiff"),
    ("libwebp", "webmproject", "libwebp"),
    ("libxml2", "xmlsoft", "libxml2"),
    ("libxslt", "xmlsoft", "libxslt"),
    ("linux", "linux", "linux_kernel"),
    ("lua5.3", "lua", "lua"),
    ("lz4", "lz4_project", "lz4"),
    ("mariadb", "mariadb", "mariadb"),
    ("memcached", "memcached", "memcached"),
    ("minio", "minio", "minio"),
    ("mongodb", "mongodb", "mongodb"),
    ("musl", "musl-libc", "musl"),
    ("mysql", "oracle", "mysql"),
    ("ncurses", "gnu", "ncurses"),
    ("nettle", "nettle_project", "nettle"),
    ("nghttp2", "nghttp2", "nghttp2"),
    ("nginx", "f5", "nginx"),
    ("nginx", "nginx", "nginx"),
    ("node", "nodejs", "node.js"),
    ("nodejs", "nodejs", "node.js"),
    ("openjdk", "oracle", "openjdk"),
    ("openjdk-11", "oracle", "openjdk"),
    ("openjdk-17", "oracle", "openjdk"),
    ("openjdk-21", "oracle", "openjdk"),
    ("openjdk-8", "oracle", "openjdk"),
    ("openldap", "openldap", "openldap"),
    ("openssh", "openbsd", "openssh"),
    ("openssl", "openssl", "openssl"),
    ("openssl1.1", "openssl", "openssl"),
    ("pam", "linux-pam", "linux-pam"),
    ("patch", "gnu", "patch"),
    ("pcre2", "pcre", "pcre2"),
    ("pcre3", "pcre", "pcre"),
    ("perl", "perl", "perl"),
    ("php", "php", "php"),
    ("php8.2", "php", "php"),
    ("postgres", "postgresql", "postgresql"),
    ("postgresql", "postgresql", "postgresql"),
    ("postgresql-15", "postgresql", "postgresql"),
    ("postgresql-17", "postgresql", "postgresql"),
    ("procps", "procps-ng_project", "procps-ng"),
    ("prometheus", "prometheus", "prometheus"),
    ("python", "python", "python"),
    ("python2.7", "python", "python"),
    ("python3", "python", "python"),
    ("python3.11", "python", "python"),
    ("python3.12", "python", "python"),
    ("python3.13", "python", "python"),
    ("python3.9", "python", "python"),
    ("rabbitmq", "vmware", "rabbitmq"),
    ("redis", "redis", "redis"),
    ("rsync", "samba", "rsync"),
    ("ruby", "ruby-lang", "ruby"),
    ("ruby3.1", "ruby-lang", "ruby"),
    ("rust", "rust-lang", "rust"),
    ("samba", "samba", "samba"),
    ("screen", "gnu", "screen"),
    ("sed", "gnu", "sed"),
    ("shadow", "shadow_project", "shadow"),
    ("sqlite", "sqlite", "sqlite"),
    ("sqlite3", "sqlite", "sqlite"),
    ("sudo", "sudo_project", "sudo"),
    ("systemd", "systemd_project", "systemd"),
    ("tar", "gnu", "tar"),
    ("tiff", "libtiff", "libtiff"),
    ("tomcat", "apache", "tomcat"),
    ("traefik", "traefik", "traefik"),
    ("unzip", "info-zip", "unzip"),
    ("util-linux", "kernel", "util-linux"),
    ("valkey", "lfprojects", "valkey"),
    ("varnish", "varnish_cache_project", "varnish_cache"),
    ("vault", "hashicorp", "vault"),
    ("vim", "vim", "vim"),
    ("wget", "gnu", "wget"),
    ("wordpress", "wordpress", "wordpress"),
    ("xz", "tukaani", "xz"),
    ("xz-utils", "tukaani", "xz"),
    ("zip", "info-zip", "zip"),
    ("zlib", "zlib", "zlib"),
    ("zookeeper", "apache", "zookeeper"),
    ("zstd", "facebook", "zstandard"),
];

/// Libraries of programming languages, sorted by type and name.
const LIBRARIES: &[(PackageType, &str, &str, &str)] = &[
    (PackageType::Composer, "framework", "laravel", "framework"),
    (PackageType::Composer, "symfony", "sensiolabs", "symfony"),
    (PackageType::Gem, "rails", "rubyonrails", "rails"),
    (PackageType::Golang, "/stdlib", "golang", "go"),
    (
        PackageType::Golang,
        "golang.org/x/crypto",
        "golang",
        "crypto",
    ),
    (
        PackageType::Golang,
        "golang.org/x/net",
        "golang",
        "networking",
    ),
    (
        PackageType::Golang,
        "google.golang.org/grpc",
        "grpc",
        "grpc",
    ),
    (
        PackageType::Golang,
        "k8s.io/kubernetes",
        "kubernetes",
        "kubernetes",
    ),
    (
        PackageType::Maven,
        "jackson-databind",
        "fasterxml",
        "jackson-databind",
    ),
    (PackageType::Maven, "log4j", "apache", "log4j"),
    (PackageType::Maven, "log4j-core", "apache", "log4j"),
    (PackageType::Maven, "netty-all", "netty", "netty"),
    (
        PackageType::Maven,
        "spring-core",
        "vmware",
        "spring_framework",
    ),
    (
        PackageType::Maven,
        "spring-webmvc",
        "vmware",
        "spring_framework",
    ),
    (PackageType::Maven, "struts2-core", "apache", "struts"),
    (PackageType::Maven, "tomcat-embed-core", "apache", "tomcat"),
    (PackageType::Npm, "express", "openjsf", "express"),
    (PackageType::Npm, "jquery", "jquery", "jquery"),
    (PackageType::Npm, "npm", "npmjs", "npm"),
    (PackageType::Pypi, "django", "djangoproject", "django"),
    (PackageType::Pypi, "flask", "palletsprojects", "flask"),
    (PackageType::Pypi, "jinja2", "palletsprojects", "jinja"),
    (PackageType::Pypi, "pip", "pypa", "pip"),
    (PackageType::Pypi, "requests", "python", "requests"),
    (PackageType::Pypi, "setuptools", "python", "setuptools"),
    (PackageType::Pypi, "urllib3", "python", "urllib3"),
    (PackageType::Pypi, "werkzeug", "palletsprojects", "werkzeug"),
];

/// Vendors by the beginning of a Maven group.
const MAVEN_GROUPS: &[(&str, &str)] = &[
    ("ch.qos.logback", "qos"),
    ("com.fasterxml", "fasterxml"),
    ("com.google", "google"),
    ("com.h2database", "h2database"),
    ("io.netty", "netty"),
    ("io.quarkus", "quarkus"),
    ("io.undertow", "redhat"),
    ("mysql", "oracle"),
    ("org.apache", "apache"),
    ("org.bouncycastle", "bouncycastle"),
    ("org.eclipse", "eclipse"),
    ("org.hibernate", "hibernate"),
    ("org.jenkins-ci", "jenkins"),
    ("org.keycloak", "redhat"),
    ("org.postgresql", "postgresql"),
    ("org.springframework", "vmware"),
    ("org.yaml", "snakeyaml_project"),
];

/// Vendors and products of a program or C library.
pub(super) fn program(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let from = PROGRAMS.partition_point(|known| known.0 < name);
    let count = PROGRAMS[from..].partition_point(|known| known.0 == name);
    PROGRAMS[from..from + count]
        .iter()
        .map(|known| (known.1, known.2))
}

/// Vendors and products of a library.
pub(super) fn library(
    kind: PackageType,
    name: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    LIBRARIES
        .iter()
        .filter(move |known| known.0 == kind && known.1 == name)
        .map(|known| (known.2, known.3))
}

/// The vendor of what a Maven group publishes, where the group is known.
pub(super) fn maven_vendor(group: &str) -> Option<&'static str> {
    MAVEN_GROUPS
        .iter()
        .find(|(prefix, _)| {
            group
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
        .map(|known| known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(PROGRAMS.is_sorted_by_key(|known| known.0));
        assert!(LIBRARIES.is_sorted());
        assert!(MAVEN_GROUPS.is_sorted());
    }

    #[test]
    fn groups_match_whole_parts() {
        assert_eq!(maven_vendor("org.apache.logging.log4j"), Some("apache"));
        assert_eq!(maven_vendor("org.apacheish"), None);
    }
}
