//! Which vulnerabilities the packages of an image have.
