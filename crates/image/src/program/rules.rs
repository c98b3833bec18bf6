//! Which files may be which program, and what its version looks like in them.
//! The strings are those of the programs' own sources and of real builds.

/// How a program is known.
pub(super) struct Rule {
    /// The classifier's name, shown as evidence.
    pub(super) id: &'static str,
    /// The package's name.
    pub(super) name: &'static str,
    /// CPE vendor and product, the likeliest first.
    pub(super) cpes: &'static [&'static str],
    /// Names of files, with up to two `*`.
    pub(super) files: &'static [&'static str],
    /// What the path holds besides; empty for anything.
    pub(super) under: &'static str,
    /// A regular expression over bytes whose first group is the version. `<v>`
    /// is that group for numbers with dots, `<d>` what a distribution may add,
    /// `<s>` the series that the file's name tells.
    pub(super) pattern: &'static str,
}

const fn rule(
    id: &'static str,
    name: &'static str,
    cpes: &'static [&'static str],
    files: &'static [&'static str],
    pattern: &'static str,
) -> Rule {
    Rule {
        id,
        name,
        cpes,
        files,
        under: "",
        pattern,
    }
}

/// A Go program whose linker was given the version: the value stands alone
/// between zero bytes.
macro_rules! linked {
    ($major:literal) => {
        concat!(
            r"\x00v?(",
            $major,
            r"\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.?[0-9]+)?)<d>\x00"
        )
    };
}

const OPENSSL: &str =
    r"OpenSSL ([0-9]+\.[0-9]+\.[0-9]+[a-z]*(?:-[a-z]+[0-9]*)?) +[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}";
const REDIS: &str =
    r"\x00<v>\x00(?:c11|sync|atomic)-builtin|([0-9]+\.[0-9]+\.[0-9]{1,2}?)[0-9a-z]{12}-[0-9]{19}";

