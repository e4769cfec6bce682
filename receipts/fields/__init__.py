"""Text with positions in, fields with evidence out."""
