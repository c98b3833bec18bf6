//! Runs the built command in a clean environment.

use std::{
    fmt,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The clock of every run that does not say otherwise.
pub const NOW: &str = "2026-11-25";

/// What a run left.
#[derive(Debug)]
pub struct Run {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Asserts the exit code; the rest of the run is in the message.
    #[track_caller]
    pub fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = concat!("plimsoll ", env!("CARGO_PKG_VERSION"));
        let text = |text: &str| text.replace(version, "plimsoll VERSION");
        match self.code {
            Some(code) => writeln!(f, "exit: {code}")?,
            None => writeln!(f, "exit: by a signal")?,
        }
        write!(
            f,
            "----- stdout\n{}----- stderr\n{}",
            text(&self.stdout),
            text(&self.stderr)
        )
    }
}

/// The bytes of a file.
pub fn bytes(path: &Path) -> Vec<u8> {
    let mut file = std::fs::File::open(path).expect("there");
    let size = file.metadata().expect("a file").len();
    let mut bytes = vec![0; usize::try_from(size).expect("small")];
    file.read_exact(&mut bytes).expect("readable");
    bytes
}

/// Where the fixtures are.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The command in a folder, with nothing of this machine's environment.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command
        .current_dir(folder)
        .args(args)
        .env_clear()
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null());
    command
}

/// Runs in a folder.
pub fn run_in(folder: &Path, args: &[&str]) -> Run {
    finish(command(folder, args).output().expect("the command starts"))
}

/// Runs among the fixtures.
pub fn run(args: &[&str]) -> Run {
    run_in(&fixtures(), args)
}

/// Runs among the fixtures with something on standard input.
pub fn run_with_stdin(args: &[&str], stdin: &[u8]) -> Run {
    let mut child = command(&fixtures(), args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut pipe = child.stdin.take().expect("it is piped");
    pipe.write_all(stdin).expect("it reads");
    drop(pipe);
    finish(child.wait_with_output().expect("the command ends"))
}

/// What is left of a running command once it got Ctrl-C.
pub fn interrupted(child: std::process::Child) -> Run {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("`kill` is on every Unix").success());
    finish(child.wait_with_output().expect("it ends"))
}

pub fn finish(output: std::process::Output) -> Run {
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

/// A folder of one's own that holds a copy of a fixture.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// An empty one.
    pub fn empty() -> Self {
        Sandbox {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A copy of a folder of the fixtures.
    pub fn of(fixture: &str) -> Self {
        let sandbox = Self::empty();
        copy(&fixtures().join(fixture), sandbox.path());
        sandbox
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, with the folders it needs.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        std::fs::write(path, text).expect("writable");
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        read(&self.path().join(name))
    }

    /// The names of all files in it, in order.
    pub fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("listable") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.path()).expect("it is below");
                    names.push(name.display().to_string());
                }
            }
        }
        names.sort();
        names
    }

    /// Runs in it.
    pub fn run(&self, args: &[&str]) -> Run {
        run_in(self.path(), args)
    }
}

/// Reads a file of the test's own.
pub fn read(path: &Path) -> String {
    let mut text = Vec::new();
    let mut file = std::fs::File::open(path).expect("it is there");
    std::io::copy(&mut file, &mut text).expect("readable");
    String::from_utf8(text).expect("UTF-8")
}

/// Copies all that is in a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("listable") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copyable");
        }
    }
}

/// A small deployment, privileged or not.
pub fn deployment(name: &str, privileged: bool) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\n\
         spec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: \
         {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n        - name: main\n          \
         image: registry.example.com/{name}:1.0\n          securityContext:\n            \
         privileged: {privileged}\n"
    )
}
