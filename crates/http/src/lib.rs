//! campanile-http
