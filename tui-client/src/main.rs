//! The program `squares`.

fn main() {}
