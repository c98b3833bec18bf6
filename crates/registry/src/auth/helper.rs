//! Credential helpers: `docker-credential-NAME get`, the host on its input,
//! JSON on its output
//! (<https://github.com/docker/docker-credential-helpers/blob/master/README.md>).

use std::{
    io::Write,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;

use super::{Credential, CredentialError};

/// How long a helper may take: some ask a service on the network.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a helper's output that are read.
const MOST_OUTPUT: u64 = 64 << 10;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", default)]
    secret: String,
}

/// Asks the helper `name` for the credential of `server`; none when it has none.
///
/// # Errors
/// Its name is none that is run; it does not start, fails, takes longer than
/// `timeout` or answers with something else.
pub fn ask(
    name: &str,
    server: &str,
    timeout: Duration,
) -> Result<Option<Credential>, CredentialError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > 100 || !name.bytes().all(is_name) {
        return Err(CredentialError::HelperName(
            name.chars().take(100).collect(),
        ));
    }
    ask_program(&format!("docker-credential-{name}"), server, timeout)
}

fn ask_program(
    program: &str,
    server: &str,
    timeout: Duration,
) -> Result<Option<Credential>, CredentialError> {
    let program = program.to_owned();
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| CredentialError::HelperStart {
            program: program.clone(),
            message: error.to_string(),
        })?;
    let result = talk(&mut child, server, timeout);
    if result.is_err() {
        // It may have ended by itself; either way it is not left behind.
        let _ = child.kill();
    }
    let _ = child.wait();
    let (ok, output) = result.map_err(|message| CredentialError::Helper {
        program: program.clone(),
        server: server.to_owned(),
        message,
    })?;
    read(ok, &output).map_err(|message| CredentialError::Helper {
        program,
        server: server.to_owned(),
        message,
    })
}

/// Whether it succeeded, and its output.
fn talk(child: &mut Child, server: &str, timeout: Duration) -> Result<(bool, Vec<u8>), String> {
    let end = Instant::now() + timeout;
    if let Some(mut input) = child.stdin.take() {
        // A helper that reads nothing may still answer.
        let _ = input.write_all(server.as_bytes());
    }
    let output = child.stdout.take().ok_or("it has no output")?;
    let (send, receive) = mpsc::channel();
    // Reads on a thread of its own, so that a helper that hangs is left; the
    // thread ends when the helper, killed, closes its output.
    thread::spawn(move || {
        let _ = send.send(plimsoll_image::bounded::read_all(output, MOST_OUTPUT));
    });
    let left = |now: Instant| end.saturating_duration_since(now);
    let output = receive
        .recv_timeout(left(Instant::now()))
        .map_err(|_| format!("no answer in {} s", timeout.as_secs()))?
        .map_err(|error| error.to_string())?;
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => return Ok((status.success(), output)),
            None if left(Instant::now()).is_zero() => {
                return Err(format!("it does not end in {} s", timeout.as_secs()));
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// What the helper's output means.
fn read(ok: bool, output: &[u8]) -> Result<Option<Credential>, String> {
    if !ok {
        let text = String::from_utf8_lossy(output);
        let text = text.trim();
        // The words all helpers use (credentials/error.go of the project).
        if text.contains("credentials not found") {
            return Ok(None);
        }
        if text.is_empty() {
            return Err("it fails and says nothing".to_owned());
        }
        return Err(text.chars().filter(|c| !c.is_control()).take(200).collect());
    }
    let answer: Answer =
        serde_json::from_slice(output).map_err(|_| "its answer is no JSON".to_owned())?;
    Ok(match (answer.username.as_str(), answer.secret) {
        (_, secret) if secret.is_empty() => None,
        ("<token>", secret) => Some(Credential::Identity(secret)),
        (_, password) => Some(Credential::Password {
            username: answer.username,
            password,
        }),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// What a helper that is this shell script gives.
    fn run(script: &str, timeout: Duration) -> Result<Option<Credential>, CredentialError> {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("docker-credential-test");
        // Made by another process: one that this process has open for writing
        // while another test forks can't be run ("text file busy").
        let status = Command::new("sh")
            .args(["-c", "printf '%s' \"$1\" > \"$0\""])
            .arg(&program)
            .arg(format!("#!/bin/sh\n{script}\n"))
            .status()
            .expect("a shell");
        assert!(status.success());
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700))
            .expect("a program");
        ask_program(&program.to_string_lossy(), "r.example.com", timeout)
    }

    #[test]
    fn what_a_helper_says_is_understood() {
        let check = |script: &str, expect: Result<Option<Credential>, &str>| {
            let got = run(script, Duration::from_secs(20)).map_err(|error| error.to_string());
            match (got, expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect, "{script}"),
                (Err(got), Err(expect)) => assert!(got.contains(expect), "{script}: {got}"),
                (got, expect) => panic!("{script}: {got:?}, not {expect:?}"),
            }
        };
        let password = Credential::Password {
            username: "me".to_owned(),
            password: "r.example.com".to_owned(),
        };
        check(
            r#"read -r s; printf '{"ServerURL":"%s","Username":"me","Secret":"%s"}' "$s" "$s""#,
            Ok(Some(password)),
        );
        check(
            r#"echo '{"Username":"<token>","Secret":"abc"}'"#,
            Ok(Some(Credential::Identity("abc".to_owned()))),
        );
        check("echo '{}'", Ok(None));
        check(
            "echo 'credentials not found in native keychain'; exit 1",
            Ok(None),
        );
        check(
            "echo 'keychain is locked'; exit 1",
            Err("keychain is locked"),
        );
        check("exit 3", Err("says nothing"));
        check("echo hello", Err("no JSON"));
        check("head -c 100000 /dev/zero", Err("more than 65536 bytes"));
    }

    #[test]
    fn a_helper_that_hangs_is_left() {
        let begin = Instant::now();
        let error = run("exec sleep 60", Duration::from_millis(200)).expect_err("no answer");
        assert!(error.to_string().contains("no answer"), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn only_a_name_is_run() {
        for name in ["", "../evil", "a b", "a/b", "é"] {
            let error = ask(name, "x", TIMEOUT).expect_err(name);
            assert!(matches!(error, CredentialError::HelperName(_)), "{error}");
        }
        let error = ask("plimsoll-test-not-there", "x", TIMEOUT).expect_err("not installed");
        assert!(
            matches!(error, CredentialError::HelperStart { .. }),
            "{error}"
        );
    }
}
