"""Writes the sample mailbox: letters, invoices and slips of vendors that do not exist, and the truth about them."""
