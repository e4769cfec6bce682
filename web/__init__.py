"""HTTP: requests into values, values into answers; one small module per noun, put together by app.py."""
