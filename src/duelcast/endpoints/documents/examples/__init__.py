"""Examples of messages, one file per endpoint. Together they tell of ten minutes of contest 2."""
