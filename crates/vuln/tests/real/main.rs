//! Everything over data as its publishers have it: readers, the database,
//! matching, statements. The data is not part of the repository: without it the
//! tests say so and pass.

mod data;
mod database;
mod feeds;
mod formats;
mod matching;
mod statements;
