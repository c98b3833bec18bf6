//! A real containerd, where it is on the machine: an image that it has is read
//! from its store as it was put there.
#![cfg(unix)]

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use plimsoll_image::{
    Digest, Limits,
    source::{Blob, Blobs},
};
use plimsoll_model::image::ImageForm;
use plimsoll_registry::{
    Reference,
    containerd::{Store, StoreError},
};
use sha2::{Digest as _, Sha256};

struct Node {
    child: Child,
    folder: tempfile::TempDir,
}

impl Node {
    fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "version = 2\nroot = \"{}\"\nstate = \"{}\"\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = \"{}\"\n",
            at("root"),
            at("state"),
            at("c.sock")
        );
        std::fs::write(at("config.toml"), config).map_err(|error| error.to_string())?;
        // The shell ends it when this test does, however it does.
        let child = Command::new("sh")
            .args(["-c", "containerd --config config.toml <&- & pid=$!; cat >/dev/null; kill $pid; wait $pid"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let node = Node { child, folder };
        let begin = Instant::now();
        while Store::new(&node.socket()).images().is_err() {
            if begin.elapsed() > Duration::from_secs(30) {
                return Err("containerd does not answer in 30 s (it needs to be root)".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(node)
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("c.sock")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn has(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// An OCI layout in a folder, of one image with these layers.
fn layout(folder: &Path, name: &str, layers: &[Vec<u8>]) {
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).expect("made");
    let put = |kind: &str, bytes: &[u8]| {
        let digest = digest(bytes);
        std::fs::write(blobs.join(digest.hex()), bytes).expect("written");
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{}}}"#,
            bytes.len()
        )
    };
    let ids: Vec<String> = layers
        .iter()
        .map(|l| format!("\"{}\"", digest(l)))
        .collect();
    let config = put(
        "config.v1+json",
        format!(
            r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
            ids.join(",")
        )
        .as_bytes(),
    );
    let layers: Vec<String> = layers.iter().map(|l| put("layer.v1.tar", l)).collect();
    let manifest = put(
        "manifest.v1+json",
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{config},"layers":[{}]}}"#,
            layers.join(",")
        )
        .as_bytes(),
    );
    let named = manifest.trim_end_matches('}').to_owned()
        + &format!(r#","annotations":{{"io.containerd.image.name":"{name}"}}}}"#);
    std::fs::write(
        folder.join("index.json"),
        format!(r#"{{"schemaVersion":2,"manifests":[{named}]}}"#),
    )
    .expect("written");
    std::fs::write(
        folder.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .expect("written");
}

#[test]
fn an_image_of_a_node_is_read_from_its_store() {
    if !["containerd", "ctr", "tar"]
        .iter()
        .all(|program| has(program))
    {
        eprintln!("SKIPPED: no containerd on this machine: a package of Debian");
        return;
    }
    let node = match Node::start() {
        Ok(node) => node,
        Err(why) => {
            eprintln!("SKIPPED: {why}");
            return;
        }
    };
    // Larger than a window of HTTP/2 and than one message; and one that is small.
    let layers = [vec![7_u8; 5_000_000], vec![0; 1024]];
    let form = node.folder.path().join("layout");
    layout(&form, "docker.io/library/app:1", &layers);
    let tar = node.folder.path().join("image.tar");
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program)
            .args(args)
            .output()
            .expect("it is there");
        assert!(
            output.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run(
        "tar",
        &[
            "-C",
            &form.display().to_string(),
            "-cf",
            &tar.display().to_string(),
            ".",
        ],
    );
    let socket = node.socket().display().to_string();
    run(
        "ctr",
        &[
            "-a",
            &socket,
            "-n",
            "k8s.io",
            "images",
            "import",
            "--no-unpack",
            &tar.display().to_string(),
        ],
    );
    let store = Store::new(&node.socket());
    let images = store.images().expect("images");
    assert_eq!(images.len(), 1, "{images:?}");
    assert_eq!(images[0].namespace, "k8s.io");
    let reference: Reference = "app:1".parse().expect("a reference");
    let limits = Limits::default();
    let (source, blobs) = store.image(&reference, None, &limits).expect("an image");
    assert_eq!(source.form, ImageForm::Containerd);
    assert_eq!(source.layers.len(), 2);
    for (index, layer) in layers.iter().enumerate() {
        let Blob::Stream(mut reader) = blobs.open(index).expect("a layer") else {
            panic!("a store streams");
        };
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 70_000];
        let mut size = 0;
        loop {
            let count = reader.read(&mut buffer).expect("read");
            if count == 0 {
                break;
            }
            size += count;
            hasher.update(&buffer[..count]);
        }
        assert_eq!(size, layer.len());
        assert_eq!(
            Digest(hasher.finalize().into()),
            source.layers[index].digest
        );
    }
    let other: Reference = "other".parse().expect("a reference");
    let error = store
        .image(&other, None, &limits)
        .map(|_| ())
        .expect_err("not there");
    assert!(matches!(error, StoreError::NoImage { .. }), "{error}");
    assert!(
        error.to_string().contains("docker.io/library/app:1"),
        "{error}"
    );
    // A layer that the node did not keep is a gap with a reason.
    run(
        "ctr",
        &[
            "-a",
            &socket,
            "-n",
            "k8s.io",
            "content",
            "rm",
            &source.layers[1].digest.to_string(),
        ],
    );
    let error = blobs.open(1).map(|_| ()).expect_err("gone").to_string();
    assert!(error.contains("discard_unpacked_layers"), "{error}");
}
