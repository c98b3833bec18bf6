//! What an inventory answers, as a whole.
