//! Doors for the fuzz targets to readers that are nobody else's. No interface.

/// Reads the bytes as everything short that a registry, a mirror, a token
/// service or a user's file may say.
pub fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(reference) = text.parse::<crate::Reference>() {
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }
    let _ = crate::auth::challenge::choose(text.lines());
    let _ = crate::http::retry::retry_after(Some(text));
    let _ = crate::client::next_link(text);
    let base = "https://r.example.com:5000/v2/a?b".parse();
    if let Ok(base) = base {
        let _ = crate::http::url::join(&base, text);
    }
}

/// Reads the bytes as a token service's answer and as a configuration file.
pub fn documents(bytes: &[u8]) {
    let _ = crate::auth::token::read(bytes, std::time::Instant::now());
    crate::auth::config::read_any(bytes);
}

/// Reads the bytes as a cached layer.
pub fn entry(bytes: &[u8]) {
    crate::cache::any_entry(bytes);
}

/// Reads the bytes as a stored image and as a chain of layers: as a file, and as
/// what is packed in one.
pub fn stored(bytes: &[u8]) {
    crate::sboms::any_stored(bytes);
    crate::sboms::any_chain(bytes);
    if let Ok(sealed) = crate::packed::pack(crate::sboms::MARK, bytes) {
        crate::sboms::any_stored(&sealed);
    }
    if let Ok(sealed) = crate::packed::pack(crate::sboms::CHAIN, bytes) {
        crate::sboms::any_chain(&sealed);
    }
}

/// Reads the bytes as what containerd answers.
#[cfg(unix)]
pub fn grpc(bytes: &[u8]) {
    crate::containerd::any_answer(bytes);
}
