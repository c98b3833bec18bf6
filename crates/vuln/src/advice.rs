//! The fewest upgrades that clear what was found.
