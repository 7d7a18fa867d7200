//! What the program printed, printed once more by the test that ran it.
//!
//! So the output of the test suite holds all of it: a test that fails shows it, and `.ci/run` looks there for every
//! secret that the tests use.

/// Stands before what the program printed.
pub(crate) const MARK: &str = "the program said:";

/// Prints what a program printed on its two outputs.
pub(crate) fn show(out: &[u8], err: &[u8]) {
    for octets in [out, err].into_iter().filter(|octets| !octets.is_empty()) {
        println!("{MARK}\n{}", String::from_utf8_lossy(octets));
    }
}
