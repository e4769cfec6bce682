"""A message's bytes in, readings with evidence out; knows no database, queue or network."""
