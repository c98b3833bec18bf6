//! The image configuration (OCI image-spec config.md), and the controls over it.
