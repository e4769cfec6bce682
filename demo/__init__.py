"""What development and the demo need and the product does not: the Gmail stand-in and the sample mailbox."""
