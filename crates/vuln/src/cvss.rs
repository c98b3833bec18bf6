//! Scores and levels of CVSS vectors.