/// Every rule.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // Servers of the web.
    rule("nginx", "nginx", &["f5:nginx", "nginx:nginx"], &["nginx", "nginx-debug"], r"nginx version: nginx/<v>"),
    rule("openresty", "openresty", &["openresty:openresty"], &["nginx", "openresty"], r"nginx version: openresty/<v>"),
    rule("httpd", "httpd", &["apache:http_server"], &["httpd", "apache2"], r"\x00Apache/([0-9]+\.[0-9]+\.[0-9]+)"),
    rule("haproxy", "haproxy", &["haproxy:haproxy"], &["haproxy"], r"version <v><d>, released [0-9]{4}/"),
    rule("lighttpd", "lighttpd", &["lighttpd:lighttpd"], &["lighttpd"], r"lighttpd/<v>"),
    rule("squid", "squid", &["squid-cache:squid"], &["squid"], r"\x00squid/<v>"),
    rule("varnish", "varnish", &["varnish_cache_project:varnish_cache"], &["varnishd"], r"varnish-<v> revision"),
    rule("envoy", "envoy", &["envoyproxy:envoy"], &["envoy"], r"/<v>/(?:Clean|Modified|Distribution)/RELEASE"),
    rule("traefik", "traefik", &["traefik:traefik"], &["traefik"], linked!("[1-3]")),
    // Databases and queues.
    rule("redis", "redis", &["redis:redis", "redislabs:redis"], &["redis-server", "redis-sentinel", "redis-check-*"], REDIS),
    rule("valkey", "valkey", &["lfprojects:valkey"], &["valkey-server", "valkey-sentinel", "valkey-check-*"], REDIS),
    rule("memcached", "memcached", &["memcached:memcached"], &["memcached"], r"memcached <v>"),
    rule("postgresql", "postgresql", &["postgresql:postgresql"], &["postgres", "psql", "initdb", "pg_dump"], r"\(PostgreSQL\) ([0-9]+(?:\.[0-9]+|beta[0-9]+|rc[0-9]+)+)"),
    rule("mysql", "mysql", &["oracle:mysql", "mysql:mysql"], &["mysqld", "mysql"], r"/mysql-(?:server-|community-)*<v>"),
    rule("mariadb", "mariadb", &["mariadb:mariadb"], &["mariadbd", "mariadb", "mysqld", "mysql"], r"\x00<v>-MariaDB"),
    rule("sqlite", "sqlite", &["sqlite:sqlite"], &["libsqlite3.so*", "sqlite3"], r"\x00(3\.[0-9]+\.[0-9]+)\x00"),
    rule("openldap", "openldap", &["openldap:openldap"], &["slapd"], r"OpenLDAP: slapd <v>"),
    rule("mosquitto", "mosquitto", &["eclipse:mosquitto"], &["mosquitto"], r"\x00<v>\x00mosquitto version"),
    rule("rabbitmq", "rabbitmq", &["vmware:rabbitmq", "pivotal_software:rabbitmq"], &["rabbit.app"], r#"\{vsn, *"<v>""#),
    rule("influxdb", "influxdb", &["influxdata:influxdb"], &["influxd"], linked!("[12]")),
    rule("prometheus", "prometheus", &["prometheus:prometheus"], &["prometheus", "promtool"], linked!("[23]")),
    // Languages.
    rule("node", "node", &["nodejs:node.js"], &["node", "nodejs", "libnode.so*"], r"node\.js/v<v>"),
    rule("deno", "deno", &["deno:deno"], &["deno"], r"[^-]Deno/<v>"), rule("bun", "bun", &["oven:bun"], &["bun"], r"Bun/<v>|Bun v<v>"),
    rule("python", "python", &["python:python"], &["python", "python2*", "python3*", "libpython*.so*"], r"[\x00/-](<s>\.[0-9]+(?:(?:a|b|c|rc)[0-9]+)?)\+?\x00"),
    rule("php", "php", &["php:php"], &["php", "php*", "libphp*.so*"], r"X-Powered-By: PHP/<v>"),
    rule("perl", "perl", &["perl:perl"], &["perl", "perl5*", "libperl.so*"], r"(?:\x00v|/)(5\.[0-9]+\.[0-9]+)[\x00/]"),
    rule("ruby", "ruby", &["ruby-lang:ruby"], &["ruby", "ruby2*", "ruby3*", "libruby*.so*"], r"ruby <v>(?:p[0-9]+|rc[0-9]+|preview[0-9]+)? \([0-9]{4}-"),
    rule("lua", "lua", &["lua:lua"], &["lua", "lua5*", "luac*", "liblua*.so*"], r"Lua <v>  Copyright"),
    rule("luajit", "luajit", &["luajit:luajit"], &["luajit*", "libluajit*.so*"], r"LuaJIT <v>"),
    rule("julia", "julia", &["julialang:julia"], &["libjulia*.so*"], r"__init__\x00<v>\x00verify"),
    rule("dart", "dart", &["dart:dart_software_development_kit"], &["dart", "dartaotruntime"], r"<v>(?:-[0-9.]+(?:beta|dev))? \((?:stable|beta|dev)\)"),
    rule("erlang", "erlang", &["erlang:erlang/otp"], &["OTP_VERSION"], r"\A([0-9]+(?:\.[0-9]+)*)\s*\z"),
    rule("erlang-beam", "erlang", &["erlang:erlang/otp"], &["beam.smp", "erlexec"], r"/otp_src_<v>/"),
    rule("java-release", "openjdk", &["oracle:openjdk", "oracle:jdk", "oracle:jre"], &["release"], r#"JAVA_VERSION="([0-9][0-9._]*)""#),
    rule("java-vm", "openjdk", &["oracle:openjdk", "oracle:jdk", "oracle:jre"], &["libjvm.so"], r"Server VM \(([0-9]+(?:\.[0-9]+)*)(?:\+[^)\x00]{1,60})?\)"),
    rule("go-toolchain", "go", &["golang:go"], &["VERSION"], r"\Ago([0-9]+(?:\.[0-9]+)+(?:(?:rc|beta)[0-9]+)?)\b"),
    rule("rust", "rust", &["rust-lang:rust"], &["rustc", "librustc_driver-*.so"], r"([0-9]+\.[0-9]+\.[0-9]+(?:-(?:beta|nightly)[.0-9]*)?) \([0-9a-f]{9} [0-9]{4}-[0-9]{2}-[0-9]{2}\)"),
    // Clusters and containers.
    rule("kubernetes", "kubernetes", &["kubernetes:kubernetes"], &["kubectl", "kubelet", "kubeadm", "kube-*"], linked!("1")),
    rule("helm", "helm", &["helm:helm"], &["helm"], linked!("[2-4]")), rule("containerd", "containerd", &["linuxfoundation:containerd"], &["containerd", "ctr"], linked!("[12]")),
    rule("runc", "runc", &["linuxfoundation:runc"], &["runc"], linked!("1")),
    rule("docker", "docker", &["mobyproject:moby", "docker:docker"], &["dockerd", "docker"], linked!("[12][0-9]")),
    rule("consul", "consul", &["hashicorp:consul"], &["consul"], r"CONSUL_VERSION: <v>"),
    rule("vault", "vault", &["hashicorp:vault"], &["vault"], linked!("1")),
    // Libraries that are often built in place.
    rule("openssl", "openssl", &["openssl:openssl"], &["openssl", "libcrypto*.so*", "libssl*.so*"], OPENSSL),
    rule("libressl", "libressl", &["openbsd:libressl"], &["openssl", "libcrypto*.so*", "libssl*.so*"], r"LibreSSL <v>"),
    rule("gnutls", "gnutls", &["gnu:gnutls"], &["libgnutls.so*"], r"Enabled GnuTLS <v> logging"),
    rule("curl", "curl", &["haxx:curl"], &["curl"], r"curl/<v>"), rule("libcurl", "curl", &["haxx:curl", "haxx:libcurl"], &["libcurl*.so*"], r"libcurl/<v>"),
    rule("zlib", "zlib", &["zlib:zlib"], &["libz.so*"], r"(?:in|de)flate <v> Copyright"),
    rule("expat", "expat", &["libexpat_project:libexpat"], &["libexpat.so*"], r"expat_<v>"),
    rule("libpng", "libpng", &["libpng:libpng"], &["libpng*.so*"], r"libpng version <v>"),
    rule("libpcap", "libpcap", &["tcpdump:libpcap"], &["libpcap.so*"], r"libpcap version <v>"),
    rule("ffmpeg", "ffmpeg", &["ffmpeg:ffmpeg"], &["ffmpeg", "ffprobe", "libavcodec.so*"], r"(?:FFmpeg|%s) version n?<v>"),
    rule("imagemagick", "imagemagick", &["imagemagick:imagemagick"], &["magick", "libMagickCore*.so*"], r"ImageMagick ([0-9]+\.[0-9]+\.[0-9]+-[0-9]+)"),
    rule("glibc", "glibc", &["gnu:glibc"], &["libc.so.6", "libc-2.*.so"], r"GNU C Library \([^)]{1,80}\) (?:stable|development) release version <v>"),
    // Tools and services of a system.
    rule("bash", "bash", &["gnu:bash"], &["bash"], r"@\(#\)Bash version <v>"),
    rule("busybox", "busybox", &["busybox:busybox"], &["busybox*"], r"BusyBox v<v>"),
    rule("git", "git", &["git-scm:git"], &["git"], r"git/([0-9]+\.[0-9]+\.[0-9]+)"), rule("openssh", "openssh", &["openbsd:openssh"], &["sshd", "ssh", "sftp-server", "sshd-session"], r"OpenSSH_([0-9]+\.[0-9]+p[0-9]+)"),
    rule("dropbear", "dropbear", &["dropbear_ssh_project:dropbear_ssh"], &["dropbear*", "dbclient"], r"dropbear_([0-9]{4}\.[0-9]+)"),
    rule("sudo", "sudo", &["sudo_project:sudo"], &["sudoers.so"], r"sudoers ([0-9]+\.[0-9]+\.[0-9]+(?:p[0-9]+)?)"),
    rule("proftpd", "proftpd", &["proftpd:proftpd"], &["proftpd"], r"ProFTPD (1\.[0-9]+\.[0-9]+(?:rc[0-9]+|[a-z])?)"),
    rule("vsftpd", "vsftpd", &["vsftpd_project:vsftpd"], &["vsftpd"], r"vsFTPd <v>"),
    rule("bind", "bind", &["isc:bind"], &["named"], r"BIND (9\.[0-9]+\.[0-9]+)"),
    rule("dnsmasq", "dnsmasq", &["thekelleys:dnsmasq"], &["dnsmasq"], r"dnsmasq-<v>"),
    rule("unbound", "unbound", &["nlnetlabs:unbound"], &["unbound"], r"\x00unbound <v>"),
    rule("postfix", "postfix", &["postfix:postfix"], &["libpostfix-global.so*"], r"mail_version\x00<v>\x00"),
    rule("exim", "exim", &["exim:exim"], &["exim", "exim4"], r"\x00(4\.[0-9]+(?:\.[0-9]+)?)\x00<<eximversion>>"),
    rule("openvpn", "openvpn", &["openvpn:openvpn"], &["openvpn"], r"\x00OpenVPN <v> [a-z0-9_]+-"),
    rule("stunnel", "stunnel", &["stunnel:stunnel"], &["stunnel", "stunnel4"], r"stunnel <v> on "),
    rule("tor", "tor", &["torproject:tor"], &["tor"], r"on Tor <v>"), rule("nmap", "nmap", &["nmap:nmap"], &["nmap"], r"nmap\.org\x00<v>\x00"),
    rule("samba", "samba", &["samba:samba"], &["smbd"], r"SAMBA_<v>"),
    // Applications.
    Rule {
        id: "wordpress",
        name: "wordpress",
        cpes: &["wordpress:wordpress"],
        files: &["version.php"],
        under: "wp-includes/",
        pattern: r"\$wp_version = '<v>",
    },
    Rule {
        id: "drupal",
        name: "drupal",
        cpes: &["drupal:drupal"],
        files: &["Drupal.php"],
        under: "core/lib/",
        pattern: r"const VERSION = '<v>",
    },
];
