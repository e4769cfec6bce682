"""Queries and transactions, one module per noun; the only rooms besides models that speak SQL."""
