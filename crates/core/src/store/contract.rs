//! The contract of the port: every store passes it.
