"""Receipts handed over: rows in, files out, one small module per format; knows no database and no clock."""
