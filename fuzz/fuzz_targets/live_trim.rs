//! What an API server may say of an object: whatever JSON it is, it is a change
//! or refused, and a watched estate takes the change and says something.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_assess::live::{Live, LiveOptions, trim};
use plimsoll_model::Timestamp;

fuzz_target!(|bytes: &[u8]| {
    let Ok(object) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return;
    };
    let mut live = Live::new(LiveOptions {
        cluster: "fuzz".into(),
        now: Timestamp::UNIX_EPOCH,
        history: Default::default(),
    });
    let gone = trim::gone(&object, "fuzz");
    let Ok(change) = trim::seen(object, "fuzz") else {
        return;
    };
    live.apply([change], Timestamp::UNIX_EPOCH);
    let _ = live.assessment();
    if let Ok(gone) = gone {
        live.apply([gone], Timestamp::UNIX_EPOCH);
        assert_eq!(live.objects(), 0);
        assert_eq!(live.pods(), (0, 0));
    }
});
