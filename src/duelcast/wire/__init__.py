"""Messages on the wire: structs, strict decoding, encoding once, frames."""
