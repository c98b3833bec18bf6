//! Values made on another thread while the ones before are used: of a large
//! scan, making the findings takes as long as writing them.

use std::sync::mpsc;

/// Values handed over at once: one by one, handing over costs more than making.
const AT_ONCE: usize = 256;
/// Lots that may wait; more would only take memory.
const WAITING: usize = 4;

/// Calls `consume` with the values of `source`, in their order, made ahead.
/// What is not consumed is not made, but for what waits.
pub fn make<T: Send, R>(
    source: impl Iterator<Item = T> + Send,
    consume: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    std::thread::scope(|scope| {
        let (give, take) = mpsc::sync_channel::<Vec<T>>(WAITING);
        scope.spawn(move || {
            let mut source = source;
            loop {
                let lot: Vec<T> = source.by_ref().take(AT_ONCE).collect();
                // Nobody takes any more once writing has failed.
                if lot.is_empty() || give.send(lot).is_err() {
                    return;
                }
            }
        });
        consume(&mut take.into_iter().flatten())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_come_in_order() {
        for count in [0, 1, AT_ONCE, AT_ONCE * 10 + 1] {
            let got: Vec<usize> = make(0..count, |values| values.collect());
            assert_eq!(got, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_has_enough_may_stop() {
        let got: Vec<u64> = make(0.., |values| values.take(3).collect());
        assert_eq!(got, [0, 1, 2]);
    }
}
