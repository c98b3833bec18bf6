//! Any bytes as a tar: reading ends, every entry lies within the bytes, and sparse maps are sound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_image::tar::{InPlace, Reader, is_sound};

fuzz_target!(|data: &[u8]| {
    let mut reader = Reader::new(data);
    let mut passed = Reader::new(InPlace::new(&data));
    loop {
        let next = reader.next();
        let told = reader.take_problems();
        assert_eq!(next, passed.next());
        assert_eq!(told, passed.take_problems());
        for problem in &told {
            assert!(!problem.message.is_empty());
        }
        let Ok(Some(entry)) = next else {
            break;
        };
        assert!(entry.header_at < entry.data_at && entry.data_at <= data.len() as u64);
        if let Some(pieces) = &entry.sparse {
            assert!(is_sound(pieces, entry.size, entry.stored));
        }
        let size = reader.left().min(10_000);
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        let _ = reader.data_exact(&mut bytes);
    }
    assert_eq!(reader.next(), Ok(None));
});
