//! Every classifier against what real builds hold; the programs of this
//! machine are compared in `tests/programs.rs`.

use proptest::prelude::*;

use super::*;
use crate::analyzer::testing::{claims, packages, run as analyze};

/// The classifier, a file's path, the bytes around the version, the version.
#[rustfmt::skip]
const SAMPLES: &[(&str, &str, &[u8], &str)] = &[
    ("nginx", "usr/sbin/nginx", b"ion: \"%c\"\0nginx version: nginx/1.22.1\n\0OpenSSL 3.0", "1.22.1"),
    ("openresty", "usr/local/openresty/nginx/sbin/nginx", b"\0nginx version: openresty/1.21.4.2\n\0", "1.21.4.2"),
    ("httpd", "usr/sbin/apache2", b"erver at \0Apache/2.4.71 (Debian)\0ap_logio_a", "2.4.71"),
    ("haproxy", "usr/sbin/haproxy", b"\0 version 2.6.12-1+deb12u4, released 2026/01/02\0", "2.6.12"),
    ("lighttpd", "usr/sbin/lighttpd", b" support\n\0lighttpd/1.4.69\0server\0", "1.4.69"),
    ("squid", "usr/sbin/squid", b"1.0) in '\0squid/5.7\0;\t \0HTTP/\0", "5.7"),
    ("varnish", "usr/sbin/varnishd", b"\0\0varnish-7.1.1 revision 7cee1c581be", "7.1.1"),
    ("envoy", "usr/local/bin/envoy", b"\0b4c2c1/1.27.0/Clean/RELEASE/BoringSSL\0", "1.27.0"),
    ("traefik", "traefik", b"\0\0\x002.10.4\0\0\0", "2.10.4"),
    ("redis", "usr/bin/redis-server", b"start\0err\x007.0.15\0c11-builtin\0shutdown_in_", "7.0.15"),
    ("redis", "usr/local/bin/redis-server", b"\xdfA7.2.33fa9b0c1d2e3-1699000000000000000\0", "7.2.3"),
    ("valkey", "usr/bin/valkey-server", b"\x008.0.1\0atomic-builtin\0", "8.0.1"),
    ("memcached", "usr/bin/memcached", b"md\0listen\0memcached 1.6.18\0udp-port", "1.6.18"),
    ("postgresql", "usr/lib/postgresql/15/bin/postgres", b"postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n\0", "15.20"),
    ("postgresql", "usr/bin/psql", b"\0psql (PostgreSQL) 17beta1\0", "17beta1"),
    ("mysql", "usr/sbin/mysqld", b"/export/home/pb2/build/mysql-8.0.34/sql/mysqld.cc\0", "8.0.34"),
    ("mariadb", "usr/sbin/mariadbd", b"0+deb12u1\x0010.11.19-MariaDB\0x86_64\0", "10.11.19"),
    ("sqlite", "usr/lib/libsqlite3.so.0.8.6", b"\x03\0\0\0\x003.40.1\0\0\x01\0", "3.40.1"),
    ("openldap", "usr/sbin/slapd", b"@(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (Feb  8 2023", "2.5.13"),
    ("mosquitto", "usr/sbin/mosquitto", b"emapping.\x002.0.11\0mosquitto version %s\n", "2.0.11"),
    ("rabbitmq", "usr/lib/rabbitmq/plugins/rabbit/ebin/rabbit.app", b"itMQ\"},\n\t{vsn, \"3.10.8\"},\n\t{id, \"\"},", "3.10.8"),
    ("influxdb", "usr/bin/influxd", b"9.8\0\0\0\x001.6.7~rc0\0\0", "1.6.7"),
    ("prometheus", "usr/bin/prometheus", b"9.8\0\0\0\x002.42.0+ds\0\0", "2.42.0"),
    ("node", "usr/bin/node", b"\n\0/json\0node.js/v20.20.2\0(delegate_)", "20.20.2"),
    ("deno", "usr/bin/deno", b"Exporter-Deno/0.80.0grpc\0denover2.9.6+e518fbdDeno/2.9.6Deno/2.9.6+", "2.9.6"),
    ("bun", "usr/local/bin/bun", b"\0\0Bun/1.4.5\0\0", "1.4.5"),
    ("python", "usr/bin/python3.11", b"lloc_debug\x003.11.2\0strict\0<prefix>/lib", "3.11.2"),
    ("python", "usr/lib/libpython3.13.so.1.0", b"\x003.12.9\0'\x003.13.0rc2\0", "3.13.0rc2"),
    ("python", "usr/local/bin/python3", b"\x003.12\0\x003.12.1+\0", "3.12.1"),
    // The linker lays a string into the end of another.
    ("python", "opt/lib/libpython3.11.so.1.0", b"/opt/versions/3.11.7\0EXEC_PREFIX", "3.11.7"),
    ("php", "usr/bin/php8.2", b"%s,%s\0X-Powered-By: PHP/8.2.36\0ZEND_MM", "8.2.36"),
    ("perl", "usr/bin/perl", b"RAND_SEED\0v5.36.0\0panic: sysconf", "5.36.0"),
    ("perl", "usr/lib/libperl.so.5.36.0", b"share/perl/5.36.0\0/usr/share/perl5\0", "5.36.0"),
    ("ruby", "usr/lib/libruby-3.1.so.3.1.2", b"\0\0ruby 3.1.2p20 (2022-04-12 revision", "3.1.2"),
    ("lua", "usr/bin/lua5.4", b"aVersion: Lua 5.4.4  Copyright (C) 1994-2022", "5.4.4"),
    ("luajit", "usr/bin/luajit", b"\0LuaJIT 2.1.1700008891\0", "2.1.1700008891"),
    ("julia", "usr/lib/libjulia-internal.so.1.9", b"\0__init__\x001.9.3\0verify\0", "1.9.3"),
    ("dart", "usr/lib/dart/bin/dart", b"\x003.2.0 (stable) (Tue Nov 14 18:26:59 2023 +0000)\0", "3.2.0"),
    ("erlang", "usr/lib/erlang/releases/25/OTP_VERSION", b"25.2.3\n", "25.2.3"),
    ("erlang-beam", "usr/lib/erlang/erts-14/bin/beam.smp", b"/usr/src/otp_src_26.1.2/erts\0", "26.1.2"),
    ("java-release", "usr/lib/jvm/java-17/release", b"A=\"x\"\nJAVA_VERSION=\"17.0.21.1\"\nJAVA_VERSION_DATE=", "17.0.21.1"),
    ("java-release", "usr/lib/jvm/java-8/release", b"JAVA_VERSION=\"1.8.0_392\"\n", "1.8.0_392"),
    ("java-vm", "usr/lib/jvm/java-17/lib/server/libjvm.so", b"\0OpenJDK 64-Bit Server VM (17.0.21.1+2-1-deb12u1-Debian) for linux", "17.0.21.1"),
    ("go-toolchain", "usr/local/go/VERSION", b"go1.22.3\ntime 2024-05-01T19:49:00Z\n", "1.22.3"),
    ("rust", "usr/lib/librustc_driver-4c3beb.so", b"\x001.75.0 (82e1608df 2023-12-21)\0", "1.75.0"),
    ("rust", "usr/lib/librustc_driver-b5a965.so", b"\x001.97.0-nightly (e50aa6fba 2026-05-19)\0", "1.97.0-nightly"),
    ("kubernetes", "usr/bin/kubectl", b"\0\0\0archive\0v1.20.2\0?\0", "1.20.2"),
    ("helm", "usr/local/bin/helm", b"\0\0v3.13.2\0\0", "3.13.2"),
    ("containerd", "usr/bin/containerd", b"9.8\0\0\0\x001.6.20~ds1\0\0", "1.6.20"),
    ("runc", "usr/sbin/runc", b"9.8\0\0\0\x001.1.5+ds1\0\0", "1.1.5"),
    ("docker", "usr/bin/dockerd", b"9.8\0\0\0\x0020.10.24+dfsg1\0\0", "20.10.24"),
    ("consul", "bin/consul", b"CONSUL_VERSION: 1.17.0", "1.17.0"),
    ("vault", "bin/vault", b"\0\x001.15.4\0\0", "1.15.4"),
    ("openssl", "usr/lib/libcrypto.so.3", b"@\0OpenSSL 3.0.22 25 Aug 2026\x003.0.22\0not a", "3.0.22"),
    ("openssl", "usr/lib/libssl.so.1.0.0", b"\0OpenSSL 1.0.2k-fips  26 Jan 2017\0", "1.0.2k-fips"),
    ("openssl", "usr/bin/openssl", b"\0OpenSSL 1.1.1w  11 Sep 2023\0", "1.1.1w"),
    ("libressl", "usr/bin/openssl", b"\0LibreSSL 3.8.2\0", "3.8.2"),
    ("gnutls", "usr/lib/libgnutls.so.30.34.3", b"\0Enabled GnuTLS 3.7.9 logging...\n\0", "3.7.9"),
    ("curl", "usr/bin/curl", b"tion/json\0curl/7.88.1\0\0", "7.88.1"),
    ("libcurl", "usr/lib/libcurl.so.4.8.0", b"\0\0/\0libcurl/7.88.1\0zlib/%s\0", "7.88.1"),
    ("zlib", "lib/libz.so.1.2.13", b" deflate 1.2.13 Copyright 1995-2022 Jean", "1.2.13"),
    ("expat", "lib/libexpat.so.1.8.10", b"t started\0expat_2.5.0\0\\0", "2.5.0"),
    ("libpng", "usr/lib/libpng16.so.16.39.0", b"\nlibpng version 1.6.39\nCopyright", "1.6.39"),
    ("libpcap", "usr/lib/libpcap.so.1.10.3", b"\0libpcap version 1.10.3 (with TPACKET_V3)", "1.10.3"),
    ("ffmpeg", "usr/lib/libavcodec.so.59.37.100", b"\0FFmpeg version 5.1.9-0+deb12u1\0", "5.1.9"),
    ("ffmpeg", "usr/bin/ffmpeg", b"%s version 5.1.9-0+deb12u1\0", "5.1.9"),
    ("imagemagick", "usr/lib/libMagickCore-6.Q16.so.6.0.0", b"\0ImageMagick 6.9.11-60 Q16 x86_64 2021-", "6.9.11-60"),
    ("glibc", "lib/libc.so.6", b"GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\nCopyright", "2.36"),
    ("bash", "bin/bash", b"\0@(#)Bash version 5.2.15(1) release GNU\0", "5.2.15"),
    ("busybox", "bin/busybox", b"of memory\0BusyBox v1.35.0 (Debian 1:1.35.0-4", "1.35.0"),
    ("git", "usr/bin/git", b"\xfe\xffgit/2.39.5\0GIT_USER_AGENT\0", "2.39.5"),
    ("openssh", "usr/sbin/sshd", b"OpenSSH_2.*,OpenSSH_3.0*\0OpenSSH_9.2p1 Debian-2+deb12u10\0", "9.2p1"),
    ("dropbear", "usr/sbin/dropbear", b"T\0SSH-2.0-dropbear_2022.83\r\n\0", "2022.83"),
    ("sudo", "usr/libexec/sudo/sudoers.so", b"o\0sudoers 1.9.13p3\0plugin", "1.9.13p3"),
    ("proftpd", "usr/sbin/proftpd", b"n denied\0\0ProFTPD 1.3.8 standalone mode SHUT", "1.3.8"),
    ("vsftpd", "usr/sbin/vsftpd", b"ailable.\0(vsFTPd 3.0.3)\0USER", "3.0.3"),
    ("bind", "usr/sbin/named", b" version: BIND 9.18.49-1~deb12u3-Debian <", "9.18.49"),
    ("dnsmasq", "usr/sbin/dnsmasq", b"masq.conf\0dnsmasq-2.90\0version.bind", "2.90"),
    ("unbound", "usr/sbin/unbound", b"READY=1\0unbound 1.17.1\0start of service", "1.17.1"),
    ("postfix", "usr/lib/postfix/libpostfix-global.so", b"\0mail_version\x003.7.11\0multi_instance", "3.7.11"),
    ("exim", "usr/sbin/exim4", b"mcnumber>>\x004.96\0<<eximversion>>\0", "4.96"),
    ("openvpn", "usr/sbin/openvpn", b"with OpenVPN 2.1, '\0OpenVPN 2.6.3 x86_64-pc-linux-gnu [SSL", "2.6.3"),
    ("stunnel", "usr/bin/stunnel4", b"\0stunnel 5.68 on x86_64-pc-linux-gnu", "5.68"),
    ("tor", "usr/bin/tor", b"Tor 0.1.2.17 and later\0 (on Tor 0.4.9.11 )\0", "0.4.9.11"),
    ("nmap", "usr/bin/nmap", b"//nmap.org\x007.93\0Nmap\0NMAPDIR", "7.93"),
    ("samba", "usr/sbin/smbd", b"end\0SAMBA_4.17.12_DEBIAN_SAMBA4\0", "4.17.12"),
    ("wordpress", "var/www/wp-includes/version.php", b"sion\n */\n$wp_version = '6.1.9';\n", "6.1.9"),
    ("drupal", "var/www/core/lib/Drupal.php", b"  const VERSION = '10.1.6';\n", "10.1.6"),
];

