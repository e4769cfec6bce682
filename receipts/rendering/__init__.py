"""Documents as pages: what kind they are, their pages as pictures, and a PDF made of whatever is none."""
