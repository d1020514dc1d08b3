"""What goes over a socket: message structs, strict decoding, encoding once, frames."""
