//! One copy of every name that many objects share.

use std::sync::Arc;

use rustc_hash::FxHashSet;

/// Sweeping smaller sets is not worth it.
const SWEEP_FROM: usize = 4096;

/// Strings that are shared. Those that nobody else holds any more are swept out
/// when the set has doubled: a cluster that is watched for months names new pods
/// every minute.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    set: FxHashSet<Arc<str>>,
    swept: usize,
}

impl Strings {
    /// The shared copy of a text.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.set.get(text) {
            return shared.clone();
        }
        if self.set.len() >= SWEEP_FROM.max(self.swept * 2) {
            self.set.retain(|shared| Arc::strong_count(shared) > 1);
            self.swept = self.set.len();
        }
        let shared: Arc<str> = text.into();
        self.set.insert(shared.clone());
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut strings = Strings::default();
        let one = strings.share("app");
        assert!(Arc::ptr_eq(&one, &strings.share("app")));
        assert!(!Arc::ptr_eq(&one, &strings.share("web")));
    }

    #[test]
    fn what_nobody_holds_is_swept_out() {
        let mut strings = Strings::default();
        let kept = strings.share("kept");
        for index in 0..10 * SWEEP_FROM {
            strings.share(&format!("pod-{index}"));
        }
        assert!(strings.set.len() <= SWEEP_FROM + 1, "{}", strings.set.len());
        assert!(Arc::ptr_eq(&kept, &strings.share("kept")));
    }
}