#[test]
fn each_classifier_finds_its_program() {
    for (id, path, bytes, version) in SAMPLES {
        assert!(claims(&PROGRAM, path, bytes), "{path}");
        let sink = analyze(&PROGRAM, path, bytes);
        assert!(sink.problems.is_empty(), "{id}: {:?}", sink.problems);
        let found = packages(&sink);
        let [found] = found[..] else {
            panic!("{id}, {path}: {found:?}");
        };
        assert_eq!(found.how, How::Classifier((*id).to_owned()), "{path}");
        assert_eq!(found.package.version, *version, "{id}, {path}");
        assert!(found.evidence.contains(version), "{id}: {}", found.evidence);
        assert!(found.cpes.iter().all(|cpe| cpe.contains(':')), "{id}");
    }
}

#[test]
fn each_classifier_has_a_sample_and_a_pattern_that_compiles() {
    for rule in RULES {
        assert!(SAMPLES.iter().any(|(id, ..)| *id == rule.id), "{}", rule.id);
        assert!(compile(rule, "3").is_some(), "{}", rule.id);
    }
}

#[test]
fn names_that_only_look_alike_are_let_be() {
    let check = |path: &str, expect| assert_eq!(claims(&PROGRAM, path, b"x"), expect, "{path}");
    check("usr/sbin/nginx", true);
    check("usr/sbin/nginx.conf", false);
    check("usr/lib/libcrypto.so.1.1", true);
    check("usr/lib/libcrypto.a", false);
    check("usr/lib/libpython3.11.so.1.0", true);
    check("src/version.php", false);
    check("srv/wp-includes/version.php", true);
    check("", false);
    let empty = claims(&PROGRAM, "usr/sbin/nginx", b"");
    assert!(!empty);
}

#[test]
fn a_file_of_the_name_that_is_not_the_program_gives_nothing() {
    let sink = analyze(
        &PROGRAM,
        "usr/local/bin/node",
        b"#!/bin/sh\nexec /opt/node \"$@\"\n",
    );
    assert!(sink.found.is_empty() && sink.problems.is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        sample in 0..SAMPLES.len(),
        before in prop::collection::vec(any::<u8>(), 0..50),
        cut in any::<prop::sample::Index>(),
    ) {
        let (_, path, bytes, _) = SAMPLES[sample];
        let bytes = [&before, &bytes[..cut.index(bytes.len())]].concat();
        analyze(&PROGRAM, path, &bytes);
    }
}
