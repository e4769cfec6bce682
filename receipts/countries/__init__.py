"""Rules of a country's tax law that change by date, as data, and what they say of a receipt."""
