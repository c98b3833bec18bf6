//! What to look at first, and why.
