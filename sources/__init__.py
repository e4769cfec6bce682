"""Where mail comes from: the port MailSource and its adapters."""
