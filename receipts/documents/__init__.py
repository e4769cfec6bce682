"""One module per kind of document: bytes in, text with positions or exact figures out."""
