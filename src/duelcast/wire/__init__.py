"""Messages on the wire: structs, strict decoding, encoding, and frames."""
