//! campanile-sqlite
