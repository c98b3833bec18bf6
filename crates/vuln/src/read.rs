//! Readers of the formats advisories are published in.
