//! What is found of operating systems equals what their own tools say.

#[path = "../common/mod.rs"]
mod common;
mod roots;
mod rpm;
