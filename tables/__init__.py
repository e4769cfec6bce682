"""The tables by noun; models.py gathers them."""
