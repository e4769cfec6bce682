"""The phone: Twilio's webhooks and media sockets, plans, recordings, and the way to Twilio's API."""
