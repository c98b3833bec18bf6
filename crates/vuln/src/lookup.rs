//! What the matcher asks of a database.
