"""Examples of messages, one file per endpoint. Together they show the evening of `story` at one moment."""
