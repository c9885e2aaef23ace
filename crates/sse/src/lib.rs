//! campanile-sse
